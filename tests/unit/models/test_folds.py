from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.core.errors import NotEnoughDataError
from trimtab.models.folds import time_folds

START = datetime(2024, 1, 1, tzinfo=UTC)


def clock(hours: list[int]) -> pl.Series:
    times = [START + timedelta(hours=hour) for hour in hours]
    return pl.Series(times, dtype=pl.Datetime("us", "UTC"))


@given(
    st.lists(st.integers(0, 200), min_size=100, max_size=300).map(sorted),
    st.integers(0, 40),
    st.integers(2, 5),
)
def test_no_fold_learns_from_its_future(hours: list[int], delay: int, n_folds: int) -> None:
    asked, known = clock(hours), clock([hour + delay for hour in hours])
    labels = np.arange(len(hours)) % 2
    try:
        folds = time_folds(asked, known, labels, n_folds=n_folds)
    except NotEnoughDataError:
        return
    assert len(folds) <= n_folds
    for fold in folds:
        first = asked[fold.valid].min()
        assert (known[fold.train] <= first).all()
        assert (asked[fold.train] < first).all() or delay == 0
        assert asked[fold.train].max() < asked[fold.valid].min()
    tried = np.concatenate([fold.valid for fold in folds])
    assert len(tried) == len(np.unique(tried))


def test_blocks_are_not_cut_apart() -> None:
    hours = list(range(240))
    days = np.array(hours) // 24
    folds = time_folds(clock(hours), clock(hours), np.arange(240) % 2, n_folds=3, blocks=days)
    assert [fold.valid[0] % 24 for fold in folds] == [0, 0, 0]
    assert folds[-1].valid[-1] == 239


def test_the_first_fold_learns_from_as_much_as_is_asked_for() -> None:
    hours = list(range(240))
    folds = time_folds(clock(hours), clock(hours), np.arange(240) % 2, n_folds=3, first=0.5)
    assert [fold.valid[0] for fold in folds] == [120, 160, 200]
    assert len(folds[0].train) == pytest.approx(120, abs=1)


def test_one_long_block_is_cut_by_the_clock() -> None:
    hours = list(range(100))
    blocks = np.zeros(100, dtype=np.int64)
    assert time_folds(clock(hours), clock(hours), np.arange(100) % 2, n_folds=3, blocks=blocks)


def test_one_moment_cannot_be_cut() -> None:
    with pytest.raises(NotEnoughDataError, match="expected labelled rows at several times"):
        time_folds(clock([1] * 100), clock([1] * 100), np.arange(100) % 2, n_folds=3)
