import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trimtab.stats.bins import bin_counts, bin_edges
from trimtab.stats.blocks import block_shift
from trimtab.stats.bounds import block_interval, empirical_bernstein_interval, hoeffding_interval
from trimtab.stats.distances import hellinger, jensen_shannon_distance, l_infinity, total_variation
from trimtab.stats.multiplicity import benjamini_hochberg, bonferroni, holm
from trimtab.stats.ranking import auc
from trimtab.stats.two_sample import ks_test

quick = settings(max_examples=50, deadline=None)
shares = st.floats(0, 1)
numbers = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf])
counts = arrays(np.int64, 5, elements=st.integers(0, 100)).filter(lambda c: c.sum() > 0)
scored = st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=30)


@pytest.mark.parametrize("interval", [hoeffding_interval, empirical_bernstein_interval])
@quick
@given(values=st.lists(shares, min_size=1, max_size=40), delta=st.floats(0.001, 0.5))
def test_bounds_hold_the_estimate_within_the_range(interval, values, delta):
    found = interval(values, delta=delta)

    assert 0 <= found.low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.high <= 1


@quick
@given(
    values=arrays(np.float64, 24, elements=st.floats(-100, 100)),
    shift=st.floats(-10, 10),
    sizes=st.integers(5, 8),
)
def test_block_limits_move_with_the_values_and_mirror_with_their_sign(values, shift, sizes):
    blocks = np.arange(24) % sizes
    found = block_interval(values, blocks, delta=0.05)
    moved = block_interval(values + shift, blocks, delta=0.05)
    mirrored = block_interval(-values, blocks, delta=0.05)

    assert moved.low == pytest.approx(found.low + shift, abs=1e-6)
    assert mirrored.high == pytest.approx(-found.low, abs=1e-6)


@quick
@given(rows=scored)
def test_auc_of_reversed_scores_is_the_complement(rows):
    labels, scores = (np.array(x) for x in zip(*rows, strict=True))

    assert auc(labels, -scores) == pytest.approx(1 - auc(labels, scores), nan_ok=True)


@quick
@given(rows=scored)
def test_auc_looks_at_the_order_of_scores_only(rows):
    labels, scores = (np.array(x) for x in zip(*rows, strict=True))

    assert auc(labels, scores**3) == pytest.approx(auc(labels, scores), nan_ok=True)


@quick
@given(reference=st.lists(numbers, max_size=40), values=st.lists(numbers, max_size=40))
def test_every_value_falls_into_exactly_one_bin(reference, values):
    edges = bin_edges(reference, 5)
    found = bin_counts(values, edges)

    assert (np.diff(edges) > 0).all()
    assert found.sum() == len(values)
    assert found[-1] == np.isnan(np.array(values, dtype=float)).sum()


@pytest.mark.parametrize(
    "distance", [total_variation, jensen_shannon_distance, hellinger, l_infinity]
)
@quick
@given(one=counts, two=counts, three=counts)
def test_bounded_distances_are_metrics(distance, one, two, three):
    direct = distance(one, two)

    assert 0 <= direct <= 1 + 1e-12
    assert direct == pytest.approx(distance(two, one))
    assert direct <= distance(one, three) + distance(three, two) + 1e-7


@quick
@given(p_values=st.lists(shares, min_size=1, max_size=30))
def test_corrections_only_raise_p_values_and_keep_their_order(p_values):
    raw = np.array(p_values)
    adjusted = [benjamini_hochberg(raw), holm(raw), bonferroni(raw)]

    assert all((a >= raw - 1e-15).all() and (a <= 1).all() for a in adjusted)
    assert all((np.diff(a[np.argsort(raw)]) >= -1e-15).all() for a in adjusted)
    assert (adjusted[0] <= adjusted[1] + 1e-15).all()
    assert (adjusted[1] <= adjusted[2] + 1e-15).all()


@quick
@given(
    one=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    two=st.lists(st.integers(0, 9), min_size=1, max_size=20),
)
def test_ks_does_not_care_about_order_or_units(one, two):
    found = ks_test(one, two)
    other = ks_test(np.exp(one[::-1]), np.exp(two))

    assert 0 <= found.p_value <= 1
    assert (found.statistic, found.p_value) == (other.statistic, other.p_value)


@quick
@given(
    blocks=arrays(np.int64, (8, 4), elements=st.integers(1, 50)), order=st.permutations(range(7))
)
def test_the_order_of_reference_blocks_does_not_matter(blocks, order):
    found = block_shift(blocks[:-1], blocks[-1])
    shuffled = block_shift(blocks[order], blocks[-1])

    assert shuffled.p_value == found.p_value
    assert shuffled.effect == pytest.approx(found.effect)
