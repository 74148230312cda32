"""The plot of `benchmarks.gates.reuse`, as SVG text."""

import io
from collections.abc import Mapping
from typing import Any

_STYLES = {
    "naive reused holdout": ("#b3261e", "-"),
    "Thresholdout": ("#b26a00", "-"),
    "Ladder": ("#7b4ea3", "-"),
    "gate, full": ("#0b6e4f", "-"),
    "gate, first_change": ("#0b6e4f", "--"),
    "gate, none": ("#0b6e4f", ":"),
}


def svg(found: Mapping[str, Any]) -> str:
    """Return two panels: rates by number of looks at each rule's own bar, and by bar.

    Parameters
    ----------
    found : mapping
        What `benchmarks.gates.reuse.measure` returns.
    """
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "gates_reuse", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot as plt

    steps = found["looks"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for name, (color, line) in _STYLES.items():
        style = {"color": color, "linestyle": line, "label": name, "marker": "o", "markersize": 3}
        left.plot(steps, found["by_looks"][name], **style)
        right.plot([0.5 + w for w in found["widths"]], found["by_bar"][name], **style)
    for axes in (left, right):
        axes.axhline(0.05, color="#888888", linewidth=0.8)
        axes.grid(alpha=0.2)
    left.set(
        xscale="log", xticks=steps, xticklabels=steps, xlabel="looks",
        ylabel="histories with a false promotion", title="each rule at its own bar",
    )  # fmt: skip
    left.minorticks_off()
    right.set(xlabel="promoted above", title=f"after {steps[-1]} looks, by bar")
    right.axvline(found["bars"]["full"], color="#0b6e4f", linewidth=0.8)
    right.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    # Trailing blanks are the one thing in it that pre-commit would change.
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
