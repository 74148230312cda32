"""Options that `trimtab gate plan`, `check` and `label-next` share."""

from pathlib import Path
from typing import Annotated

import typer

PROMISE, COLUMNS, LEDGER, REPORTS, GAIN = (
    "What is promised", "Columns of the files", "Who looks, and where it is counted", "Reports",
    "Without a condition: is the mean loss lower?",
)  # fmt: skip

New = Annotated[
    str, typer.Option(help="Challenger's predictions: a file with an id, or v5 with --project.")
]
Old = Annotated[
    str | None,
    typer.Option(help="Champion's predictions, a file or v3; for `o`, `d`, or no condition."),
]
Labels = Annotated[
    str,
    typer.Option(
        help="All rows of the test set: ids, labels as far as known, columns of slices; with "
        "versions, also what the model was trained on."
    ),
]
Baseline = Annotated[
    str | None, typer.Option(help="Predictions of `baseline`; else the best constant answer.")
]
ConditionText = Annotated[
    str | None, typer.Option(help='What must hold, such as "n - o > 0.02 +/- 0.01".')
]
CiFile = Annotated[
    Path | None,
    typer.Option(
        help="An ease.ml/ci file: condition and promise from its `ml:`. Options win over it."
    ),
]
CasesFiles = Annotated[
    list[str] | None, typer.Option(help="Unit cases as NAME=FILE; may be repeated.")
]
Costs = Annotated[str | None, typer.Option(help="Cost matrix: a table of truth, predicted, cost.")]

Reliability = Annotated[
    str | None,
    typer.Option(
        help="Chance that no look is wrong, as a decimal number; 0.9999 if not said.",
        rich_help_panel=PROMISE,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        help="Looks at one test set: 32 with a condition, else 4.", rich_help_panel=PROMISE
    ),
]
Adaptivity = Annotated[
    str | None,
    typer.Option(
        help="What developers are told. full (if not said): pass or fail, at each look. "
        "first_change: the same, and the first pass retires the test set. none: nothing.",
        rich_help_panel=PROMISE,
    ),
]
Mode = Annotated[
    str | None,
    typer.Option(
        help="fp_free (if not said): what is unknown fails, so that a pass can be trusted. "
        "fn_free: it passes, so that a fail can be.",
        rich_help_panel=PROMISE,
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        help="auto (if not said): the fewest labels of hoeffding (any metric), bennett (models "
        "that seldom differ) and exact (metrics of 0 and 1). sequential: stop once it is certain.",
        rich_help_panel=PROMISE,
    ),
]
CheckMethod = Annotated[
    str | None,
    typer.Option(
        help="auto (if not said): the fewest labels of hoeffding (any metric), bennett (models "
        "that seldom differ) and exact (metrics of 0 and 1). sequential: stop once it is certain. "
        "Without a condition: auto, blocks, bernstein or hoeffding.",
        rich_help_panel=PROMISE,
    ),
]
Disagreement = Annotated[
    str | None,
    typer.Option(
        help="Share of rows on which new and old differ at most, if known beforehand; "
        "saves labels.",
        rich_help_panel=PROMISE,
    ),
]

Key = Annotated[
    str, typer.Option("--id", help="Column that joins the files.", rich_help_panel=COLUMNS)
]
Prediction = Annotated[
    str,
    typer.Option(help="Column of predicted classes or numbers.", rich_help_panel=COLUMNS),
]
Score = Annotated[
    str,
    typer.Option(help="Column of probabilities of the label being 1.", rich_help_panel=COLUMNS),
]
Label = Annotated[str, typer.Option(help="Column of the label.", rich_help_panel=COLUMNS)]

ProjectAt = Annotated[
    Path | None,
    typer.Option(
        "--project", "-p",
        help="Project whose ledger counts the look, and whose registry has the versions.",
        rich_help_panel=LEDGER,
    ),
]  # fmt: skip
Ledger = Annotated[
    str | None,
    typer.Option(
        help="File or URL of the ledger that counts the look; a file that is not there is made.",
        rich_help_panel=LEDGER,
    ),
]
OpenedIn = Annotated[
    str | None,
    typer.Option(
        help="Ledger that the test set was opened in: its promise.", rich_help_panel=LEDGER
    ),
]
Commit = Annotated[
    str | None,
    typer.Option(
        help="Commit of the new model: looked at twice, it costs once.", rich_help_panel=LEDGER
    ),
]
Who = Annotated[
    str | None, typer.Option(help="Who looks; your login if left out.", rich_help_panel=LEDGER)
]
ThirdParty = Annotated[
    str | None,
    typer.Option(
        help="File or URL that results go to under `none`, instead of to the developer.",
        rich_help_panel=LEDGER,
    ),
]
Junit = Annotated[
    Path | None, typer.Option(help="Write JUnit XML to this file.", rich_help_panel=REPORTS)
]
Markdown = Annotated[
    Path | None, typer.Option(help="Write a summary to this file.", rich_help_panel=REPORTS)
]

Block = Annotated[
    str | None,
    typer.Option(help="Column of rows that hang together, such as a day.", rich_help_panel=GAIN),
]
Scale = Annotated[
    float | None,
    typer.Option(help="For numbers: the error that counts as 1.", rich_help_panel=GAIN),
]
MinGain = Annotated[
    float | None,
    typer.Option(help="Gain in mean loss that is asked for; 0 if not said.", rich_help_panel=GAIN),
]
Tolerance = Annotated[
    float | None,
    typer.Option(help="Gain in mean loss that matters; 0.005 if not said.", rich_help_panel=GAIN),
]
Delta = Annotated[
    float | None,
    typer.Option(
        help="Chance that the gate is ever wrong; 0.05 if not said.", rich_help_panel=GAIN
    ),
]
BlockSd = Annotated[
    float | None,
    typer.Option(
        help="Standard deviation of the gain between days, as seen before: plans days too.",
        rich_help_panel=GAIN,
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        help="loss: Brier, or the error over --scale. auc: the ranking of labels of 0 and 1.",
        rich_help_panel=GAIN,
    ),
]
