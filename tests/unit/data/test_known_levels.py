"""Counts of known texts are those of a plain count, or there is no answer."""

import numpy as np
import polars as pl
import pytest

from trimtab.data.known_levels import MAX_KNOWN, KnownLevels
from trimtab.data.levels import COUNT, VALUE
from trimtab.stats.arrays import PIECE


def counted(known: KnownLevels, *parts: pl.Series) -> dict[str | None, int]:
    assert all(known.count(part) for part in parts)
    return dict(known.frame().select(VALUE, COUNT).iter_rows())


def drawn(levels: list[str], n: int, seed: int = 0) -> pl.Series:
    rng = np.random.default_rng(seed)
    return pl.Series(rng.choice(levels, n))


@pytest.mark.parametrize("k", [1, 2, 7, 64, 200, MAX_KNOWN])
@pytest.mark.parametrize("n", [1, 1_000, 3 * PIECE + 17])
def test_counts_are_those_of_value_counts(k, n):
    levels = [f"level {i} é" for i in range(k)]
    values = drawn(levels, n, seed=k)

    found = counted(KnownLevels(pl.Series(levels)), values)

    assert found == dict(values.value_counts().iter_rows())


@pytest.mark.parametrize("at", [0, PIECE, -1])
def test_a_text_never_seen_before_is_no_answer(at):
    levels = ["a", "b", "c"]
    values = drawn(levels, 2 * PIECE + 5)
    values[at] = "d"

    assert not KnownLevels(pl.Series(levels)).count(values)


def test_a_part_with_another_text_leaves_the_counts_as_they_were():
    known = KnownLevels(pl.Series(["a", "b"]))

    assert counted(known, pl.Series(["a", "b", "b"]), pl.Series(["a"])) == {"a": 2, "b": 2}
    assert not known.count(pl.Series(["a", "c"]))
    assert counted(known) == {"a": 2, "b": 2}


@pytest.mark.parametrize("n", [2, PIECE, 4 * PIECE])
def test_a_text_that_fills_a_part_is_told(n):
    # sums of so many equal hashes end in zeros: fewer bits are left to tell them by
    known = KnownLevels(pl.Series(["a", "b", "c"]))

    for i in range(40 if n == 4 * PIECE else 200):
        assert not known.count(pl.Series([f"unseen {i}"]).new_from_index(0, n))


@pytest.mark.parametrize("strange", ["", "A", "a ", None])
def test_what_only_looks_known_is_no_answer(strange):
    known = KnownLevels(pl.Series(["a", "b"]))

    assert not known.count(pl.Series(["a", strange, "b"]))


def test_every_unseen_text_is_told_whatever_slot_it_falls_in():
    # many more unseen texts than slots: each slot, of a level or of none, is met
    known = KnownLevels(pl.Series(["a", "b", "c"]))

    assert not any(known.count(pl.Series([f"unseen {i}"])) for i in range(2_000))


def test_levels_whose_hashes_cannot_be_told_apart_give_no_answer():
    # the same text twice stands for two texts of one hash: no slots part them
    known = KnownLevels(pl.Series(["a", "b", "a"]))

    assert not known.count(pl.Series(["a", "b"]))
    assert counted(known) == {}


def test_levels_that_do_not_occur_are_left_out():
    known = KnownLevels(pl.Series(["a", "b", "c"]))

    assert counted(known, pl.Series([], dtype=pl.String)) == {}
    assert counted(known, pl.Series(["c", "c"])) == {"c": 2}
