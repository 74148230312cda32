"""The sections of `trimtab.toml`, typed. Reading the file is `core/project.py`'s work."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trimtab.core.records import TaskKind

_DURATION = re.compile(r"^(\d+(mo|q|y|w|d|h|m|s))+$")
_WINDOW = re.compile(r"^(all|since drift|last [1-9]\d* (day|week|month|year)s?)$")


def _duration(text: str) -> str:
    if not _DURATION.match(text):
        raise ValueError(f"a duration such as 1d, 2w, 1mo or 90m was expected, got {text!r}")
    return text


def _train_window(text: str) -> str:
    if not _WINDOW.match(text):
        raise ValueError(f"'all', 'last 3 months' or 'since drift' was expected, got {text!r}")
    return text


Duration = Annotated[str, AfterValidator(_duration)]
TrainWindow = Annotated[str, AfterValidator(_train_window)]


class Section(BaseModel):
    """A part of the project file: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectSection(Section):
    """Who this project is, and the seed of everything random in it."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")
    seed: int = 7


class StoreSection(Section):
    """Where state lives; the defaults need no server."""

    root: Path = Path(".trimtab")
    url: str | None = None
    mlflow: str | None = None


class TableSection(Section):
    """A table that is ingested: its source, and what its rows are named and dated by.

    `time` is a column name, a list of columns (year, month, day, hour …), or
    `"row_number"` for a file whose order is the only clock it has.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    source: str | list[str]
    query: str | None = None
    time: str | list[str] | None = None
    key: list[str] = []
    schema_file: Path | None = None
    nulls: list[str] = []


class JoinSection(Section):
    """A table joined to the task's table from the left: at most one row per key."""

    table: str
    on: list[str]
    suffix: str | None = None


class TaskSection(Section):
    """What is predicted: `label` of `table`, asked at `time`, known at `label_time`.

    `label` and `label_time` are a column, an SQL expression over columns, or `py:name` for
    the expression that function `name` of features.py returns. Without `label_time` the
    label is taken to arrive `label_delay` after the question. `after` names the columns that
    are known only after the question was asked; no feature may use them. Rows of one `block`
    of time are not independent, and intervals say so; `"row"` takes every row as independent.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    table: str
    kind: TaskKind
    label: str
    label_time: str | None = None
    label_delay: Duration = "1d"
    block: Duration | Literal["row"] = "1d"
    after: list[str] = []
    slices: list[str] = []
    loss_scale: float | None = Field(default=None, gt=0)


class TrainSection(Section):
    """What the first model learns from, and with which estimator."""

    until: date | datetime
    window: TrainWindow = "all"
    estimator: str = "lightgbm"
    params: dict[str, bool | int | float | str] = {}


class TuneSection(Section):
    """How long the search goes on: until `trials`, or until `patience` trials gained nothing."""

    trials: int = Field(default=20, ge=0)
    patience: int = Field(default=8, ge=1)
    min_gain: float = Field(default=0.0005, ge=0)
    folds: int = Field(default=3, ge=2)
    max_rows: int = Field(default=50_000, ge=100)


class GateSection(Section):
    """The condition a challenger has to meet, and the chance that the gate is wrong.

    A challenger passes when the lower end of the interval of its gain in mean loss over the
    champion is above `min_gain`. The interval misses the truth with probability at most
    `delta` over all `steps` looks at one test set. A challenger fails when the test set could
    have shown a gain of `tolerance` beyond `min_gain` and did not; before that there is not
    enough data. Losses lie in [0, 1].

    `metric` auc, which `auto` takes for a binary task, asks for a gain in the area under the
    ROC curve instead, with `auc_tolerance`, and besides that mean loss is not provably worse
    by more than `tolerance`.
    """

    metric: Literal["auto", "auc", "loss"] = "auto"
    min_gain: float = Field(default=0.0, gt=-1, lt=1)
    tolerance: float = Field(default=0.005, gt=0, lt=1)
    auc_tolerance: float = Field(default=0.02, gt=0, lt=1)
    delta: float = Field(default=0.05, gt=0, lt=1)
    steps: int = Field(default=4, ge=1)
    method: Literal["auto", "hoeffding", "bernstein", "blocks"] = "auto"


class ServeSection(Section):
    """The inference server."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    compile: bool = True
    durable: bool = True


class MonitorSection(Section):
    """How production is watched: window by window, against reference blocks of one kind.

    An alert is raised for what is certain, by `alpha`, and large enough to matter: at least
    `min_effect` spreads of single rows (0.1 of a yes or no asked half the time: 5 points).
    """

    window: Duration = "1mo"
    reference_block: Duration = "1w"
    alpha: float = Field(default=0.01, gt=0, lt=1)
    min_effect: float = Field(default=0.1, ge=0)
    min_rows: int = Field(default=100, ge=1)


class RetrainSection(Section):
    """When a challenger is trained, and on which rows.

    `triggered` retrains when an alert says that the model has moved, or when the labelled rows
    since the champion was trained come to `growth` of those it learned from (0.2: a fifth).
    """

    policy: Literal["never", "scheduled", "triggered"] = "triggered"
    window: TrainWindow = "all"
    growth: float = Field(default=0.2, gt=0)


class AlertSection(Section):
    """Where alerts go; `file` is always written, a webhook or apprise URLs come on top."""

    file: Path = Path("alerts.jsonl")
    webhook: str | None = None
    channels: list[str] = []
    runbook: str = "docs/runbook.md"
