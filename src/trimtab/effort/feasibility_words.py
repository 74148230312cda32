"""The verdict on a target, what it rests on, and where it may be wrong: in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.effort.feasibility_arms import RepresentationCurve
from trimtab.effort.feasibility_needs import LabelNoise
from trimtab.effort.feasibility_table import LabelledTable
from trimtab.stats.label_noise import NoiseSweep

if TYPE_CHECKING:
    from trimtab.effort.feasibility_result import Classifier, Feasibility, Word

FEW_ROWS = 5_000
_MANY_DIMENSIONS, _PESSIMISTIC, _TWINS, _MOST_NAMED = 15, 0.02, 0.05, 5
ASSUMPTIONS = (
    "Rows are independent (or blocks are, where a block is given) and like those to come.",
    "The upper end holds for any data of that kind: a classifier reached it on rows held back.",
    "The lower end is Cover and Hart's bound at infinitely many rows, extrapolated: the nearest "
    "neighbour's error falls by one power law, no slower than one over the dimension allows.",
    "It is about the columns given: another column may lower the error.",
)


def verdict(
    target: float,
    interval: tuple[float, float],
    classifiers: Sequence["Classifier"],
    delta: float,
    *,
    by_noise: bool = False,
) -> tuple["Word", str]:
    """Return the verdict on a target accuracy, and why; `by_noise` if that is the lower end."""
    low, high = interval
    best = min(classifiers, key=lambda one: one.interval.high)
    sure = f"with confidence {1 - delta / 2:g}"
    if high <= 1 - target:
        return "realistic", (
            f"{best.name} has an accuracy of at least {1 - high:.3f} {sure}; "
            f"the target is {target:g}"
        )
    if low > 1 - target:
        return "unrealistic", (
            f"no classifier of these columns and labels has an accuracy above {1 - low:.3f} "
            f"{sure}{', if as many labels are wrong by chance as you say' if by_noise else ''}; "
            f"the target is {target:g}"
        )
    return "not enough data", (
        f"accuracies from {1 - high:.3f} to {1 - low:.3f} are possible; the target of {target:g} "
        "is among them"
    )


def noise_words(found: "Feasibility") -> str:
    """Return where the share of wrong labels is from, and its limits."""
    low, high = found.label_noise_interval
    if found.label_noise_given:
        if found.noise_matrix is None:
            return "as given"
        return f"from {low:.1%} to {high:.1%}, by the chances given for each class"
    words = (
        f"estimated, from {low:.1%} to {high:.1%} if some rows of every class are beyond doubt, "
        f"else from 0 to {high:.1%}"
    )
    if found.confident_noise is not None:
        words += f"; confident learning says {found.confident_noise.estimate:.1%}"
    return words


def count_words(number: int | None) -> str:
    """Return a number of labels or rows, in words where none is enough."""
    return "no number is enough" if number is None else f"{number:,}"


def by_class_words(found: "Feasibility") -> str:
    """Return which labels have to be put right, where it is known and few classes have any."""
    pairs = zip(found.classes, found.clean_by_class or (), strict=False)
    some = sorted((p for p in pairs if p[1]), key=lambda p: -p[1])
    if len(some) == 1:
        return f"; all labelled `{some[0][0]}`"
    shown = [f"{count:,} labelled `{name}`" for name, count in some[:_MOST_NAMED]]
    more = [f"and {len(some) - _MOST_NAMED} more classes"] if len(some) > _MOST_NAMED else []
    return "; about " + ", ".join(shown + more) if shown else ""


def sweep_words(sweep: NoiseSweep) -> str:
    """Return how far off the estimate was when labels were made random, in a sentence."""
    return (
        "over a sweep that makes 0 to 100 % of labels random (FeeBee) the nearest neighbour's "
        f"estimate is on average {sweep.too_high:.3f} above what the Bayes error may be "
        f"(pessimistic) and {sweep.too_low:.3f} below (optimistic)"
    )


def cautions(
    table: LabelledTable,
    curves: Sequence[RepresentationCurve],
    noise: LabelNoise,
    sweep: NoiseSweep,
    word: "Word",
    *,
    twins: float,
) -> list[str]:
    """Return where the answer may be wrong on this data."""
    found = [*_of_rows(table, twins), *_of_dimensions(curves)]
    if not noise.is_given:
        found.append(
            "label noise is estimated: an overestimate where classes overlap even in rows that a "
            "model is surest of, so that cleaning may gain less than is said here; an "
            "underestimate where hard rows are labelled wrong more often than plain ones, or most "
            "labels of a class are wrong"
        )
    if sweep.too_high > _PESSIMISTIC:
        found.append(
            "the nearest neighbour's estimate is pessimistic on this data: by "
            f"{sweep.too_high:.3f} on average over a sweep of label noise"
        )
    if word == "unrealistic":
        found.append(
            "a pattern finer than the distance between neighbouring rows (a checkerboard, a "
            "checksum) looks like chance to neighbours and trees alike: if you know of one, give "
            "it as a column or a representation"
        )
    found += _of_rows_left_out(table)
    if word == "not enough data":
        found.append("near the target neither end is sure: train a model, or bring an embedding")
    return found


def _of_rows(table: LabelledTable, twins: float) -> list[str]:
    """Say where rows are few, or copies of each other."""
    found, n_rows = [], table.labels.size
    if n_rows < FEW_ROWS:
        found.append(
            f"{n_rows:,} rows: under {FEW_ROWS:,} estimates are rough; in published trials with "
            "1,000 rows 7 of 19 were off by more than 0.10"
        )
    if twins > _TWINS and table.blocks is None:
        found.append(
            f"{twins:.0%} of the rows held back have an equal row among the others: where that is "
            "one case twice (copies, a join, oversampling) all errors look too small; take copies "
            "out, or name the case as `block`"
        )
    return found


def _of_dimensions(curves: Sequence[RepresentationCurve]) -> list[str]:
    """Say where neighbours are too far to tell much, or see less than is there."""
    whole = [curve.dimension for curve in curves if curve.keeps_all and curve.followed]
    if not whole:
        return ["no representation keeps all of the rows: the lower end is about these only"]
    if min(whole) <= _MANY_DIMENSIONS:
        return []
    return [
        f"rows have about {min(whole):.0f} dimensions for their neighbours: their error falls "
        "slowly, the lower end says little and the estimate may be well above the truth"
    ]


def _of_rows_left_out(table: LabelledTable) -> list[str]:
    found, n_rows = [], table.labels.size
    if table.n_unlabelled:
        found.append(f"{table.n_unlabelled:,} rows without a label were left out")
    if n_rows + table.n_unlabelled < table.n_source:
        found.append(f"{n_rows:,} of {table.n_source:,} rows were used, at random")
    return found


def assumptions(noise: LabelNoise) -> tuple[str, ...]:
    """Return what the answer rests on."""
    return (*ASSUMPTIONS, _assumed(noise))


def _assumed(noise: LabelNoise) -> str:
    """Return what is taken for granted of wrong labels."""
    if not noise.is_given:
        return (
            "Labels go wrong by their true class, not by row. What cleaning brings takes wrong "
            "labels as even over the classes, put right in random order; the most it may take "
            "holds if some rows of every class are beyond doubt."
        )
    if noise.by_label is None:
        return (
            "Wrong labels are as many as given, by chance and not by row, even over the classes, "
            "and put right in random order."
        )
    return (
        "Labels go wrong by their true class alone, by the chances given, and are put right in "
        "random order."
    )
