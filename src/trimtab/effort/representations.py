"""Ways to see rows as points, in which the nearest neighbour is looked for.

Each is fitted on rows that are neither neighbours nor queries where it uses labels, and on the
neighbours alone where it does not. Columns become numbers in `representation_columns`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import ConfigError, SchemaError, nearest
from trimtab.effort.representation_columns import ColumnEncoder
from trimtab.stats.arrays import FloatArray, IntArray

BUILT_IN = ("raw", "ranks", "pca", "projection", "leaves", "scores")
_MAX_COMPONENTS, _VARIANCE = 16, 0.9
_SMALL = 20_000_000
_TREES, _LEAVES, _DIRECTIONS = 40, 15, 64
Representations = Sequence[str] | Mapping[str, Any] | None


@dataclass(frozen=True)
class Representation:
    """Rows as points, under a name.

    Attributes
    ----------
    points : ndarray of float, shape (n_rows, n_features)
        One for each row of the table, those in `fitted_on` included.
    keeps_all : bool
        Whether different rows stay different: then no error is added by seeing rows this way.
    fitted_on : ndarray of int
        Rows whose labels it has used: these may be neither neighbours nor queries.
    """

    name: str
    points: FloatArray
    keeps_all: bool
    fitted_on: IntArray


@dataclass(frozen=True)
class Grown:
    """Boosted trees, and all rows as the points that these trees take."""

    trees: Any
    points: FloatArray


@dataclass(frozen=True)
class Parts:
    """Rows of the table by their use: neighbours, queries, and those that labels may be read of.

    `fit` is a part of `train`: what is fitted on its labels has the rest for neighbours.
    """

    train: IntArray
    fit: IntArray
    test: IntArray


def represent(
    frame: pl.DataFrame,
    labels: IntArray,
    parts: Parts,
    *,
    wanted: Representations = None,
    embedder: Callable[[list[str]], Any] | None = None,
    seed: int = 0,
) -> tuple[list[Representation], Grown | None]:
    """See a table in several ways.

    `raw` has standardised numbers, and levels of equal distance from each other; `ranks` has
    numbers by their rank, as normal quantiles, against outliers; `pca` keeps at most 16 principal
    components of `raw`; `projection` has half as many random directions as `raw` has columns, at
    most 16; `leaves` has the leaves of boosted trees that a row falls in and `scores` what these
    trees say, fitted on a part of the rows that is then left out.

    Parameters
    ----------
    frame : polars.DataFrame
        The columns to predict from; lists of numbers are embeddings.
    labels : ndarray of int, shape (n_rows,)
        Classes from 0.
    parts : Parts
        Which rows are for what.
    wanted : sequence of str or mapping, optional
        Names of those above; or one's own by name, beside all of them: an array with a row for
        each row of the table, or a function from the table to one.
    embedder : callable, optional
        From texts to one vector each; words are hashed without it.
    seed : int, default=0
        Of random directions and of the trees.

    Returns
    -------
    representations : list of Representation
        In the order above, then one's own.
    grown : Grown or None
        The trees behind `leaves` and `scores`; None if neither was wanted, there is no column, or
        all rows to fit on are of one class.

    Raises
    ------
    ConfigError
        If there is no representation of a name.
    SchemaError
        If an array has another number of rows, or no representation is left.
    """
    own = dict(wanted) if isinstance(wanted, Mapping) else {}
    names = BUILT_IN if wanted is None or own or isinstance(wanted, Mapping) else tuple(wanted)
    for name in names:
        if name not in BUILT_IN:
            raise ConfigError(
                f"expected a representation that is built in, got {name!r}",
                hint=nearest(name, BUILT_IN),
            )
    made: list[Representation] = []
    grown = None
    if frame.width:
        made, grown = _built_in(frame, labels, parts, names, embedder, seed)
    for name, given in own.items():
        points = given(frame) if callable(given) else given
        made += _brought(name, points, labels.size, keeps_all=not frame.width)
    if not made:
        raise SchemaError(
            "expected a column to predict from, or a representation, got none",
            hint="Give columns beside the label, or `representations={NAME: ARRAY}`.",
        )
    return made, grown


def _built_in(
    frame: pl.DataFrame,
    labels: IntArray,
    parts: Parts,
    names: Sequence[str],
    embedder: Callable[[list[str]], Any] | None,
    seed: int,
) -> tuple[list[Representation], Grown | None]:
    encoder = ColumnEncoder(frame[parts.train], embedder=embedder, seed=seed)
    raw, ranked = encoder.points(frame, ranks="ranks" in names and encoder.n_numbers > 0)
    nothing = np.empty(0, dtype=np.int64)
    made: dict[str, Representation] = {"raw": Representation("raw", raw, True, nothing)}
    width = raw.shape[1]
    if ranked is not None:
        made["ranks"] = Representation("ranks", ranked, True, nothing)
    if width > 3:
        if "pca" in names:
            points = _components(raw, parts.train)
            made["pca"] = Representation("pca", points, points.shape[1] == width, nothing)
        if "projection" in names:
            directions = np.random.default_rng((seed, 21)).normal(
                size=(width, min(_MAX_COMPONENTS, width // 2))
            )
            made["projection"] = Representation("projection", raw @ directions, False, nothing)
    grown = None
    if {"leaves", "scores"} & set(names) and np.unique(labels[parts.fit]).size > 1:
        trees = grow(raw[parts.fit], labels[parts.fit], int(labels.max()) + 1, seed)
        leaves = np.asarray(trees.predict(raw, pred_leaf=True), dtype=np.int64)
        made["leaves"] = Representation("leaves", _hashed(leaves, seed), False, parts.fit)
        scores = np.asarray(trees.predict(raw, raw_score=True), dtype=np.float64)
        scores = scores.reshape(len(raw), -1)
        made["scores"] = Representation("scores", scores, False, parts.fit)
        grown = Grown(trees, raw)
    return [made[name] for name in BUILT_IN if name in names and name in made], grown


def grow(points: FloatArray, labels: IntArray, n_classes: int, seed: int) -> Any:
    """Return boosted trees fitted on points; classes that no row has are never predicted."""
    import lightgbm

    settings = {
        "objective": "multiclass" if n_classes > 2 else "binary",
        "num_leaves": _LEAVES, "learning_rate": 0.1, "seed": seed, "deterministic": True,
        "force_row_wise": True, "verbose": -1, "min_data_in_leaf": 20,
        # threads save little here, and wait for each other where others use the processors too
        "num_threads": 1 if points.size * n_classes < _SMALL else 0,
    }  # fmt: skip
    if n_classes > 2:
        settings["num_class"] = n_classes
    return lightgbm.train(settings, lightgbm.Dataset(points, labels), num_boost_round=_TREES)


def _components(raw: FloatArray, train: IntArray) -> FloatArray:
    centre = raw[train].mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(raw[train] - centre, rowvar=False))
    values, vectors = values[::-1], vectors[:, ::-1]
    share = np.cumsum(values) / values.sum() if values.sum() > 0 else np.ones(values.size)
    kept = min(_MAX_COMPONENTS, int(np.searchsorted(share, _VARIANCE)) + 1)
    made: FloatArray = (raw - centre) @ vectors[:, :kept]
    return made


def _hashed(leaves: IntArray, seed: int) -> FloatArray:
    """Return a point whose squared distances count, on average, the trees that tell rows apart."""
    rng = np.random.default_rng((seed, 22))
    points = np.zeros((len(leaves), _DIRECTIONS))
    for column in leaves.T:
        signs = 2.0 * rng.integers(0, 2, (int(column.max()) + 1, _DIRECTIONS)) - 1
        points += signs[column]
    made: FloatArray = points / np.sqrt(2 * _DIRECTIONS)
    return made


def _brought(name: str, given: Any, n_rows: int, *, keeps_all: bool) -> list[Representation]:
    points = np.asarray(given, dtype=np.float64)
    if points.ndim != 2 or len(points) != n_rows or not np.isfinite(points).all():
        raise SchemaError(
            f"expected {n_rows:,} rows of finite numbers in representation `{name}`, "
            f"got shape {points.shape}",
            hint="Give one row for each row of the table, without NaN.",
        )
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    turned = points / np.where(lengths > 0, lengths, 1)
    nothing = np.empty(0, dtype=np.int64)
    return [
        Representation(name, points, keeps_all, nothing),
        Representation(f"{name} (cosine)", turned, False, nothing),
    ]
