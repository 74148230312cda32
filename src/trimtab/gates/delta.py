"""What one look may spend of the chance of being wrong, and the settings that say so."""

import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from trimtab.core.errors import ConfigError, nearest

Adaptivity = Literal["full", "none", "first_change"]


def ln_delta_per_step(reliability: str, *, steps: int, adaptivity: Adaptivity) -> float:
    r"""Return the logarithm of delta for one of `steps` looks at a test set.

    Delta is 1 - `reliability`. Under `none` (those who make models see no result) and
    `first_change` (the test set is retired at the first pass) there is one history, so that the
    looks share delta evenly: delta / H. Under `full` one bit is seen after each look, and the
    next model may depend on all of them: :math:`2^H` histories share delta.

    Parameters
    ----------
    reliability : str
        Decimal text in (0, 1); a float is refused, as 1 - 0.9999 is not 0.0001 in floats.
    steps : int
        Number of looks H, at least 1.
    adaptivity : {'full', 'none', 'first_change'}
        What those who make models are told.

    Raises
    ------
    ConfigError
        If a value is outside its range or of another type.

    Examples
    --------
    >>> round(ln_delta_per_step("0.9999", steps=32, adaptivity="none"), 4)
    -12.6761
    >>> round(ln_delta_per_step("0.9999", steps=1000, adaptivity="full"), 4)  # e^-702
    -702.3575
    """
    one_of("adaptivity", adaptivity, get_args(Adaptivity))
    if type(steps) is not int or steps < 1:
        raise ConfigError(
            f"expected `steps` to be a whole number of at least 1, got {steps!r}",
            hint="Say how many looks the test set has to last, for example 32.",
        )
    delta = 1 - decimal_share("reliability", reliability)
    shared = steps * math.log(2) if adaptivity == "full" else math.log(steps)
    return float(delta.ln()) - shared


def decimal_share(name: str, text: str) -> Decimal:
    """Return the number between 0 and 1 that a setting's decimal text stands for.

    Examples
    --------
    >>> decimal_share("reliability", "0.9999")
    Decimal('0.9999')
    """
    if not isinstance(text, str):
        raise ConfigError(
            f"expected `{name}` as decimal text, got the {type(text).__name__} {text!r}",
            hint=f'Write it in quotes, {name}="{text}": floats are rounded, and 1 - 0.9999 is not '
            "0.0001.",
        )
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    # beyond 20 zeros, 1 - number would be rounded to 1
    if not (number.is_finite() and 0 < number < 1 and number.adjusted() > -20):
        raise ConfigError(
            f"expected `{name}` between 0 and 1, got {text!r}",
            hint=f'Write a decimal number, for example {name}="0.99".',
        )
    return number


def one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    """Raise a ConfigError that names the nearest word, unless `value` is one of `allowed`.

    Examples
    --------
    >>> one_of("mode", "fp_free", ("fp_free", "fn_free"))
    """
    words = tuple(allowed)
    if value not in words:
        hint = nearest(str(value), words)
        raise ConfigError(
            f"expected `{name}` to be one of {', '.join(words)}, got {value!r}", hint=hint
        )
