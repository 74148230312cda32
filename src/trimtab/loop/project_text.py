"""The files of a new project as text; what they say is decided in `scaffold.py`."""

import json
from datetime import datetime

from trimtab.loop.draft import LATER_SUFFIX, Draft
from trimtab.loop.inspect_table import Clock


def settings_text(draft: Draft) -> str:
    """Return `trimtab.toml`."""
    plan, sources = draft.plan, list(draft.sources)
    lines = [
        f"# Predicts `{draft.label_column}`. Made by `trimtab init`; it is yours to edit.",
        "",
        "[project]",
        f"name = {_quoted(draft.name)}",
        "seed = 7",
        "",
        "[[tables]]",
        f"name = {_quoted(draft.table)}",
        f"source = {_quoted(sources[0] if len(sources) == 1 else sources)}",
        f"time = {_quoted(draft.clock)}" + _clock_comment(draft.clock),
        f"key = {_quoted(list(draft.key))}",
        f'schema_file = "schema/{draft.table}.toml"',
    ]
    if draft.labels is not None:
        lines += [
            "",
            "[[tables]]  # labels that came later",
            f"name = {_quoted(draft.labels.name)}",
            f"source = {_quoted(draft.labels.source)}",
            f"key = {_quoted(list(draft.labels.key))}",
            f'schema_file = "schema/{draft.labels.name}.toml"',
            "",
            "[[joins]]",
            f"table = {_quoted(draft.labels.name)}",
            f"on = {_quoted(list(draft.labels.key))}",
            f"suffix = {_quoted(LATER_SUFFIX)}",
        ]
    lines += ["", *_task_lines(draft), "", "[train]"]
    lines += [
        f"until = {_moment(plan.until)}",
        f"estimator = {_quoted(draft.estimator)}",
        "",
        "[tune]",
        "trials = 10",
        "",
        "[gate]",
        "min_gain = 0.0  # in units of the loss, which lies in [0, 1]",
        "delta = 0.05",
        "",
        "[monitor]",
        f"window = {_quoted(plan.window)}",
        f"reference_block = {_quoted(plan.reference_block)}",
        f"min_rows = {plan.min_rows}",
        "",
        "[retrain]",
        'policy = "triggered"  # or "never", "scheduled"',
        'window = "all"  # or "last 3 months", "since drift"',
    ]
    return "\n".join(lines) + "\n"


def _task_lines(draft: Draft) -> list[str]:
    plan = draft.plan
    label = draft.label_column if draft.label_code is None else "py:label"
    lines = [
        "[task]",
        f"name = {_quoted(draft.task)}",
        f"table = {_quoted(draft.table)}",
        f"kind = {_quoted(draft.label.kind)}",
        f"label = {_quoted(label)}",
    ]
    if draft.label_time is not None:
        timed = draft.label_time if draft.label_time_code is None else "py:label_time"
        lines.append(f"label_time = {_quoted(timed)}")
    lines += [
        f"label_delay = {_quoted(plan.label_delay)}  # from question to label",
        f"block = {_quoted(plan.block)}  # rows of one block are not independent",
        "after = [  # known only after the question was asked",
        *(f"    {_quoted(column.name)},  # {column.why}" for column in draft.after),
        *_later(draft),
        "]",
        f"slices = {_quoted(list(draft.slices))}",
    ]
    if draft.loss_scale is not None:
        lines.append(f"loss_scale = {draft.loss_scale!r}  # errors beyond this count as 1")
    return lines


def _later(draft: Draft) -> list[str]:
    shared = draft.labels.shared if draft.labels is not None else ()
    return [f"    {_quoted(name + LATER_SUFFIX)},  # from the labels file" for name in shared]


def features_text(draft: Draft) -> str:
    """Return `features.py`."""
    lines = [
        f'"""What a row of `{draft.table}` tells when `{draft.label_column}` is asked for.',
        "",
        "A feature is a named Polars expression over the columns of one row. The same expressions",
        "are computed in training and in the server.",
        '"""',
        "",
        "import polars as pl",
        "",
        "",
        "def features() -> dict[str, pl.Expr]:",
        '    """Return the features by name."""',
        "    return {",
    ]
    warned = {text.split("`")[1]: text for text in draft.warnings if text.endswith("review it")}
    for column in draft.columns:
        if not column.features:
            lines.append(f"        # left out: {json.dumps(column.name)}: {_one_line(column.why)}")
        if column.name in warned:
            lines.append(f"        # review: {_one_line(warned[column.name])}")
        for name, code in column.features.items():
            lines.append(f"        {json.dumps(name)}: {code},")
    lines.append("    }")
    if draft.label_code is not None:
        lines += _function("label", "what turned out true", draft.label_code)
    if draft.label_time_code is not None:
        lines += _function("label_time", "when the label became known", draft.label_time_code)
    return "\n".join(lines) + "\n"


def _function(name: str, what: str, code: str) -> list[str]:
    return ["", "", f"def {name}() -> pl.Expr:", f'    """Return {what}."""', f"    return {code}"]


def readme_text(draft: Draft) -> str:
    """Return the project's README."""
    plan = draft.plan
    left_out = [f"- `{c.name}`: {_one_line(c.why)}" for c in draft.columns if not c.features]
    points = [f"- {_one_line(text)}" for text in (*draft.notes, *draft.warnings)]
    return f"""# {draft.name}

Predicts `{draft.label_column}` ({draft.label.kind}) from {draft.rows:,} rows of
`{draft.table}`, {draft.labelled:,} of them labelled. Made by `trimtab init`.

    trimtab run          # ingest, check, train, review, deploy
    trimtab replay       # play the rows after {plan.until:%Y-%m-%d %H:%M} as production traffic
    trimtab up           # serve the model, and the page that watches it

The first model learns from the {plan.train_rows:,} rows before {plan.until:%Y-%m-%d %H:%M} (UTC).
Production is watched in {plan.windows} windows of {plan.window}, and a label is taken to be known
{plan.label_delay} after its question unless a column says when.

- `trimtab.toml` says what is predicted, how it is watched, and when it is retrained.
- `features.py` says how columns become features.
- `schema/` says what the columns should hold. It was only observed: review it.
- `.trimtab/` holds tables, models and logs; git ignores it.

## What was decided, and what to look at

{chr(10).join(points)}

Columns that make no feature:

{chr(10).join(left_out) or "- none"}
"""


def ignore_text() -> str:
    """Return `.gitignore`."""
    return ".trimtab/\n__pycache__/\n"


def _clock_comment(clock: Clock) -> str:
    return "  # the order of the rows is the clock" if clock == "row_number" else ""


def _moment(time: datetime) -> str:
    midnight = (time.hour, time.minute, time.second, time.microsecond) == (0, 0, 0, 0)
    return f"{time:%Y-%m-%d}" if midnight else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _quoted(value: object) -> str:
    """Return a value as TOML and Python both write it."""
    return json.dumps(value, ensure_ascii=False)
