"""Estimators by name: how each is built, its defaults for so many rows, and what a search tries.

All of them take the float32 matrix of `Encoder` (NaN is missing, the last columns are codes of
text) and give the same model for the same rows, parameters and seed.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trimtab.core.errors import ConfigError, nearest
from trimtab.core.records import TaskKind

# OpenMP reads this when LightGBM or scikit-learn is first imported, which happens below. Threads
# that wait by spinning make a fit ten times slower on a machine that has other work to do.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

Params = dict[str, Any]
_LIGHTGBM_MORE = frozenset(
    ["max_bin", "path_smooth", "extra_trees", "feature_fraction_bynode", "min_data_in_bin",
     "max_delta_step", "cat_smooth", "linear_lambda", "drop_rate", "top_rate", "other_rate"]
)  # fmt: skip
_FILL = -1e9
"""What a missing number becomes for a forest: less than anything, so a split can part it."""


@dataclass(frozen=True, slots=True)
class Range:
    """Values that a search may try for one parameter."""

    low: float
    high: float
    whole: bool = False
    log: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The matrix an estimator will see: so many number columns, then so many code columns."""

    rows: int
    numbers: int
    codes: int

    @property
    def threads(self) -> int:
        """Threads that pay: on a small matrix, waiting for each other costs more than work."""
        return 2 if self.rows * (self.numbers + self.codes) > 200_000 else 1


@dataclass(frozen=True, slots=True)
class Estimator:
    """One way to learn.

    Parameters
    ----------
    name : str
        What `train.estimator` says.
    kinds : tuple of str
        Task kinds it can learn.
    max_levels : int
        So many levels of a text feature are told apart.
    build : callable
        Takes kind, layout, params and seed; returns an unfitted scikit-learn estimator.
    defaults : callable
        Takes the number of training rows; returns every parameter's value.
    space : callable
        Takes the number of training rows; returns the ranges that a search tries.
    """

    name: str
    kinds: tuple[TaskKind, ...]
    max_levels: int
    build: Callable[[TaskKind, Layout, Params, int], Any]
    defaults: Callable[[int], Params]
    space: Callable[[int], dict[str, Range]]

    def params(self, given: Mapping[str, Any], n_rows: int) -> Params:
        """Return the defaults for so many rows with `given` laid over them."""
        return {**self.defaults(n_rows), **given}


def find_estimator(name: str, kind: TaskKind) -> Estimator:
    """Return the estimator called `name` if it can learn tasks of this kind.

    Raises
    ------
    ConfigError
        If there is none of that name, or it cannot.
    """
    if name not in ESTIMATORS:
        raise ConfigError(
            f"no estimator is called `{name}`",
            hint=f"{nearest(name, ESTIMATORS)} Set it as `train.estimator`.",
        )
    estimator = ESTIMATORS[name]
    if kind not in estimator.kinds:
        fits = [other.name for other in ESTIMATORS.values() if kind in other.kinds]
        raise ConfigError(
            f"estimator `{name}` learns {' and '.join(estimator.kinds)} tasks, got a {kind} task",
            hint=f"Set `train.estimator` to one of: {', '.join(sorted(fits))}.",
        )
    return estimator


def _leaf_rows(n_rows: int) -> int:
    """Return how many rows a leaf should hold: one in 100, up to 200; of few rows, one in 20."""
    return max(min(20, max(5, n_rows // 20)), min(200, n_rows // 100))


def _leaf_range(n_rows: int) -> Range:
    return Range(5, max(20, min(1000, n_rows // 20)), whole=True, log=True)


def _lightgbm(kind: TaskKind, layout: Layout, params: Params, seed: int) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    made = LGBMRegressor if kind == "regression" else LGBMClassifier
    fixed = {
        "random_state": seed, "deterministic": True, "force_row_wise": True,
        "n_jobs": layout.threads, "verbose": -1,
    }  # fmt: skip
    # LightGBM itself swallows names that it does not know
    unknown = params.keys() - made().get_params().keys() - _LIGHTGBM_MORE
    if unknown:
        name, allowed = sorted(unknown)[0], [*made().get_params(), *_LIGHTGBM_MORE]
        raise TypeError(f"unexpected parameter {name!r}. {nearest(name, allowed)}")
    return made(**{**fixed, **params})


def _hist_gradient_boosting(kind: TaskKind, layout: Layout, params: Params, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    made = (
        HistGradientBoostingRegressor if kind == "regression" else HistGradientBoostingClassifier
    )
    return made(**{"random_state": seed, "early_stopping": False, **params})


def _random_forest(kind: TaskKind, layout: Layout, params: Params, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    made = RandomForestRegressor if kind == "regression" else RandomForestClassifier
    forest = made(**{"random_state": seed, "n_jobs": layout.threads, **params})
    fill = SimpleImputer(strategy="constant", fill_value=_FILL, keep_empty_features=True)
    return Pipeline([("fill", fill), ("model", forest)])


def _linear(kind: TaskKind, layout: Layout, params: Params, seed: int) -> Any:
    """Return a linear model on scaled numbers and one-hot codes."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = Pipeline([
        ("fill", SimpleImputer(strategy="median", keep_empty_features=True)),
        ("scale", StandardScaler()),
    ])  # fmt: skip
    # -1 is an unknown level and -2 a missing one; both are columns if training saw them
    codes = Pipeline([
        ("fill", SimpleImputer(strategy="constant", fill_value=-2.0, keep_empty_features=True)),
        ("one_hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
    ])  # fmt: skip
    end = layout.numbers + layout.codes
    parts = [
        ("numbers", numbers, list(range(layout.numbers))),
        ("codes", codes, list(range(layout.numbers, end))),
    ]
    model = (
        Ridge(**{"alpha": 1.0, **params})
        if kind == "regression"
        else LogisticRegression(**{"max_iter": 1000, "random_state": seed, **params})
    )
    columns = ColumnTransformer([part for part in parts if part[2]])
    return Pipeline([("columns", columns), ("model", model)])


_CLASSES: tuple[TaskKind, ...] = ("binary", "multiclass")
_ALL: tuple[TaskKind, ...] = (*_CLASSES, "regression")

ESTIMATORS = {
    estimator.name: estimator
    for estimator in (
        Estimator(
            "lightgbm", _ALL, 4096, _lightgbm,
            lambda n: {
                "n_estimators": 150, "learning_rate": 0.05, "num_leaves": 31,
                "min_child_samples": _leaf_rows(n), "colsample_bytree": 0.8,
                "reg_lambda": 1.0,
            },
            lambda n: {
                "learning_rate": Range(0.02, 0.12, log=True),
                "num_leaves": Range(7, 63, whole=True, log=True),
                "min_child_samples": _leaf_range(n),
                "colsample_bytree": Range(0.3, 1.0),
                "reg_lambda": Range(0.01, 50, log=True),
            },
        ),
        Estimator(
            "hist_gradient_boosting", _ALL, 4096, _hist_gradient_boosting,
            lambda n: {
                "max_iter": 150, "learning_rate": 0.06, "max_leaf_nodes": 31,
                "min_samples_leaf": _leaf_rows(n), "l2_regularization": 1.0,
            },
            lambda n: {
                "learning_rate": Range(0.02, 0.15, log=True),
                "max_leaf_nodes": Range(7, 63, whole=True, log=True),
                "min_samples_leaf": _leaf_range(n),
                "l2_regularization": Range(0.01, 50, log=True),
            },
        ),
        Estimator(
            "random_forest", _ALL, 256, _random_forest,
            lambda n: {
                "n_estimators": 100, "max_depth": 14, "min_samples_leaf": _leaf_rows(n),
                "max_features": 0.4,
            },
            lambda n: {
                "max_depth": Range(4, 20, whole=True),
                "min_samples_leaf": _leaf_range(n),
                "max_features": Range(0.1, 1.0),
            },
        ),
        Estimator(
            "logistic", _CLASSES, 50, _linear,
            lambda n: {"C": 1.0},
            lambda n: {"C": Range(0.001, 100, log=True)},
        ),
        Estimator(
            "linear", ("regression",), 50, _linear,
            lambda n: {"alpha": 1.0},
            lambda n: {"alpha": Range(0.001, 1000, log=True)},
        ),
    )
}  # fmt: skip
