"""`trimtab gate plan`: how many rows and labels a gate needs, before anyone labels."""

from typing import Annotated, Any

import typer

from trimtab.cli import gate_options as options
from trimtab.cli.gate_condition import Promise
from trimtab.cli.output import AsJson, emit, refuse_given


def plan(
    condition: Annotated[
        str | None,
        typer.Argument(help="What has to be true: 'n - o > 0.02 +/- 0.01 and d < 0.1 +/- 0.01'."),
    ] = None,
    ci_file: options.CiFile = None,
    as_json: AsJson = False,
    reliability: options.Reliability = None,
    steps: options.Steps = None,
    adaptivity: options.Adaptivity = None,
    mode: options.Mode = None,
    method: options.Method = None,
    disagreement: options.Disagreement = None,
    tolerance: options.Tolerance = None,
    delta: options.Delta = None,
    block_sd: options.BlockSd = None,
) -> None:
    """Say how many rows and labels a condition needs, or a gain in mean loss."""
    gain = {"tolerance": tolerance, "delta": delta, "block_sd": block_sd}
    if condition is not None or ci_file is not None:
        refuse_given(gain, "goes without a condition, which has its own tolerance")
        made = Promise(
            condition, ci_file, reliability, steps, adaptivity, mode, method, disagreement
        ).settled()
        emit(made.to_dict(), as_json=as_json, text=made.explain())
        return
    promise = {
        "reliability": reliability, "adaptivity": adaptivity, "mode": mode, "method": method,
        "disagreement": disagreement,
    }  # fmt: skip
    refuse_given(promise, 'only goes with a condition: `trimtab gate plan "n > 0.8 +/- 0.05"`')
    _plan_gain({**gain, "steps": steps}, as_json=as_json)


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
