import numpy as np
import polars as pl

from trimtab.gates.row_order import fixed_order


def test_the_order_is_of_ids_and_not_of_the_file():
    ids = np.arange(500)
    shuffled = np.random.default_rng(0).permutation(ids)

    assert np.array_equal(
        ids[fixed_order(ids, salt="s")], shuffled[fixed_order(shuffled, salt="s")]
    )
    assert np.array_equal(
        fixed_order(ids, salt="s"), fixed_order(pl.Series(ids).cast(pl.String), salt="s")
    )


def test_another_test_set_has_another_order():
    ids = np.arange(500)

    assert not np.array_equal(fixed_order(ids, salt="s"), fixed_order(ids, salt="t"))


def test_a_first_part_is_a_random_sample():
    """Means of first parts over many salts vary as those of simple random samples."""
    ids, part = np.arange(200), 50
    means = [fixed_order(ids, salt=str(i))[:part].mean() for i in range(400)]
    spread = np.sqrt((200**2 - 1) / 12 / part * (200 - part) / (200 - 1))

    assert abs(np.mean(means) - 99.5) < 4 * spread / np.sqrt(400)
    assert 0.85 < np.std(means) / spread < 1.15
