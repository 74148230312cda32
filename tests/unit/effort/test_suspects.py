from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.effort.dependencies import Dependencies
from trimtab.effort.suspects import Suspect, far_numbers, find_suspects, likely_typos, merged


def typos(values):
    return {values[s.row]: [value for value, _ in s.instead] for s in likely_typos("c", values)}


def test_typos_are_found_with_what_they_are_near():
    values = ["birmingham"] * 20 + ["sheffield"] * 6 + ["birminghxm", "shefield", "london"]

    assert typos(values) == {"birminghxm": ["birmingham"], "shefield": ["sheffield"]}


@pytest.mark.parametrize(
    "values",
    [
        ["95%"] * 9 + ["98%"],  # two numbers
        ["37 patients"] * 9 + ["3 patients"],
        ["2053258100"] * 9 + ["2053258101"],
        ["al"] * 9 + ["ak"],  # too short to tell
        ["road"] * 4 + ["roat"],  # not frequent
        ["road"] * 9 + ["roat"] * 3,  # not rare
        ["road"] * 9 + ["rail"],  # too far
        ["road", None] * 9,
    ],
)
def test_texts_that_may_well_be_right_are_left_alone(values):
    assert typos(values) == {}


def test_a_letter_in_place_of_a_digit_is_a_typo():
    values = ["100%"] * 9 + ["57%"] * 5 + ["97%"] * 6 + ["x7%"]

    assert typos(values) == {"x7%": ["97%", "57%"]}


def test_a_typo_among_thousands_of_texts_is_found():
    rng = np.random.default_rng(0)
    towns = ["".join(rng.choice(list("abcdefghij"), 12)) for _ in range(300)]
    values = [town for town in towns for _ in range(5)] + [towns[7][:-1] + "z"]

    assert typos(values) == {values[-1]: [towns[7]]}


def test_a_lone_far_number_is_found_and_a_long_tail_is_not():
    rng = np.random.default_rng(1)
    speeds = [*rng.normal(10, 3, 500).tolist(), 1048.0, None, -500.0]
    assert [s.row for s in far_numbers("c", speeds)] == [500, 502]

    tail = np.exp(rng.normal(size=20_000)).tolist()
    assert max(tail) > np.quantile(tail, 0.75) + 10 * np.subtract(*np.quantile(tail, [0.75, 0.25]))
    assert list(far_numbers("c", tail)) == []


@pytest.mark.parametrize(
    "values",
    [
        [1.0] * 30 + [1e9],  # no spread to compare with
        [*map(float, range(10)), 1e9],  # too few
        [*map(float, range(50)), 1e6, 1e6],  # more than 1 % and more than one
    ],
)
def test_far_numbers_are_left_alone_where_little_is_known(values):
    assert list(far_numbers("c", values)) == []


def shops(n_shops=10, each=10):
    """Shops with a town each, and a colour that has nothing to do with them."""
    rng = np.random.default_rng(2)
    shop = [f"s{i // each}" for i in range(n_shops * each)]
    return {
        "shop": shop,
        "street": [f"street of {name}" for name in shop],
        "town": [f"town of {name}" for name in shop],
        "colour": rng.choice(["red", "blue"], len(shop), p=[0.95, 0.05]).tolist(),
    }


def test_a_cell_that_differs_from_its_group_is_found():
    cells = shops()
    cells["town"][17] = cells["town"][50]

    found = find_suspects(cells, list(cells))

    assert [(s.row, s.column) for s in found] == [(17, "town")]
    assert found[0].instead == (("town of s1", "same shop"),)
    assert found[0].reason == "9 of 10 rows with shop s1 have town of s1"


def test_a_wrong_key_does_not_put_the_rest_of_its_row_in_doubt():
    cells = shops()
    cells["shop"][17] = "s9"

    found = find_suspects(cells, list(cells))

    assert [(s.row, s.column) for s in found] == [(17, "shop")]


def test_a_rare_value_of_its_own_right_is_no_suspect():
    cells = shops()

    assert Dependencies(cells, list(cells)).found.keys() == {"shop", "street", "town"}


def test_a_clean_table_has_no_suspects_in_ten_random_ones():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        n = 600
        income = np.exp(rng.normal(10, 1, n))
        cells = {
            "income": income.tolist(),
            "grade": [f"g{int(x)}" for x in rng.integers(0, 8, n)],
            "town": [f"t{int(x)}" for x in rng.zipf(1.5, n) % 200],
            "default": rng.choice(["no", "yes"], n, p=[0.97, 0.03]).tolist(),
            "age": rng.integers(18, 80, n).astype(float).tolist(),
        }

        assert find_suspects(cells, list(cells)) == []


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2) | st.none()), min_size=1, max_size=60)
)
def test_what_a_key_says_is_what_counting_says(pairs):
    cells = {
        "k": [f"k{k}" for k, _ in pairs],
        "v": [None if v is None else f"v{v}" for _, v in pairs],
    }
    known = [(k, v) for k, v in zip(cells["k"], cells["v"], strict=True) if v is not None]
    groups = {key: Counter(v for k, v in known if k == key) for key in cells["k"]}
    big = {key: counts for key, counts in groups.items() if counts.total() >= 3}
    covered = sum(counts.total() for counts in big.values())
    wrong = covered - sum(max(counts.values()) for counts in big.values())
    everything = sum(big.values(), Counter())
    plain = covered - max(everything.values(), default=0)
    determines = (
        covered > 0 and 2 * covered >= len(known) and plain > 0
        and wrong <= 0.1 * covered + 1e-9 and 2 * wrong <= plain
    )  # fmt: skip

    found = Dependencies(cells, ["v"])

    assert bool(found.found) == determines
    for row, key in enumerate(cells["k"]):
        said = found.told(row, "v")
        counts = big.get(key, Counter())
        left = counts.total() - max(counts.values(), default=0)
        speaks = determines and counts and left <= max(1, counts.total() // 4)
        assert (said is not None) == bool(speaks)
        if said is not None:
            assert counts[said.value] == max(counts.values()) == said.n_agreeing
            assert said.n_rows == counts.total()
            others = [n for value, n in counts.items() if value != said.value]
            assert counts[said.runner_up] == max(others, default=0)


def test_reasons_of_one_cell_are_put_together_and_group_values_come_first():
    found = merged(
        [
            Suspect(1, "a", "spelt oddly", (("x", "spelt alike"), ("y", "spelt alike"))),
            Suspect(1, "a", "differs", (("y", "same k"),)),
        ]
    )

    assert found == [
        Suspect(1, "a", "differs; spelt oddly", (("y", "same k"), ("x", "spelt alike")))
    ]
