"""Which model versions answer, and whether rows fit them: the champion and its shadow.

The champion is the version in production; its answer is the answer. The shadow is the version in
staging; what it would have said is logged beside it and can break nothing.
"""

import logging
import threading
from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError, nearest
from trimtab.core.records import ModelVersion
from trimtab.models.loaded import LoadedModel
from trimtab.models.registry import Registry
from trimtab.serving.batches import Predictions
from trimtab.serving.protocol import UnavailableError
from trimtab.serving.tensors import cast, datatype

logger = logging.getLogger("trimtab.serving")


@dataclass(frozen=True, slots=True)
class Arms:
    """The versions that answer at one moment; replaced as a whole, never changed."""

    champion: LoadedModel | None = None
    shadow: LoadedModel | None = None


class Predictor:
    """The models that answer for a scope.

    Parameters
    ----------
    registry : Registry
        Where versions and their stages come from.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._loading = threading.Lock()
        self.arms = Arms()
        self.reload()

    @property
    def name(self) -> str:
        """Name of the model in the registry."""
        return self._registry.name

    def reload(self) -> Arms:
        """Load what is in production and in staging now, and answer with it from then on.

        Requests under way end with the versions they began with. If production cannot be
        loaded the error is raised and everything stays as it was; a shadow that cannot be
        loaded is left out, with a line in the log.
        """
        with self._loading:
            production = self._registry.current("production")
            champion = None if production is None else self._registry.load(production)
            self.arms = Arms(champion, self._load_shadow(self._registry.current("staging")))
            return self.arms

    def versions(self) -> list[ModelVersion]:
        """Return all registered versions."""
        with self._loading:
            return self._registry.versions()

    def champion(self, arms: Arms | None = None) -> LoadedModel:
        """Return the champion.

        Raises
        ------
        UnavailableError
            If no version is in production.
        """
        champion = (arms or self.arms).champion
        if champion is None:
            raise UnavailableError(
                f"expected a version of `{self.name}` in production, found none",
                hint="Promote one with `trimtab model move`, or train one with `trimtab run`.",
            )
        return champion

    def predict(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Predictions]]:
        """Return the rows as they will be logged, and what each arm says about them.

        Raises
        ------
        UnavailableError
            If no version is in production.
        SchemaError
            If a column that the champion needs is missing, or a value does not fit it.
        """
        arms = self.arms
        champion = self.champion(arms)
        rows = fitted_to(champion, rows)
        said = {"champion": _predictions(champion, rows)}
        if arms.shadow is not None:
            said["shadow"] = _shadow_predictions(arms.shadow, rows)
        return rows, said

    def _load_shadow(self, version: ModelVersion | None) -> LoadedModel | None:
        if version is None:
            return None
        try:
            return self._registry.load(version)
        except Exception:  # whatever is wrong with a shadow, the champion answers
            logger.exception("the shadow %s cannot be loaded; it is left out", version.label)
            return None


def fitted_to(model: LoadedModel, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose columns have the types that the model was trained with.

    Columns that the model does not read stay as they are.
    """
    sent = rows.schema
    for name in model.inputs:
        if name not in sent:
            raise SchemaError(
                f"expected a column `{name}` for {model.version.label}, found none",
                hint=nearest(name, (column for column in sent if not column.startswith("_")))
                + f" Send `{name}` as {datatype(model.inputs[name])}.",
                column=name,
            )
    kinds = {**sent, **model.inputs}
    return pl.DataFrame([cast(column, kinds[column.name]) for column in rows.iter_columns()])


def _predictions(model: LoadedModel, rows: pl.DataFrame) -> Predictions:
    scores = np.asarray(model.predict(rows), dtype=np.float64)
    return Predictions(model.version.version, scores)


def _shadow_predictions(model: LoadedModel, rows: pl.DataFrame) -> Predictions:
    try:
        return _predictions(model, fitted_to(model, rows))
    except Exception as error:  # noqa: BLE001 - the champion's answer must not suffer
        message = f"{type(error).__name__}: {error}".split("\n", 1)[0]
        return Predictions(model.version.version, None, message)
