"""What the noise formulas say of people's labels of CIFAR-10 images, whose true label is known.

There are no images here, so no Bayes error either: only how many labels are wrong, which for
which, and what an error under wrong labels says of the error under true ones.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import trimtab as tt
from trimtab.stats.class_noise import clean_error_limits
from trimtab.stats.confident import noise_matrix
from trimtab.stats.label_noise import clean_error, wrong_share_from_repeats

PEOPLE = ["random_label1", "random_label2", "random_label3"]
N_CLASSES = 10


def people(file: Path) -> str:
    """Return two tables: estimates of wrong labels, and errors under true labels."""
    labels = pl.read_parquet(file)
    said = {name: labels[name].to_numpy().astype(np.int64) for name in labels.columns}
    truth = said.pop("clean_label")
    return _shares(labels, said, truth) + _errors(said, truth)


def _shares(labels: pl.DataFrame, said: dict[str, NDArray[Any]], truth: NDArray[Any]) -> str:
    model = tt.label_model(labels.select(PEOPLE), method="dawid_skene")
    text = (
        "\n## People who disagree\n\nThe 50,000 images of CIFAR-10 as labelled by three people "
        "each (CIFAR-10N). *By pairs* solves how often two people differ, averaged over both "
        "pairs; *Dawid and Skene* fits all three; *confident learning* checks a person's labels "
        "against what Dawid and Skene's model makes of the other two. All take people to err "
        "independently. They do not: hard images are hard for all of them, so that each "
        "estimate is too low; the label model says so in its warnings. The last column is the "
        "largest difference between confident learning's chances of a label given the true "
        "class and the measured ones.\n\n"
        "| labels | wrong | by pairs | Dawid and Skene | confident learning | matrix off by |\n"
        "| --- | ---: | ---: | --- | ---: | ---: |\n"
    )
    for number, name in enumerate(PEOPLE):
        others = [one for one in PEOPLE if one != name]
        pairs = np.mean([wrong_share_from_repeats(said[name], said[o], N_CLASSES) for o in others])
        limits = model.accuracy_intervals[number]
        rest = tt.label_model(labels.select(others), method="dawid_skene")
        found = noise_matrix(said[name], rest.probabilities)
        off = np.nanmax(np.abs(found.given_of_true - _measured(said[name], truth)))
        text += (
            f"| {name} | {(said[name] != truth).mean():.4f} | {pairs:.4f} | "
            f"{1 - model.accuracies[number]:.4f} ({1 - limits.high:.4f} to {1 - limits.low:.4f}) "
            f"| {found.noise_rate.estimate:.4f} | {off:.3f} |\n"
        )
    wrong = (model.labels != truth).mean()
    return text + (
        f"\nDawid and Skene's labels are wrong for {wrong:.4f} of the images "
        f"(expected by the model: {model.expected_wrong / truth.size:.4f}); the data set's own "
        f"majority (`aggre_label`) for {(said['aggre_label'] != truth).mean():.4f}. "
        f"Warnings: {len(model.warnings)}.\n"
    )


def _errors(said: dict[str, NDArray[Any]], truth: NDArray[Any]) -> str:
    judge = "random_label1"
    matrix = _measured(said[judge], truth)
    share = float((said[judge] != truth).mean())
    text = (
        f"\n## The error under true labels, from wrong ones\n\nOther labellers taken as "
        f"classifiers, judged by `{judge}`, of which {share:.1%} are wrong, with its noise matrix "
        "given. The limits allow for noise that differs by class, the estimate takes it as even. "
        "Both assume that who is judged errs independently of the judge, given the true class. "
        "That is far from true of `aggre_label` and `worse_label`, which were made from the "
        "judge's label too, and not quite true of other people, for whom the same images are "
        "hard: their error is just above the limits.\n\n"
        "| classifier | error by the judge | estimate | limits | true error |\n"
        "| --- | ---: | ---: | --- | ---: |\n"
    )
    rows = {"the true labels": truth} | {n: x for n, x in said.items() if n != judge}
    for name, predicted in rows.items():
        seen = float((predicted != said[judge]).mean())
        low, high = clean_error_limits(seen, matrix, wrong=(share, share))
        text += (
            f"| {name} | {seen:.4f} | {clean_error(seen, share, N_CLASSES):.4f} | "
            f"{low:.4f} to {high:.4f} | {(predicted != truth).mean():.4f} |\n"
        )
    return text


def _measured(given: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    counts = np.zeros((N_CLASSES, N_CLASSES))
    np.add.at(counts, (truth, given), 1)
    made: NDArray[Any] = counts / counts.sum(axis=1, keepdims=True)
    return made
