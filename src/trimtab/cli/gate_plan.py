"""`trimtab gate plan`: how many rows and labels a gate needs, before anyone labels."""

from typing import Annotated, Any

import typer

from trimtab.cli.output import AsJson, emit


def plan(
    condition: Annotated[
        str | None,
        typer.Argument(help="What has to be true: 'n - o > 0.02 +/- 0.01 and d < 0.1 +/- 0.01'."),
    ] = None,
    reliability: Annotated[
        str | None, typer.Option(help="Chance that no look is wrong; 0.9999 if not given.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Looks at one test set; 32, without a condition 4 if not given."),
    ] = None,
    adaptivity: Annotated[
        str | None,
        typer.Option(
            help="What is told after a look: full, none, first_change; full if not given."
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(help="What never errs: fp_free (passing) or fn_free; fp_free if not given."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="auto, hoeffding, bennett, exact or sequential; auto if not given."),
    ] = None,
    disagreement: Annotated[
        str | None,
        typer.Option(help="Share of rows where n and o differ at most, if known beforehand."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="Without a condition: gain in mean loss that matters; 0.005 if not given."
        ),
    ] = None,
    delta: Annotated[
        float | None,
        typer.Option(help="Without a condition: chance to be ever wrong; 0.05 if not given."),
    ] = None,
    block_sd: Annotated[
        float | None,
        typer.Option(help="Without a condition: spread of the gain between days, as seen before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many rows and labels a condition needs, or a gain in mean loss."""
    promise = {
        "reliability": reliability, "adaptivity": adaptivity, "mode": mode, "method": method,
        "disagreement": disagreement,
    }  # fmt: skip
    gain = {"tolerance": tolerance, "delta": delta, "block_sd": block_sd}
    if condition is None:
        _refuse(promise, 'only goes with a condition: `trimtab gate plan "n > 0.8 +/- 0.05"`')
        _plan_gain({**gain, "steps": steps}, as_json=as_json)
    else:
        _refuse(gain, "goes without a condition, which has its own tolerance")
        _plan_condition(condition, {**promise, "steps": steps}, as_json=as_json)


def gain_settings(**values: Any) -> Any:
    """Return the settings of the gate on mean loss, or say which option is wrong."""
    from pydantic import ValidationError

    from trimtab.core.settings import GateSection

    try:
        return GateSection(**values)
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        raise typer.BadParameter(
            f"{first['msg'].lower()}, got {first['input']!r}", param_hint=option
        ) from None


def _plan_condition(condition: str, options: dict[str, Any], *, as_json: bool) -> None:
    from trimtab.gates.plan import gate_plan

    made = gate_plan(condition, **_given(options))
    emit(made.to_dict(), as_json=as_json, text=made.explain())


def _plan_gain(options: dict[str, Any], *, as_json: bool) -> None:
    from trimtab.gates.gain_plan import plan as plan_gain

    block_sd = options.pop("block_sd")
    settings = gain_settings(**{"tolerance": 0.005, "delta": 0.05, "steps": 4, **_given(options)})
    if block_sd is not None and not block_sd >= 0:
        raise typer.BadParameter(f"expected 0 or more, got {block_sd}", param_hint="--block-sd")
    made = plan_gain(settings, block_sd=block_sd)
    emit(made.to_dict(), as_json=as_json, text=made.sentence)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refuse(options: dict[str, Any], reason: str) -> None:
    for name in _given(options):
        raise typer.BadParameter(reason, param_hint=f"--{name.replace('_', '-')}")
