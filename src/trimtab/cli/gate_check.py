"""`trimtab gate check` and `trimtab gate label-next`: their options, and who answers."""

from pathlib import Path
from typing import Annotated

import typer

from trimtab.cli import gate_options as options
from trimtab.cli.data_options import writing
from trimtab.cli.gate_condition import Look, Promise, check_condition
from trimtab.cli.gate_files import Columns
from trimtab.cli.gate_gain import GainQuestion, check_gain
from trimtab.cli.gate_next import next_labels
from trimtab.cli.gate_plan import gain_settings
from trimtab.cli.gate_rows import GateSources
from trimtab.cli.output import AsJson, emit, refuse_given, talk


def check(
    new: options.New,
    labels: options.Labels,
    old: options.Old = None,
    condition: options.ConditionText = None,
    ci_file: options.CiFile = None,
    baseline: options.Baseline = None,
    cases: options.CasesFiles = None,
    costs: options.Costs = None,
    as_json: AsJson = False,
    reliability: options.Reliability = None,
    steps: options.Steps = None,
    adaptivity: options.Adaptivity = None,
    mode: options.Mode = None,
    method: options.CheckMethod = None,
    disagreement: options.Disagreement = None,
    key: options.Key = "id",
    prediction: options.Prediction = "prediction",
    score: options.Score = "score",
    label: options.Label = "label",
    ledger: options.Ledger = None,
    project: options.ProjectAt = None,
    commit: options.Commit = None,
    who: options.Who = None,
    to: options.ThirdParty = None,
    junit: options.Junit = None,
    markdown: options.Markdown = None,
    block: options.Block = None,
    scale: options.Scale = None,
    min_gain: options.MinGain = None,
    tolerance: options.Tolerance = None,
    delta: options.Delta = None,
    metric: options.Metric = None,
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
        refuse_given(of_condition, "it needs a --condition")
        if old is None:
            raise typer.BadParameter("the champion's predictions are needed", param_hint="--old")
        given = {k: v for k, v in of_gain.items() if v is not None and k not in _OF_ROWS}
        settings = gain_settings(
            **{"tolerance": 0.005, "delta": 0.05, "steps": 4 if steps is None else steps, **given},
            method=method or "auto",
        )
        question = GainQuestion(new, old, labels, columns, block, scale, settings, project)
        check_gain(question, as_json=as_json)
        return
    refuse_given(of_gain, "a condition says itself what it asks for")
    promise = Promise(
        condition, ci_file, reliability, steps, adaptivity, mode, method, disagreement
    )
    models = {"n": new, "o": old, "baseline": baseline}
    sources = GateSources(labels, models, tuple(cases or ()), costs, columns, project)
    look = Look(ledger, project, commit, who, to, junit, markdown)
    check_condition(promise, sources, look, as_json=as_json)


def label_next(
    new: options.New,
    labels: options.Labels,
    old: options.Old = None,
    condition: options.ConditionText = None,
    ci_file: options.CiFile = None,
    baseline: options.Baseline = None,
    costs: options.Costs = None,
    n: Annotated[int, typer.Option("--n", min=1, help="At most so many rows.")] = 100,
    to: Annotated[str | None, typer.Option(help="Write the rows to this CSV file.")] = None,
    as_json: AsJson = False,
    reliability: options.Reliability = None,
    steps: options.Steps = None,
    adaptivity: options.Adaptivity = None,
    mode: options.Mode = None,
    method: options.Method = None,
    disagreement: options.Disagreement = None,
    key: options.Key = "id",
    prediction: options.Prediction = "prediction",
    score: options.Score = "score",
    label: options.Label = "label",
    ledger: options.OpenedIn = None,
    project: options.ProjectAt = None,
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
    found = next_labels(promise, sources, ledger=ledger)
    rows = found.rows.head(n)
    if to is not None:
        with writing(Path(to), "--to"):
            rows.drop("_id", "_label").write_csv(to)
    ids = rows["_id"].to_list()
    talk(found.in_words(len(ids)))
    facts = {"ids": ids, "wanted": found.rows.height, "short": found.short or None}
    if ids or as_json:  # an empty line would be read as an id
        emit(facts, as_json=as_json, text="\n".join(map(str, ids)))


_OF_ROWS = ("block", "scale")
