"""The label model on tables of votes, and its labels as rows that a learner can be trained on."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.data.sources import collect, read_source, source_name
from trimtab.effort.label_answers import ShownLabelModel
from trimtab.effort.vote_tables import listed, read_votes
from trimtab.stats.label_answer import Abstentions, LabelModel, Method
from trimtab.stats.label_model import fit_label_model


def label_model(
    votes: Any,
    *,
    method: Method = "dawid_skene",
    class_balance: Mapping[Any, float] | Sequence[float] | None = None,
    abstentions: Abstentions = "inform",
    slices: Any = None,
    block: Any = None,
    sources: Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    abstain: Any = -1,
    delta: float = 0.05,
) -> LabelModel:
    """Combine the votes of several sources into labels, and tell how good each source is.

    No true label is needed, but sources that err independently are; that is tested. Read at
    `trimtab.stats.label_model.fit_label_model` what each method assumes, where it is a poor
    choice, and what its limits promise.

    Parameters
    ----------
    votes : path-like, str, data frame, array_like or VoteTable
        A column a source, a row a row. Null and NaN are abstentions.
    method : {"majority", "dawid_skene", "triplet"}, default="dawid_skene"
        How votes are combined.
    class_balance : mapping of class to float, or sequence of float, optional
        Known share of each class; estimated if left out.
    abstentions : {"inform", "ignore"}, default="inform"
        Whether abstaining may depend on the class.
    slices : sequence, optional
        A key a row: accuracies are estimated in each slice as well.
    block : sequence, optional
        A key a row: rows of one user, day or video may depend on each other, and limits and
        tests allow for it. They need 40 blocks or more. Rows without one stand for themselves.
    sources : sequence of str, optional
        The columns that vote; all if left out.
    classes : sequence, optional
        All classes; those that are said if left out.
    abstain : object, default=-1
        The value that stands for an abstention besides null.
    delta : float, default=0.05
        Chance that limits miss an accuracy, and that a warning of dependence is false.

    Returns
    -------
    LabelModel
        `.probabilities`, `.accuracies`, `.warnings` and more.

    Raises
    ------
    SchemaError
        If the votes cannot be read.
    ValueError
        If another argument does not fit.

    Examples
    --------
    >>> import polars as pl
    >>> asked = {"ann": ["a", "b", "b"], "bob": ["a", "b", "a"], "cay": ["a", None, "b"]}
    >>> found = label_model(pl.DataFrame(asked), method="majority")
    >>> found.classes, found.probabilities.round(2).tolist()
    (('a', 'b'), [[1.0, 0.0], [0.0, 1.0], [0.33, 0.67]])
    """
    table = read_votes(votes, sources=sources, classes=classes, abstain=abstain)
    shares = class_balance
    if isinstance(shares, Mapping):
        if set(shares) != set(table.classes):
            raise ValueError(
                f"expected a share of each class, {listed(table.classes)}, "
                f"got {listed(tuple(shares))}"
            )
        shares = [shares[name] for name in table.classes]
    found = fit_label_model(
        table.codes,
        method=method,
        class_balance=shares,
        abstentions=abstentions,
        slices=slices,
        block=block,
        sources=table.sources,
        classes=table.classes,
        delta=delta,
    )
    return ShownLabelModel.of(found)


def weighted_rows(
    data: Any, found: LabelModel, *, least: float = 0.0, label: str = "label"
) -> pl.DataFrame:
    """Return a table to train on: each row once for each of its classes, with the chance of it.

    Any learner that takes row weights then minimises its expected loss under the probabilities.
    Rows on which no source votes carry the class balance and teach nothing: leave them out
    before. Not for rows that a model is judged on.

    Parameters
    ----------
    data : path-like, str or data frame
        The rows that were voted on, in the same order.
    found : LabelModel
        What `label_model` returned.
    least : float, default=0
        Classes with a chance of this or below are left out, and the others share the row's
        weight: each row weighs 1 in all, or is left out where no class is likelier than this.
    label : str, default="label"
        What the column of classes is called; `weight` follows it.

    Returns
    -------
    polars.DataFrame
        The columns of `data`, then the class and its weight.

    Raises
    ------
    SchemaError
        If there is not one row a row of votes, or a column is called as one of the new ones.

    Examples
    --------
    >>> found = label_model([[0, 1, 0], [1, 1, 1]], method="majority")
    >>> weighted_rows(pl.DataFrame({"x": [0.5, 2.0]}), found).rows()
    [(0.5, 0, 0.666...), (0.5, 1, 0.333...), (2.0, 1, 1.0)]
    """
    if label == "weight" or not 0 <= least < 1:
        raise ValueError(
            "expected `label` other than 'weight' and `least` of 0 or more and below 1, got "
            f"{label!r} and {least}"
        )
    frame = collect(read_source(data), source_name(data))
    rows, classes, weights = found.weighted_labels(least)
    if frame.height != len(found.probabilities):
        raise SchemaError(
            f"expected {len(found.probabilities):,} rows, one a row of votes, got "
            f"{frame.height:,} in {source_name(data)}",
            hint="Give the table that was voted on, with its rows in the same order.",
        )
    twins = [name for name in (label, "weight") if name in frame.columns]
    if twins:
        raise SchemaError(
            f"expected a table without a column `{twins[0]}`, found one in {source_name(data)}",
            hint="Drop or rename it: the labels and weights of the votes take its place.",
        )
    named = pl.Series(label, [found.classes[code] for code in classes.tolist()])
    return frame[rows].with_columns(named, pl.Series("weight", weights))
