"""Counts of known texts are those of a plain count, or there is no answer."""

import numpy as np
import polars as pl
import pytest

from trimtab.data.known_levels import MAX_KNOWN, KnownLevels
from trimtab.data.levels import COUNT, VALUE
from trimtab.stats.arrays import PIECE


def counted(frame: pl.DataFrame | None) -> dict[str | None, int]:
    assert frame is not None
    return dict(frame.select(VALUE, COUNT).iter_rows())


def drawn(levels: list[str], n: int, seed: int = 0) -> pl.Series:
    rng = np.random.default_rng(seed)
    return pl.Series(rng.choice(levels, n))


@pytest.mark.parametrize("k", [1, 2, 7, 64, 200, MAX_KNOWN])
@pytest.mark.parametrize("n", [1, 1_000, 3 * PIECE + 17])
def test_counts_are_those_of_value_counts(k, n):
    levels = [f"level {i} é" for i in range(k)]
    values = drawn(levels, n, seed=k)

    found = counted(KnownLevels(pl.Series(levels)).count(values))

    assert found == dict(values.value_counts().iter_rows())


@pytest.mark.parametrize("at", [0, PIECE, -1])
def test_a_text_never_seen_before_is_no_answer(at):
    levels = ["a", "b", "c"]
    values = drawn(levels, 2 * PIECE + 5)
    values[at] = "d"

    assert KnownLevels(pl.Series(levels)).count(values) is None


@pytest.mark.parametrize("strange", ["", "A", "a ", None])
def test_what_only_looks_known_is_no_answer(strange):
    known = KnownLevels(pl.Series(["a", "b"]))

    assert known.count(pl.Series(["a", strange, "b"])) is None


def test_every_unseen_text_is_told_whatever_slot_it_falls_in():
    # many more unseen texts than slots: each slot, of a level or of none, is met
    known = KnownLevels(pl.Series(["a", "b", "c"]))

    assert all(known.count(pl.Series([f"unseen {i}"])) is None for i in range(2_000))


def test_levels_whose_hashes_cannot_be_told_apart_give_no_answer():
    # the same text twice stands for two texts of one hash: no slots part them
    known = KnownLevels(pl.Series(["a", "b", "a"]))

    assert known.count(pl.Series(["a", "b"])) is None


def test_levels_that_do_not_occur_are_left_out():
    known = KnownLevels(pl.Series(["a", "b", "c"]))

    assert counted(known.count(pl.Series(["c", "c"]))) == {"c": 2}
    assert counted(known.count(pl.Series([], dtype=pl.String))) == {}
