"""The answer of `label_model`: labels as probabilities, sources with their accuracies."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray, check_cost
from trimtab.stats.interval import Interval, finite_or_none
from trimtab.stats.label_blocks import rows_assumption
from trimtab.stats.vote_tests import PairTest

Method = Literal["majority", "dawid_skene", "triplet"]
Abstentions = Literal["inform", "ignore"]


@dataclass(frozen=True, slots=True)
class LabelModel:
    """Labels as probabilities, and sources with their accuracies.

    `probabilities` has shape (n_samples, n_classes). Of each source: `accuracies`, the chance
    that a vote is right, with `accuracy_intervals`; `coverage`, `overlap` and `conflict`, shares
    of all rows. `class_balance_intervals` are narrower than they should be below some thousand
    rows: at 300 they were seen to miss up to three times as often as they say. `independence`
    holds what each pair agrees on beyond the model, the least likely pair first. `slices` maps a
    slice to the accuracies there. `warnings` say in words what speaks against the answer,
    `assumptions` what it rests on. `n_blocks` is None where each row stands for itself.
    """

    method: Method
    sources: tuple[str, ...]
    classes: tuple[Any, ...]
    probabilities: FloatArray = field(repr=False)
    accuracies: FloatArray
    accuracy_intervals: tuple[Interval, ...] = field(repr=False)
    class_balance: FloatArray
    class_balance_intervals: tuple[Interval, ...] = field(repr=False)
    coverage: FloatArray = field(repr=False)
    overlap: FloatArray = field(repr=False)
    conflict: FloatArray = field(repr=False)
    independence: tuple[PairTest, ...] = field(repr=False)
    slices: dict[str, tuple[Interval, ...]] = field(repr=False)
    warnings: tuple[str, ...]
    n_blocks: int | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def labels(self) -> IntArray:
        """The likeliest class of each row, the first one of several."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def expected_wrong(self) -> float:
        """Rows whose `labels` are wrong, as many as the probabilities say."""
        return float((1 - self.probabilities.max(axis=1)).sum())

    def in_doubt(self, below: float = 0.9) -> IntArray:
        """Return the rows to ask a person about: likeliest class below a chance, least first."""
        best = self.probabilities.max(axis=1)
        rows = np.flatnonzero(best < below)
        return rows[np.argsort(best[rows], kind="stable")]

    def cost(self, label_cost: float, below: float = 0.9) -> float:
        """Return what the rows `in_doubt` cost at `label_cost` (minutes, or money) a label."""
        check_cost(label_cost)
        return self.in_doubt(below).size * label_cost

    def weighted_labels(self, least: float = 0.0) -> tuple[IntArray, IntArray, FloatArray]:
        """Return rows, classes and weights to train on: each row once for each of its classes.

        Any learner that takes row weights then minimises its expected loss under the
        probabilities. Classes with a chance of `least` or below are left out, and the others
        share the row's weight as they share its chance: each row weighs 1 in all, or is left out
        where no class is likelier than `least`. With `least` 0.9 the rows that are sure are
        left, each with its class and the weight 1. Not for rows that a model is judged on: it
        would be judged by what the sources say.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from trimtab.stats.label_model import fit_label_model
        >>> rng = np.random.default_rng(0)
        >>> truth = rng.integers(2, size=3_000)
        >>> features = rng.normal(size=(3_000, 2)) + 2 * truth[:, None]
        >>> wrong = rng.random((3_000, 4)) < [0.2, 0.25, 0.3, 0.3]
        >>> found = fit_label_model(np.where(wrong, 1 - truth[:, None], truth[:, None]))
        >>> rows, classes, weights = found.weighted_labels()
        >>> model = LogisticRegression().fit(features[rows], classes, sample_weight=weights)
        >>> round(model.score(features, truth), 2)
        0.9
        """
        kept = np.where(self.probabilities > least, self.probabilities, 0.0)
        rows, classes = np.nonzero(kept)
        return rows, classes, kept[rows, classes] / kept.sum(axis=1)[rows]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON, without the probabilities of the rows."""
        named = zip(self.sources, range(len(self.sources)), strict=True)
        return {
            "method": self.method,
            "rows": len(self.probabilities),
            "classes": list(self.classes),
            "expected_wrong": self.expected_wrong,
            "class_balance": [interval.to_dict() for interval in self.class_balance_intervals],
            "sources": [
                {
                    "source": name,
                    "accuracy": finite_or_none(float(self.accuracies[j])),
                    "interval": self.accuracy_intervals[j].to_dict(),
                    "coverage": float(self.coverage[j]),
                    "overlap": float(self.overlap[j]),
                    "conflict": float(self.conflict[j]),
                }
                for name, j in named
            ],
            "independence": [
                {"sources": [self.sources[pair.first], self.sources[pair.second]]} | pair.to_dict()
                for pair in self.independence
            ],
            "slices": {
                key: [interval.to_dict() for interval in found]
                for key, found in self.slices.items()
            },
            "warnings": list(self.warnings),
            "blocks": self.n_blocks,
            "assumptions": list(self.assumptions),
        }


def label_assumptions(
    method: Method, abstentions: Abstentions, *, blocks: bool, n_alone: int = 0
) -> tuple[str, ...]:
    """Return in words what the answer of a method rests on; `n_alone` rows have no block."""
    rows = rows_assumption(blocks=blocks, n_alone=n_alone)
    if method == "majority":
        return ("each vote counts the same", "accuracies are agreement with the majority")
    said = [
        "sources err independently of each other within a class; warnings name those that do not"
    ]
    if method == "triplet":
        said.append("a source is right as often on one class as on the other")
    if method == "triplet" or abstentions == "ignore":
        said.append("whether a source abstains tells nothing of the class")
    return (*said, "most sources are better than chance", rows)
