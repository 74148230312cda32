import subprocess
import sys

import numpy as np
import pytest

from trimtab.stats.arrays import as_labels, as_sample, block_codes


def test_labels_may_be_bool_or_zero_and_one():
    assert as_labels([True, False]).tolist() == as_labels([1.0, 0]).tolist() == [True, False]


@pytest.mark.parametrize("labels", [[], np.zeros((2, 2), dtype=bool), [0, np.nan]])
def test_labels_of_another_shape_or_with_holes_are_refused(labels):
    with pytest.raises(ValueError, match="expected `labels`"):
        as_labels(labels)


def test_blocks_are_numbered_in_the_order_of_their_keys():
    codes, n_blocks = block_codes(["tue", "mon", "tue"], 3)

    assert (codes.tolist(), n_blocks) == ([1, 0, 1], 2)


def test_dates_can_be_blocks():
    dates = np.array(["2024-01-02", "2024-01-01", "2024-01-02"], dtype="datetime64[D]")

    assert block_codes(dates, 3)[0].tolist() == [1, 0, 1]


def test_a_sample_without_holes_is_not_copied():
    values = np.arange(3.0)

    assert as_sample(values, "values") is values


def test_importing_the_room_does_not_import_scipy():
    rooms = "blocks, block_summaries, bootstrap, bounds, calibration, losses, two_sample"
    code = f"import sys; from trimtab.stats import {rooms}; sys.exit('scipy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
