import numpy as np
import pytest

from trimtab.stats.confident import noise_matrix
from trimtab.stats.label_errors import label_errors


def test_the_joint_is_that_of_the_paper_computed_by_loops():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3) * 0.5, size=400)
    labels = np.array([rng.choice(3, p=p) for p in probabilities])
    thresholds = [probabilities[labels == k, k].mean() for k in range(3)]
    counts = np.zeros((3, 3))
    for label, row in zip(labels, probabilities, strict=True):
        plain = [k for k in range(3) if row[k] >= thresholds[k]]
        if plain:
            counts[label, max(plain, key=lambda k: row[k])] += 1
    joint = counts / counts.sum(axis=1, keepdims=True) * np.bincount(labels)[:, None] / 400
    found = noise_matrix(labels, probabilities)

    assert found.counts.tolist() == counts.tolist()
    assert found.joint == pytest.approx(joint)
    assert found.noise_rate.estimate == pytest.approx(1 - np.trace(joint))


def test_rows_and_columns_become_chances():
    labels = [0] * 60 + [1] * 40
    sure = [[0.9, 0.1]] * 54 + [[0.1, 0.9]] * 46
    found = noise_matrix(labels, sure)

    assert found.true_of_given == pytest.approx(np.array([[0.9, 0.1], [0, 1]]))
    assert found.given_of_true == pytest.approx(np.array([[1, 0], [6 / 46, 40 / 46]]))
    assert found.noise_rate.estimate == pytest.approx(0.06)


def test_flipped_labels_are_found_the_surest_first():
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=500)
    positive = np.where(truth == 1, rng.uniform(0.85, 0.95, 500), rng.uniform(0.05, 0.15, 500))
    flipped = rng.choice(500, size=40, replace=False)
    labels = truth.copy()
    labels[flipped] = 1 - labels[flipped]
    found = label_errors(labels, np.column_stack([1 - positive, positive]))

    assert set(found.rows) == set(flipped)
    assert (found.suggested == truth[found.rows]).all()
    assert (np.diff(found.margins) >= 0).all()
    assert found.n_wrong.contains(40)
    assert found.cost(2.0) == 80


def test_without_a_wrong_label_the_limits_still_reach_above_zero():
    found = noise_matrix([0] * 50 + [1] * 50, [[1, 0]] * 50 + [[0, 1]] * 50)

    assert found.noise_rate.estimate == 0
    assert 0.02 < found.noise_rate.high < 0.05


def test_a_class_that_was_never_given_is_never_suggested():
    found = noise_matrix([0, 0, 1], [[0.2, 0.1, 0.7], [0.9, 0.1, 0], [0.1, 0.9, 0]])

    assert found.counts[:, 2].tolist() == [0, 0, 0]
    assert (found.by_given[2].low, found.by_given[2].high) == (0, 1)
    assert found.by_given[2].method == "never given"
    assert found.to_dict()["thresholds"][2] is None


@pytest.mark.parametrize("seed", range(20))
def test_each_label_that_is_given_has_a_plain_row(seed):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(4), rng.integers(4, size=int(rng.integers(30)))])
    found = noise_matrix(labels, rng.dirichlet(np.full(4, 0.3), size=labels.size).round(1))

    assert (found.counts.sum(axis=1) > 0).all()
    assert found.noise_rate.width < 1


def test_a_poor_model_says_nothing_and_does_not_crash():
    found = noise_matrix([0, 1], [[0, 1], [1, 0]])
    assert (found.noise_rate.low, found.noise_rate.high) != (found.noise_rate.estimate,) * 2


def scored(n, *, seed=0):
    """Return labels of which a tenth is wrong, and chances that know it."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=n)
    labels = np.where(rng.random(n) < 0.1, 1 - truth, truth)
    return labels, np.where(truth[:, None] == [0, 1], 0.9, 0.1)


def test_a_block_a_row_gives_almost_the_limits_without_blocks():
    labels, chances = scored(1_000)
    alone = label_errors(labels, chances)
    blocked = label_errors(labels, chances, block=np.arange(1_000))

    assert blocked.rows.tolist() == alone.rows.tolist()
    assert blocked.n_wrong.low == pytest.approx(alone.n_wrong.low, rel=0.01)
    assert blocked.n_wrong.high == pytest.approx(alone.n_wrong.high, rel=0.01)
    assert "independent: copies" in alone.assumptions[-1]
    assert "blocks of rows are independent" in blocked.assumptions[-1]


def test_copies_of_a_row_count_once_as_a_block():
    labels, chances = scored(400)
    once = label_errors(labels, chances).noise
    copies = label_errors(
        np.repeat(labels, 5), np.repeat(chances, 5, axis=0), block=np.repeat(np.arange(400), 5)
    ).noise

    for one, five in zip(
        (once.noise_rate, *once.by_given), (copies.noise_rate, *copies.by_given), strict=True
    ):
        assert five.estimate == pytest.approx(one.estimate)
        assert five.low == pytest.approx(one.low, rel=0.05)
        assert five.high == pytest.approx(one.high, rel=0.05)


def test_where_no_label_looks_wrong_each_block_counts_as_a_row():
    labels, chances = np.tile([0, 1], 500), np.tile([[0.9, 0.1], [0.1, 0.9]], (500, 1))
    found = label_errors(labels, chances, block=np.arange(1_000) // 10).noise.noise_rate

    # 1 - (delta / 2) ** (1 / n) for none in n blocks
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 100), rel=0.05)


def test_few_blocks_give_no_limits_and_rows_without_a_block_are_counted():
    labels, chances = scored(400)
    few = label_errors(labels, chances, block=np.arange(400) // 20)
    keys = np.array([None] * 200 + ["u"] * 200, dtype=object)
    alone = label_errors(labels, chances, block=keys)

    assert (few.noise.noise_rate.low, few.noise.noise_rate.high) == (0, 1)
    assert "fewer than 40 blocks" in few.n_wrong.method
    assert (alone.n_blocks, alone.n_alone) == (201, 200)
    assert "the 200 rows without one" in alone.assumptions[-1]


def test_classes_have_names_and_there_is_one_for_each():
    labels, chances = scored(50)

    assert label_errors(labels, chances, classes=["ham", "spam"]).to_dict()["classes"] == [
        "ham",
        "spam",
    ]
    with pytest.raises(ValueError, match="2 names of classes, got 1"):
        label_errors(labels, chances, classes=["ham"])
    with pytest.raises(ValueError, match="50 rows of `block`"):
        label_errors(labels, chances, block=[1])


@pytest.mark.parametrize(
    ("labels", "probabilities", "words"),
    [
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "column indices"),
        ([0, 1], [0.5, 0.5], "a class"),
        ([0, 1], [[0.5, 1.5], [0.5, 0.5]], "in \\[0, 1\\]"),
    ],
)
def test_wrong_arguments_say_what_was_expected(labels, probabilities, words):
    with pytest.raises(ValueError, match=words):
        noise_matrix(labels, probabilities)
