import numpy as np
import pytest
from scipy.stats import binom, binomtest

from trimtab.stats.exact_share import exact_share_interval


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 30), (90, 100)])
@pytest.mark.parametrize("delta", [0.05, 1e-4])
def test_limits_are_those_of_scipy(hits, rows, delta):
    ours = exact_share_interval(hits, rows, delta=delta)
    scipys = binomtest(hits, rows).proportion_ci(1 - delta, method="exact")

    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=1e-9)
    assert ours.estimate == hits / rows


def test_every_share_is_covered_as_promised():
    """The chance of a miss is summed over all counts: no simulation."""
    rows, delta = 40, 0.1
    limits = [exact_share_interval(k, rows, delta=delta) for k in range(rows + 1)]
    for share in np.linspace(0, 1, 501):
        chances = binom.pmf(np.arange(rows + 1), rows, share)
        missed = sum(
            p for p, found in zip(chances, limits, strict=True) if not found.contains(share)
        )

        assert missed <= delta + 1e-12


@pytest.mark.parametrize(("hits", "rows"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(hits, rows):
    with pytest.raises(ValueError, match="successes"):
        exact_share_interval(hits, rows, delta=0.05)
