"""The picture of intervals beside the Bayes errors that they should hold."""

import io
from collections.abc import Sequence

from benchmarks.effort.feasibility_worlds import Coverage


def svg(found: Sequence[Coverage]) -> str:
    """Return the mean interval and estimate of each world, with the truth, as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "effort_feasibility", "svg.fonttype": "none"})
    from matplotlib import pyplot as plt

    mpl.rcParams["axes.labelsize"] = 8
    figure, axes = plt.subplots(figsize=(8, 0.42 * len(found) + 1.2))
    for place, one in enumerate(found):
        color = "#1f6fb2" if one.world.should_hold else "#d55e00"
        axes.plot(
            [one.low, one.high],
            [place, place],
            color=color,
            linewidth=6,
            alpha=0.35,
            solid_capstyle="butt",
        )
        axes.plot(one.estimate, place, "o", color=color, markersize=5)
        axes.plot(one.world.bayes_error, place, "|", color="black", markersize=16)
    axes.set(
        yticks=range(len(found)), yticklabels=[one.world.name for one in found], xlim=(-0.01, 0.6),
        xlabel="Bayes error (share of rows): interval, estimate (dot) and truth (stroke); "
        "orange where the interval is not to hold",
    )  # fmt: skip
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.2)
    figure.tight_layout()
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
