import math
from fractions import Fraction

import pytest

from trimtab.core.errors import ConfigError
from trimtab.gates.delta import decimal_share, ln_delta_per_step


@pytest.mark.parametrize(
    ("adaptivity", "shares"), [("none", 32), ("first_change", 32), ("full", 2**32)]
)
def test_a_look_has_its_share_of_delta(adaptivity, shares):
    delta = Fraction(1, 10_000) / shares  # 1 - 0.9999 in floats is 9.9999999999989e-05

    found = ln_delta_per_step("0.9999", steps=32, adaptivity=adaptivity)

    assert found == pytest.approx(math.log(delta), rel=1e-15)


def test_a_thousand_looks_do_not_underflow():
    found = ln_delta_per_step("0.9999", steps=10_000, adaptivity="full")

    assert found == pytest.approx(-10_000 * math.log(2) + math.log(1e-4), rel=1e-12)


def test_delta_may_be_far_below_the_precision_of_floats():
    found = ln_delta_per_step("0." + "9" * 50, steps=1, adaptivity="none")

    assert found == pytest.approx(-50 * math.log(10))


@pytest.mark.parametrize("number", [0.9999, 1, None])
def test_a_number_that_is_no_text_is_refused(number):
    with pytest.raises(ConfigError, match="as decimal text") as caught:
        decimal_share("reliability", number)

    assert f'reliability="{number}"' in caught.value.hint


@pytest.mark.parametrize("text", ["", "1", "0", "-0.5", "nan", "inf", "99.99%", "1e-50", "0,9"])
def test_text_that_is_no_share_is_refused(text):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        decimal_share("reliability", text)


@pytest.mark.parametrize("steps", [0, -1, 2.0, True, "3"])
def test_steps_are_a_count(steps):
    with pytest.raises(ConfigError, match="`steps`"):
        ln_delta_per_step("0.99", steps=steps, adaptivity="none")


def test_an_unknown_adaptivity_gets_the_nearest_name():
    with pytest.raises(ConfigError, match="adaptivity") as caught:
        ln_delta_per_step("0.99", steps=3, adaptivity="firstChange")

    assert caught.value.hint == "Did you mean `first_change`?"
