import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from trimtab.stats.ranking import auc, auc_by_block_weights, multiclass_auc


def rows(seed, n=500, decimals=1):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.3
    return labels, (labels + rng.normal(size=n)).round(decimals), rng


@pytest.mark.parametrize("decimals", [0, 1, 8])
@pytest.mark.parametrize("seed", range(5))
def test_auc_equals_sklearn_with_and_without_ties(seed, decimals):
    labels, scores, _ = rows(seed, decimals=decimals)

    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_weighted_auc_equals_sklearn(seed):
    labels, scores, rng = rows(seed)
    weights = rng.exponential(size=labels.size)
    expected = roc_auc_score(labels, scores, sample_weight=weights)

    assert auc(labels, scores, weights) == pytest.approx(expected, abs=1e-12)


def test_auc_is_the_share_of_pairs_that_are_ordered_right():
    labels, scores, _ = rows(0, n=60)
    gaps = scores[labels][:, None] - scores[~labels]

    assert auc(labels, scores) == pytest.approx((np.sign(gaps) + 1).mean() / 2, abs=1e-15)


def test_infinite_scores_are_ranked():
    assert auc([0, 1, 0, 1], [-np.inf, np.inf, 0, np.inf]) == 1.0


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_auc_of_a_single_class_is_undefined(labels):
    assert np.isnan(auc(labels, [0.1, 0.2, 0.3]))
    assert np.isnan(auc(labels, [0.1, 0.2, 0.3], weights=[1, 1, 2]))


def test_multiclass_auc_equals_sklearn_one_against_the_rest():
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=300)
    probabilities = rng.dirichlet(np.ones(4), size=300)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")

    assert multiclass_auc(labels, probabilities) == pytest.approx(expected, abs=1e-12)


def test_classes_that_do_not_occur_are_left_out_of_the_average():
    probabilities = np.array([[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])

    assert multiclass_auc([0, 1, 1], probabilities) == multiclass_auc(
        [0, 1, 1], probabilities[:, :2]
    )
    assert np.isnan(multiclass_auc([1, 1, 1], probabilities))


@pytest.mark.parametrize("n_blocks", [1, 30, 450, 500])
def test_block_weights_give_the_auc_of_the_rows_they_stand_for(n_blocks):
    labels, scores, rng = rows(1)
    blocks = np.arange(500) % n_blocks
    weights = rng.integers(0, 3, size=(6, n_blocks)).astype(float) + (n_blocks == 1)
    expected = [roc_auc_score(labels, scores, sample_weight=w[blocks]) for w in weights]

    assert auc_by_block_weights(labels, scores, blocks)(weights) == pytest.approx(
        expected, abs=1e-12
    )


def test_without_blocks_every_row_has_its_own_weight():
    labels, scores, rng = rows(2, n=100)
    weights = rng.random((3, 100))
    expected = [auc(labels, scores, w) for w in weights]

    assert auc_by_block_weights(labels, scores)(weights) == pytest.approx(expected, abs=1e-12)


def test_a_weighting_without_positives_is_undefined():
    evaluate = auc_by_block_weights([1, 0, 0], [0.9, 0.1, 0.2], ["a", "b", "b"])

    assert np.isnan(evaluate(np.array([[0.0, 1.0]])))[0]


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 2], [0.1, 0.2], "expected `labels` of 0 and 1"),
        ([0, 1], [0.1, np.nan], "expected `scores` without NaN, got 1 of 2"),
        ([0, 1], [0.1, 0.2, 0.3], "expected 2 rows of `scores`, got 3"),
    ],
)
def test_rows_that_cannot_be_ranked_are_refused(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        auc(labels, scores)


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="expected finite `weights` of 0 or more"):
        auc([0, 1], [0.1, 0.2], [1, -1])


def test_labels_that_name_no_column_are_refused():
    with pytest.raises(ValueError, match="column indices 0 to 1"):
        multiclass_auc([0, 2], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="one column of scores per class"):
        multiclass_auc([0, 1], [0.5, 0.5])
