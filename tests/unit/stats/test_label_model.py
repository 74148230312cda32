from itertools import product

import numpy as np
import pytest

from trimtab.stats.dawid_skene import DawidSkene, fit_dawid_skene
from trimtab.stats.label_model import fit_label_model
from trimtab.stats.vote_scores import divergence, score_votes
from trimtab.stats.votes import as_votes


def draw(seed, n, accuracies, n_classes=2, *, silent=0.0, balance=None):
    """Return true classes and votes of sources that err independently, evenly over classes."""
    rng = np.random.default_rng(seed)
    shape = (n, len(accuracies))
    truth = rng.choice(n_classes, size=n, p=balance)
    other = (truth[:, None] + rng.integers(1, n_classes, size=shape)) % n_classes
    votes = np.where(rng.random(shape) < accuracies, truth[:, None], other)
    votes[rng.random(shape) < silent] = -1
    return truth, votes


def slow_em(votes, n_classes, informs, n_rounds):
    """Dawid and Skene as in their paper, a row and a vote at a time."""
    n, m = votes.shape
    symbols = list(range(n_classes)) + ([-1] if informs else [])
    chances = np.zeros((n, n_classes))
    for i in range(n):
        cast = [v for v in votes[i] if v >= 0]
        for c in range(n_classes):
            chances[i, c] = cast.count(c) / len(cast) if cast else 1 / n_classes
    for _ in range(n_rounds):
        balance = chances.mean(axis=0)
        table = np.zeros((m, n_classes, len(symbols)))
        for j, c in product(range(m), range(n_classes)):
            for k, symbol in enumerate(symbols):
                table[j, c, k] = 0.01 + chances[votes[:, j] == symbol, c].sum()
            table[j, c] /= table[j, c].sum()
        for i in range(n):
            for c in range(n_classes):
                chance = balance[c]
                for j in range(m):
                    if votes[i, j] in symbols:
                        chance *= table[j, c, symbols.index(votes[i, j])]
                chances[i, c] = chance
            chances[i] /= chances[i].sum()
    return chances


@pytest.mark.parametrize("method", ["dawid_skene", "triplet"])
def test_accuracies_of_the_synthetic_case_come_out_to_a_hundredth(method):
    accuracies = [0.9, 0.8, 0.7, 0.6, 0.55]
    _, votes = draw(0, 200_000, accuracies)
    found = fit_label_model(votes, method=method)

    assert found.accuracies == pytest.approx(accuracies, abs=0.01)
    assert found.class_balance == pytest.approx([0.5, 0.5], abs=0.01)
    assert found.warnings == ()


@pytest.mark.parametrize("abstentions", ["inform", "ignore"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_equal_those_of_em_row_by_row(n_classes, abstentions):
    _, votes = draw(1, 120, [0.9, 0.85, 0.8, 0.8], n_classes, silent=0.2)
    found = fit_label_model(votes, abstentions=abstentions)
    expected = slow_em(votes, n_classes, abstentions == "inform", n_rounds=600)

    assert found.probabilities == pytest.approx(expected, abs=1e-5)


def test_triplets_of_three_sources_are_the_closed_form():
    _, votes = draw(2, 3_000, [0.9, 0.8, 0.7], silent=0.2)
    signs = np.where(votes < 0, np.nan, 2 * votes - 1)

    def pair(i, j):
        return np.nanmean(signs[:, i] * signs[:, j])

    expected = [
        np.sqrt(pair(0, 1) * pair(0, 2) / pair(1, 2)),
        np.sqrt(pair(0, 1) * pair(1, 2) / pair(0, 2)),
        np.sqrt(pair(0, 2) * pair(1, 2) / pair(0, 1)),
    ]
    found = fit_label_model(votes, method="triplet")

    assert 2 * found.accuracies - 1 == pytest.approx(expected, abs=1e-12)


def test_triplet_probabilities_equal_the_posterior_by_enumeration():
    votes = np.array(list(product([-1, 0, 1], repeat=3)) * 40)
    votes = np.vstack([votes, draw(3, 2_000, [0.9, 0.8, 0.7])[1]])
    found = fit_label_model(votes, method="triplet", class_balance=[0.3, 0.7])
    right = found.accuracies
    for row, got in zip(votes[:27], found.probabilities[:27], strict=True):
        both = [
            share
            * np.prod([right[j] if v == c else 1 - right[j] for j, v in enumerate(row) if v >= 0])
            for c, share in enumerate([0.3, 0.7])
        ]

        assert got == pytest.approx(np.array(both) / sum(both), abs=1e-9)


def test_majority_shares_votes_and_says_that_it_promises_nothing():
    found = fit_label_model([[0, 0, 1], [1, 1, -1], [-1, -1, -1]], method="majority")

    assert found.probabilities == pytest.approx(np.array([[2 / 3, 1 / 3], [0, 1], [0.5, 0.5]]))
    assert [(limits.low, limits.high) for limits in found.accuracy_intervals] == [(0, 1)] * 3
    assert found.accuracies.tolist() == [1, 1, 0]


def test_coverage_overlap_and_conflict_are_counted_by_hand():
    found = fit_label_model([[0, 0], [1, 0], [1, -1], [-1, -1]], method="majority")

    assert found.coverage.tolist() == [0.75, 0.5]
    assert found.overlap.tolist() == [0.5, 0.5]
    assert found.conflict.tolist() == [0.25, 0.25]


def test_a_source_that_votes_for_one_class_only_informs_by_its_silence():
    rng = np.random.default_rng(4)
    truth = rng.integers(2, size=5_000)
    fires = rng.random((5_000, 4)) < np.where(truth[:, None] == 1, 0.6, 0.1)
    votes = np.where(fires, 1, -1)
    votes[:, 2:] = np.where(rng.random((5_000, 2)) < 0.8, truth[:, None], 1 - truth[:, None])
    found = fit_label_model(votes)
    # share of class 1 among the rows on which it fires: .6 / (.6 + .1)
    assert found.accuracies[:2] == pytest.approx([6 / 7, 6 / 7], abs=0.03)
    assert (found.labels == truth).mean() > (votes[:, 2] == truth).mean()


def test_two_sources_are_not_enough_and_that_is_said_with_limits():
    _, votes = draw(5, 500, [0.9, 0.8])
    for method in ("dawid_skene", "triplet"):
        found = fit_label_model(votes, method=method)

        assert [(i.low, i.high) for i in found.accuracy_intervals] == [(0, 1)] * 2
        assert any("at least three sources" in warning for warning in found.warnings)


def test_three_sources_cannot_be_tested_and_that_is_said():
    found = fit_label_model(draw(6, 1_000, [0.9, 0.8, 0.7])[1], method="triplet")

    assert found.independence == ()
    assert "could not be tested" in found.warnings[0]


def test_a_copied_source_is_warned_of():
    _, votes = draw(7, 3_000, [0.8, 0.75, 0.75, 0.7, 0.7])
    votes[:1_500, 1] = votes[:1_500, 0]
    found = fit_label_model(votes, method="triplet", sources=["a", "b", "c", "d", "e"])

    assert {found.independence[0].first, found.independence[0].second} == {0, 1}
    assert "`a` and `b` say the same on" in found.warnings[0]
    assert found.accuracies[0] > 0.83  # and rightly: the copy makes it look better than .8


def test_triplets_warn_of_a_source_that_is_better_on_one_class():
    rng = np.random.default_rng(8)
    truth = rng.integers(2, size=4_000)
    right = rng.random((4_000, 4)) < np.where(truth[:, None] == 1, 0.95, [0.6, 0.7, 0.9, 0.95])
    votes = np.where(right, truth[:, None], 1 - truth[:, None])
    said = fit_label_model(votes, method="triplet").warnings

    assert "`source 0` is right on" in said[0]
    assert fit_label_model(votes).warnings == ()


def test_a_source_against_the_majority_is_found_to_be_worse_than_chance():
    _, votes = draw(9, 3_000, [0.9, 0.85, 0.8, 0.2])
    for method in ("dawid_skene", "triplet"):
        found = fit_label_model(votes, method=method)

        assert found.accuracies[3] == pytest.approx(0.2, abs=0.04)
        assert any("no better than chance" in warning for warning in found.warnings)


def test_slices_have_their_own_accuracies_and_small_ones_say_nothing():
    truth, votes = draw(10, 4_020, [0.9, 0.8, 0.8, 0.8])
    slices = np.array(["day"] * 2_000 + ["night"] * 2_000 + ["eve"] * 20)
    night = slices == "night"
    votes[night, 0] = np.where(np.arange(2_000) % 10 < 6, truth[night], 1 - truth[night])
    found = fit_label_model(votes, slices=slices)

    assert found.slices["night"][0].contains(0.6)
    assert found.slices["day"][0].contains(0.9)
    assert (found.slices["eve"][0].low, found.slices["eve"][0].high) == (0, 1)


def test_weighted_labels_train_on_the_expected_loss():
    from sklearn.linear_model import LogisticRegression

    truth, votes = draw(11, 2_000, [0.85, 0.8, 0.75, 0.7])
    feature = np.random.default_rng(0).normal(size=2_000) + 2 * truth
    found = fit_label_model(votes)
    rows, classes, weights = found.weighted_labels()
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(
        feature[rows, None], classes, sample_weight=weights
    )
    chance = model.predict_proba(feature[:, None])[:, 1]
    gap = chance - found.probabilities[:, 1]  # zero gradient of the expected logistic loss
    assert abs(gap.mean()) < 1e-4
    assert abs((gap * feature).mean()) < 1e-4


def test_rows_weigh_one_whichever_classes_are_left_out():
    """Training on the rows is training on each row with the chances of the classes kept."""
    from sklearn.linear_model import LogisticRegression

    truth, votes = draw(19, 1_500, [0.8, 0.75, 0.7], 3)
    feature = np.random.default_rng(1).normal(size=1_500) + 2 * truth
    found = fit_label_model(votes)
    rows, classes, weights = found.weighted_labels(least=0.2)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(
        feature[rows, None], classes, sample_weight=weights
    )

    assert np.bincount(rows, weights) == pytest.approx(np.ones(1_500))
    held = [[p if p > 0.2 else 0 for p in row] for row in found.probabilities]
    targets = np.array([[p / sum(row) for p in row] for row in held])
    assert (targets == 0).any(axis=1).mean() > 0.5
    # zero gradient of the expected loss, each row once
    gap = model.predict_proba(feature[:, None]) - targets
    assert np.abs(gap.mean(axis=0)).max() < 1e-4
    assert np.abs((gap * feature[:, None]).mean(axis=0)).max() < 1e-4


def test_a_high_least_chance_leaves_the_rows_that_are_sure():
    found = fit_label_model(draw(20, 800, [0.9, 0.8, 0.8, 0.7])[1])
    rows, classes, weights = found.weighted_labels(least=0.9)

    assert rows.tolist() == np.flatnonzero(found.probabilities.max(axis=1) > 0.9).tolist()
    assert classes.tolist() == found.labels[rows].tolist()
    assert weights == pytest.approx(np.ones(rows.size))


def test_doubt_and_its_price():
    found = fit_label_model([[0, 0, 1], [1, 1, 1], [0, 1, -1]], method="majority")

    assert found.in_doubt(0.9).tolist() == [2, 0]
    assert found.cost(0.5) == 1.0
    for cost in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="`label_cost` of 0 or more"):
            found.cost(cost)
    assert found.expected_wrong == pytest.approx(1 / 3 + 1 / 2)


def test_a_known_balance_is_kept_and_must_add_up():
    _, votes = draw(12, 500, [0.9, 0.8, 0.7, 0.8])
    found = fit_label_model(votes, class_balance=[0.4, 0.6])

    assert found.class_balance.tolist() == [0.4, 0.6]
    with pytest.raises(ValueError, match="adding up to 1"):
        fit_label_model(votes, class_balance=[0.4, 0.4])


@pytest.mark.parametrize(
    ("votes", "options", "words"),
    [
        ([[0, 5]], {"classes": ["a", "b"]}, "votes of 0 to 1"),
        ([[0, 0.5]], {}, "votes of 0 to"),
        ([0, 1], {}, "shape"),
        ([[0, 1, 2]], {"method": "triplet"}, "two classes"),
        ([[0, 1]], {"method": "snorkel"}, "'snorkel'"),
        ([[0, 1]], {"delta": 1.5}, "`delta`"),
        ([[0, 1]], {"sources": ["a"]}, "2 names"),
    ],
)
def test_wrong_arguments_say_what_was_expected(votes, options, words):
    with pytest.raises(ValueError, match=words):
        fit_label_model(votes, **options)


def test_nothing_at_all_is_an_outcome():
    found = fit_label_model(np.full((5, 4), -1))

    assert found.probabilities == pytest.approx(np.full((5, 2), 0.5))
    assert [(i.low, i.high) for i in found.accuracy_intervals] == [(0, 1)] * 4
    assert found.to_dict()["rows"] == 5


@pytest.mark.parametrize(("method", "near"), [("dawid_skene", 0.1), ("triplet", 1e-12)])
def test_a_block_a_row_gives_almost_the_limits_without_blocks(method, near):
    _, votes = draw(12, 4_000, [0.9, 0.8, 0.75, 0.7])
    alone = fit_label_model(votes, method=method)
    blocked = fit_label_model(votes, method=method, block=np.arange(4_000))

    for one, other in zip(alone.accuracy_intervals, blocked.accuracy_intervals, strict=True):
        assert other.estimate == one.estimate
        assert other.width == pytest.approx(one.width, rel=near)
    for one, other in zip(
        sorted(alone.independence, key=lambda pair: (pair.first, pair.second)),
        sorted(blocked.independence, key=lambda pair: (pair.first, pair.second)),
        strict=True,
    ):
        assert other.z == pytest.approx(one.z, rel=0.1, abs=0.05)


def test_the_order_of_the_rows_hardly_moves_the_limits_of_triplets():
    _, votes = draw(2, 4_000, [0.9, 0.8, 0.75, 0.7])
    first = fit_label_model(votes, method="triplet")
    for seed in range(5):
        mixed = np.random.default_rng(seed).permutation(votes)
        other = fit_label_model(mixed, method="triplet")
        for one, two in zip(first.accuracy_intervals, other.accuracy_intervals, strict=True):
            assert two.width == pytest.approx(one.width, rel=0.2)


@pytest.mark.parametrize("nothing", [None, np.nan])
def test_a_row_without_a_block_is_a_block_of_its_own(nothing):
    _, votes = draw(17, 2_000, [0.9, 0.8, 0.75, 0.7])
    number = np.arange(2_000)
    keys = [nothing if i % 2 else float(i // 10) for i in number]
    own = np.where(number % 2, 10_000 + number, number // 10)
    found = fit_label_model(votes, block=keys)
    expected = fit_label_model(votes, block=own)

    assert found.n_blocks == 1_200
    assert found.accuracy_intervals == expected.accuracy_intervals
    assert "the 1,000 rows without one" in found.assumptions[-1]


def test_rows_without_a_slice_are_a_slice_called_null():
    _, votes = draw(18, 400, [0.9, 0.8, 0.75, 0.7])
    found = fit_label_model(votes, slices=np.array(["a", None] * 200, dtype=object))

    assert set(found.slices) == {"a", "null"}


@pytest.mark.parametrize("method", ["dawid_skene", "triplet"])
def test_copies_in_one_block_count_once(method):
    _, votes = draw(13, 2_000, [0.9, 0.8, 0.75, 0.7])
    once = fit_label_model(votes, method=method, block=np.arange(2_000))
    copies = fit_label_model(
        np.repeat(votes, 5, axis=0), method=method, block=np.repeat(np.arange(2_000), 5)
    )

    for one, other in zip(once.accuracy_intervals, copies.accuracy_intervals, strict=True):
        assert other.low == pytest.approx(one.low, abs=1e-3)
        assert other.high == pytest.approx(one.high, abs=1e-3)
    assert copies.n_blocks == 2_000
    assert "blocks of rows are independent" in copies.assumptions[-1]


@pytest.mark.parametrize("method", ["dawid_skene", "triplet"])
def test_few_blocks_give_no_limits_and_that_is_said(method):
    _, votes = draw(14, 2_000, [0.9, 0.8, 0.75, 0.7])
    found = fit_label_model(votes, method=method, block=np.arange(2_000) // 200)

    assert [(i.low, i.high) for i in found.accuracy_intervals] == [(0, 1)] * 4
    assert any("10 blocks of rows are fewer than 40" in warning for warning in found.warnings)
    assert found.accuracies == pytest.approx([0.9, 0.8, 0.75, 0.7], abs=0.05)


def test_blocks_go_with_the_rows_into_slices():
    _, votes = draw(15, 2_000, [0.9, 0.8, 0.75, 0.7])
    blocks, half = np.arange(2_000) // 10, np.arange(2_000) % 20 < 10
    found = fit_label_model(votes, slices=half, block=blocks)
    alone = fit_label_model(votes[half], block=blocks[half])

    for one, other in zip(found.slices["True"], alone.accuracy_intervals, strict=True):
        assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_there_has_to_be_a_block_for_each_row():
    with pytest.raises(ValueError, match="2 rows of `block`"):
        fit_label_model([[0, 1], [1, 1]], block=[1])


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("majority", "each vote counts the same"),
        ("triplet", "on one class as on the other"),
        ("dawid_skene", "sources err independently"),
    ],
)
def test_the_answer_says_what_it_rests_on(method, words):
    found = fit_label_model(draw(16, 200, [0.9, 0.8, 0.8])[1], method=method)

    assert any(words in assumption for assumption in found.assumptions)
    assert found.to_dict()["assumptions"] == list(found.assumptions)


@pytest.mark.parametrize("n", [20, 500])
def test_sources_that_never_differ_have_limits_and_are_no_proof_of_copies(n):
    truth = np.random.default_rng(0).integers(0, 2, n)
    found = fit_label_model(np.repeat(truth[:, None], 4, axis=1))

    # as wide as if the truth were known: Clopper and Pearson's of n right votes of n
    for limits in found.accuracy_intervals:
        assert limits.low == pytest.approx(0.025 ** (1 / n), abs=0.01)
        assert limits.high == 1
    assert not any("depend" in warning for warning in found.warnings)
    assert all(pair.p_value == 1 for pair in found.independence)


@pytest.mark.parametrize("method", ["majority", "dawid_skene", "triplet"])
def test_a_whole_copy_is_warned_of_though_no_test_can_find_it(method):
    truth, votes = draw(7, 2_000, [0.8, 0.9, 0.7, 0.6])
    names = ["a", "b", "c", "d", "copy"]
    table = np.column_stack([votes, votes[:, 0]])
    table[:300, 4] = -1  # of fewer rows
    found = fit_label_model(table, method=method, sources=names)

    assert any("`a`, `copy` never differ" in warning for warning in found.warnings)
    if method != "majority":
        assert found.accuracies[0] > 0.99 > 0.85 > (votes[:, 0] == truth).mean()
    without = fit_label_model(votes, method=method, sources=names[:4])
    assert not any("never differ" in warning for warning in without.warnings)


def test_sources_that_cannot_differ_are_no_copies_but_where_they_vote_alike():
    spam = np.random.default_rng(3).random((2_000, 3)) < 0.5
    votes = np.column_stack([np.where(spam, 1, -1), np.where(spam[:, 0], 1, -1)])
    found = fit_label_model(votes, method="majority", sources=["a", "b", "c", "a again"])

    assert [warning for warning in found.warnings if "never differ" in warning] == [
        "`a`, `a again` never differ: if they are copies, or made from one another, they are one "
        "source that counts as 2, accuracies are wrong and probabilities too sure; keep one of "
        "them, unless they were made apart"
    ]
    few = fit_label_model(votes[:60], method="majority")  # some 30 votes in common
    assert not any("never differ" in warning for warning in few.warnings)


def test_of_a_source_that_never_votes_nothing_is_known():
    _, votes = draw(1, 500, [0.9, 0.8, 0.7])
    found = fit_label_model(np.column_stack([votes, np.full(500, -1)]))

    assert np.isnan(found.accuracies[3])
    assert (found.accuracy_intervals[3].low, found.accuracy_intervals[3].high) == (0, 1)


def warned(found):
    return any("probabilities are too sure" in warning for warning in found.warnings)


def test_more_to_learn_than_votes_teach_is_warned_of():
    truth, votes = draw(2, 300, [0.65] * 4, n_classes=10)
    found = fit_label_model(votes)

    assert (found.labels != truth).sum() > 3 * found.expected_wrong
    assert warned(found)
    truth, votes = draw(2, 300, [0.8] * 4)
    found = fit_label_model(votes)
    assert (found.labels != truth).sum() < 1.5 * found.expected_wrong
    assert not warned(found)


@pytest.mark.parametrize(
    ("n", "accuracies", "balance"),
    [(1_000, [0.6] * 3, None), (1_000, [0.7] * 5, [0.9, 0.025, 0.025, 0.025, 0.025])],
    ids=["weak sources", "rare classes"],
)
def test_many_votes_that_teach_little_are_warned_of(n, accuracies, balance):
    n_classes = 2 if balance is None else len(balance)
    drawn = [draw(seed, n, accuracies, n_classes, balance=balance) for seed in range(6)]
    found = [fit_label_model(votes, classes=range(n_classes)) for _, votes in drawn]
    wrong = sum(
        (model.labels != truth).sum() for model, (truth, _) in zip(found, drawn, strict=True)
    )

    assert wrong > 1.4 * sum(model.expected_wrong for model in found)
    assert all(warned(model) for model in found)


@pytest.mark.parametrize("informs", [False, True])
def test_divergence_is_that_from_the_probabilities_of_the_truth(informs):
    accuracies, silent, said, true = [0.85, 0.8, 0.75, 0.7], 0.2, [], []
    laws = np.array([np.where(np.eye(3) > 0, a, (1 - a) / 2) for a in accuracies])
    if informs:
        laws = np.concatenate([laws * (1 - silent), np.full((4, 3, 1), silent)], axis=2)
    for seed in range(40):
        votes = as_votes(draw(seed, 2_000, accuracies, 3, silent=silent)[1])
        model = fit_dawid_skene(votes, informs=informs)
        right = DawidSkene(np.full(3, 1 / 3), laws, informs, True, True).posterior(votes)
        said.append(divergence(votes, score_votes(votes, model)))
        true.append(votes.weights @ (right * np.log(right / model.posterior(votes))).sum(axis=1))

    assert np.mean(said) == pytest.approx(np.mean(true), rel=0.15)
