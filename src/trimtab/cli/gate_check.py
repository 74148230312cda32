"""`trimtab gate check` and `trimtab gate label-next`: their options, and who answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from trimtab.cli.gate_condition import Look, Promise, check_condition, next_labels
from trimtab.cli.gate_files import Columns
from trimtab.cli.gate_gain import GainQuestion, check_gain
from trimtab.cli.gate_plan import gain_settings
from trimtab.cli.gate_rows import GateSources
from trimtab.cli.output import AsJson, emit

New = Annotated[
    str, typer.Option(help="Challenger's predictions: a file with an id, or v5 with --project.")
]
Old = Annotated[str | None, typer.Option(help="Champion's predictions: a file, or v3.")]
Labels = Annotated[
    str, typer.Option(help="All rows of the test set: ids, labels as far as known, slices.")
]
Baseline = Annotated[
    str | None, typer.Option(help="Predictions of `baseline`; else the best constant answer.")
]
Key = Annotated[str, typer.Option("--id", help="Column that joins the files.")]
Prediction = Annotated[str, typer.Option(help="Column of predicted classes or numbers.")]
Score = Annotated[str, typer.Option(help="Column of probabilities of the label being 1.")]
Label = Annotated[str, typer.Option(help="Column of the label.")]
ConditionText = Annotated[
    str | None, typer.Option(help='What must hold, such as "n - o > 0.02 +/- 0.01".')
]
CiFile = Annotated[
    Path | None, typer.Option(help="An ease.ml/ci file: condition and promise from its `ml:`.")
]
CasesFiles = Annotated[
    list[str] | None, typer.Option(help="Unit cases as NAME=FILE; may be repeated.")
]
Costs = Annotated[str | None, typer.Option(help="Cost matrix: a table of truth, predicted, cost.")]
Reliability = Annotated[
    str | None, typer.Option(help="Chance that no look is wrong; 0.9999 if not said.")
]
Steps = Annotated[
    int | None, typer.Option(help="Looks at one test set: 32 with a condition, else 4.")
]
Adaptivity = Annotated[
    str | None, typer.Option(help="What developers are told: full, none or first_change.")
]
Mode = Annotated[
    str | None, typer.Option(help="fp_free: what is unknown fails. fn_free: it passes.")
]
Method = Annotated[
    str,
    typer.Option(
        help="Condition: auto, hoeffding, bennett, exact or sequential. Else: auto, blocks, "
        "bernstein or hoeffding."
    ),
]
Disagreement = Annotated[
    str | None, typer.Option(help="Share of rows on which the models differ at most, if known.")
]
ProjectAt = Annotated[
    Path | None, typer.Option("--project", "-p", help="Its ledger counts the look.")
]


def check(
    new: New,
    labels: Labels,
    old: Old = None,
    condition: ConditionText = None,
    ci_file: CiFile = None,
    baseline: Baseline = None,
    cases: CasesFiles = None,
    costs: Costs = None,
    reliability: Reliability = None,
    steps: Steps = None,
    adaptivity: Adaptivity = None,
    mode: Mode = None,
    method: Method = "auto",
    disagreement: Disagreement = None,
    key: Key = "id",
    prediction: Prediction = "prediction",
    score: Score = "score",
    label: Label = "label",
    ledger: Annotated[
        str | None, typer.Option(help="File or URL of the ledger that counts the look.")
    ] = None,
    project: ProjectAt = None,
    commit: Annotated[
        str | None, typer.Option(help="Commit of the new model: looked at twice, it costs once.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Who looks; your login if left out.")] = None,
    to: Annotated[
        str | None, typer.Option(help="File or URL for what the developer is not told.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a summary to this file.")] = None,
    block: Annotated[
        str | None, typer.Option(help="Without a condition: column of rows that hang together.")
    ] = None,
    scale: Annotated[
        float | None, typer.Option(help="Without a condition: the error that counts as 1.")
    ] = None,
    min_gain: Annotated[
        float | None,
        typer.Option(help="Without a condition: gain in mean loss that is asked for."),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Without a condition: gain in mean loss that matters.")
    ] = None,
    delta: Annotated[
        float | None, typer.Option(help="Without a condition: chance that the gate is ever wrong.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Without a condition: loss, or auc for labels of 0 and 1.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold a model against a condition: exit 0 pass, 1 fail, 3 not enough data.

    Without --condition the question is whether the new model's mean loss is below the old one's.
    With --ledger or --project the look is counted, and no more is told than it pays for.
    """
    columns = Columns(key, label, prediction, score)
    of_gain = {
        "block": block, "scale": scale, "min_gain": min_gain, "tolerance": tolerance,
        "delta": delta, "metric": metric,
    }  # fmt: skip
    of_condition = {
        "baseline": baseline, "cases": cases, "costs": costs, "reliability": reliability,
        "adaptivity": adaptivity, "mode": mode, "disagreement": disagreement, "ledger": ledger,
        "commit": commit, "who": who, "to": to, "junit": junit, "markdown": markdown,
    }  # fmt: skip
    if condition is None and ci_file is None:
        _refuse(of_condition, "it needs a --condition")
        if old is None:
            raise typer.BadParameter("the champion's predictions are needed", param_hint="--old")
        given = {k: v for k, v in of_gain.items() if v is not None and k not in _OF_ROWS}
        settings = gain_settings(
            **{"tolerance": 0.005, "delta": 0.05, "steps": 4 if steps is None else steps, **given},
            method=method,
        )
        question = GainQuestion(new, old, labels, columns, block, scale, settings, project)
        check_gain(question, as_json=as_json)
        return
    _refuse(of_gain, "a condition says itself what it asks for")
    promise = Promise(
        condition, ci_file, reliability, steps, adaptivity, mode, method, disagreement
    )
    models = {"n": new, "o": old, "baseline": baseline}
    sources = GateSources(labels, models, tuple(cases or ()), costs, columns, project)
    look = Look(ledger, project, commit, who, to, junit, markdown)
    check_condition(promise, sources, look, as_json=as_json)


def label_next(
    new: New,
    labels: Labels,
    old: Old = None,
    condition: ConditionText = None,
    ci_file: CiFile = None,
    baseline: Baseline = None,
    costs: Costs = None,
    reliability: Reliability = None,
    steps: Steps = None,
    adaptivity: Adaptivity = None,
    mode: Mode = None,
    method: Method = "auto",
    disagreement: Disagreement = None,
    key: Key = "id",
    prediction: Prediction = "prediction",
    score: Score = "score",
    label: Label = "label",
    ledger: Annotated[
        str | None, typer.Option(help="Ledger that the test set was opened in: its budget.")
    ] = None,
    project: ProjectAt = None,
    n: Annotated[int, typer.Option("--n", min=1, help="At most so many rows.")] = 100,
    to: Annotated[str | None, typer.Option(help="Write the rows to this CSV file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name the rows whose labels the gate needs next, the most urgent first.

    Rows on which the models disagree come first; the others only if the condition needs them.
    """
    promise = Promise(
        condition, ci_file, reliability, steps, adaptivity, mode, method, disagreement
    )
    models = {"n": new, "o": old, "baseline": baseline}
    sources = GateSources(
        labels, models, (), costs, Columns(key, label, prediction, score), project
    )
    rows = next_labels(promise, sources, ledger=ledger, n=n)
    if to is not None:
        rows.drop("_id", "_label").write_csv(to)
    ids = rows["_id"].to_list()
    text = "\n".join(map(str, ids)) or "No row: more labels would not change the verdict."
    emit({"ids": ids}, as_json=as_json, text=text)


_OF_ROWS = ("block", "scale")


def _refuse(options: Mapping[str, object], reason: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(reason, param_hint=f"--{name.replace('_', '-')}")
