import datetime as dt

import numpy as np
import pytest

from trimtab.stats.label_blocks import label_blocks


@pytest.mark.parametrize(
    ("keys", "codes", "n_alone"),
    [
        (["b", "a", "b"], [0, 1, 0], 0),
        ([None, "None", None, "None"], [0, 1, 2, 1], 2),
        ([3.0, np.nan, 3.0, np.nan], [0, 1, 0, 2], 2),
        (np.array(["2024-01-02", "NaT", "2024-01-02"], dtype="datetime64[D]"), [0, 1, 0], 1),
        ([dt.date(2024, 1, 2), None, dt.date(2024, 1, 2)], [0, 1, 0], 1),
        ([None, None], [0, 1], 2),
        ([], [], 0),
    ],
)
def test_blocks_are_numbered_as_they_are_seen_and_rows_without_a_key_stand_alone(
    keys, codes, n_alone
):
    found, alone = label_blocks(keys)

    assert found.tolist() == codes
    assert alone == n_alone


def test_what_pandas_calls_missing_is_missing():
    import pandas as pd

    assert label_blocks(pd.Series([1, pd.NA, 1], dtype="Int64"))[0].tolist() == [0, 1, 0]


def test_two_keys_a_row_are_refused():
    with pytest.raises(ValueError, match="one key a row"):
        label_blocks([[1, 2], [1, 3]])
