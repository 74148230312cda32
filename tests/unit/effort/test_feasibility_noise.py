import json

import numpy as np
import pytest

from trimtab.core.errors import ConfigError, SourceError
from trimtab.effort.feasibility import feasibility
from trimtab.effort.feasibility_needs import LabelNoise, by_label, labels_to_clean
from trimtab.effort.feasibility_noise import given_noise, noise_doubts, noise_floor
from trimtab.effort.feasibility_page import feasibility_page
from trimtab.effort.noise_file import read_noise

MATRIX = [[1.0, 0.0], [0.3, 0.7]]


def one_sided(n, *, apart=4.0, seed=0):
    """Return points, labels of which 0.3 of class 1 are given as 0, and true classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    points = rng.normal(size=(n, 2))
    points[:, 0] += apart * truth
    return points, np.where((truth == 1) & (rng.random(n) < 0.3), 0, truth), truth


def discrete(rng, n_classes):
    """Return chances of classes at points, their weights, and noise that no class is hidden by."""
    posterior = rng.dirichlet(np.full(n_classes, rng.choice([0.05, 0.5])), size=20)
    noise = rng.dirichlet(np.ones(n_classes), size=n_classes)
    noise *= rng.uniform(0.05, 0.45, size=(n_classes, 1))
    return posterior, rng.dirichlet(np.ones(20)), noise + np.diag(1 - noise.sum(axis=1))


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_labels_to_clean_by_class_lie_between_the_fewest_and_the_most(n_classes):
    """In worlds whose errors can be summed at each share of wrong labels put right."""
    rng = np.random.default_rng((n_classes, 8))
    rows, tried = 100_000, 0
    for _ in range(200):
        posterior, weights, matrix = discrete(rng, n_classes)

        def error(left, posterior=posterior, weights=weights, matrix=matrix):
            noise = left * matrix + (1 - left) * np.eye(n_classes)
            return float(weights @ (1 - (posterior @ noise).max(axis=1)))

        now, clean = error(1.0), error(0.0)
        if clean > 0.9 * now:
            continue
        target = clean + rng.uniform(0.1, 0.9) * (now - clean)
        wrong = float(weights @ posterior @ (1 - np.diag(matrix)))
        shares = weights @ posterior @ (matrix * ~np.eye(n_classes, dtype=bool))
        noise = LabelNoise(wrong, wrong, wrong, True, matrix, by_label=shares)
        need = labels_to_clean(now, (now, now), target, noise, (rows, n_classes))
        steps = np.linspace(0, 1, 2_001)
        enough = next(s for s in steps if error(1 - s) <= target + 1e-12)
        truth = rows * wrong * enough
        slack = rows * wrong / 2_000 + 1
        assert need.fewest is not None
        assert need.fewest <= truth + slack
        assert need.most is None or truth <= need.most + slack
        tried += 1
    assert tried > 50


def test_even_noise_as_a_matrix_needs_what_its_share_needs():
    share = LabelNoise(0.2, 0.2, 0.2, True)
    even = np.array([[0.8, 0.2], [0.2, 0.8]])
    matrix = LabelNoise(0.2, 0.2, 0.2, True, even, by_label=np.array([0.1, 0.1]))
    for error in (0.22, 0.26, 0.3):
        asked = error, (error, error), 0.15, share, (1_000, 2)
        one, other = labels_to_clean(*asked), labels_to_clean(*asked[:3], matrix, (1_000, 2))
        assert one == other


def test_of_an_estimate_more_noise_means_fewer_labels_to_put_right():
    need = labels_to_clean(
        0.26, (0.26, 0.26), 0.15, LabelNoise(0.2, 0.18, 0.22, False), (1_000, 2)
    )

    assert need.fewest < need.best < need.most


def test_an_estimate_with_more_noise_than_errors_asks_for_no_more_labels():
    """As many wrong as the error is what takes the fewest: more cannot be, if most are right."""
    needs = [
        labels_to_clean(0.25, (0.2, 0.3), 0.15, LabelNoise(0.1, 0.05, high, False), (1_000, 2))
        for high in (0.2, 0.3, 0.6)
    ]

    assert [need.fewest for need in needs] == [50, 50, 50]


def test_errors_without_noise_are_no_more_than_with_it():
    rng = np.random.default_rng(6)
    found = feasibility(rng.normal(size=(300, 1)), np.arange(300) % 2, target_accuracy=0.6)

    assert found.label_noise_interval[1] > 0.5  # as many as a guess makes
    assert found.error_without_noise <= found.bayes_error
    assert found.error_without_noise_limits[0] == 0


def test_labels_to_put_right_by_class_add_up():
    noise = LabelNoise(0.3, 0.3, 0.3, True, None, np.array([0.1, 0.0, 0.1, 0.1]))

    for count in (0, 1, 7, 100):
        split = by_label(count, noise)
        assert sum(split) == count
        assert split[1] == 0
    assert by_label(None, noise) is None
    assert by_label(5, LabelNoise(0.3, 0.3, 0.3, True)) is None


def test_the_answer_names_the_class_whose_labels_to_look_at():
    points, given, truth = one_sided(6_000)
    found = feasibility(points, given, target_accuracy=0.9, noise=MATRIX, representations=("raw",))

    assert found.clean_by_class == (found.labels_to_clean, 0)
    assert "all labelled `0`" in feasibility_page(found)
    # that share of the wrong labels put right at random brings the best rule to the target
    wrong = np.flatnonzero(given != truth)
    left = given.copy()
    for row in wrong[: found.clean.fewest]:
        left[row] = truth[row]
    rule = (points[:, 0] > 2).astype(int)
    assert (rule != left).mean() > 0.1 - 0.01


def test_what_is_wrong_by_the_noise_given_no_classifier_can_avoid():
    points, given, _ = one_sided(3_000)
    found = feasibility(points, given, target_accuracy=0.9, noise=MATRIX, representations=("raw",))

    assert found.verdict == "unrealistic"
    assert "as many labels are wrong by chance as you say" in found.reason
    assert found.interval[0] == found.label_noise_interval[0]
    assert found.bayes_error >= found.label_noise
    assert found.interval[0] < (0.3 / 2 + 0.02) < found.interval[1]


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1.0, 0.0], [0.6, 0.4]], "true class `yes` is labelled `no` at least as often"),
        ([[0.55, 0.45], [0.2, 0.8]], "`no` would be at most 55.0% of the labels, and is 90.0%"),
        ([[0.7, 0.3], [0.0, 1.0]], "`no` would be at most 70.0% of the labels"),
        ([[0.95, 0.05], [0.45, 0.55]], "more than these labels can have"),
    ],
)
def test_noise_that_does_not_fit_the_labels_is_doubted(matrix, words):
    labels = np.array([0] * 900 + [1] * 100)
    noise = given_noise(np.array(matrix), labels, None, delta=0.05)
    said = noise_doubts(noise, labels, 0.02, ["no", "yes"])

    assert any(words in text for text in said)
    assert noise_floor(noise, 0.02) == 0


def test_noise_that_fits_is_not_doubted():
    _, given, truth = one_sided(5_000)
    noise = given_noise(np.array(MATRIX), given, None, delta=0.05)

    assert noise_doubts(noise, given, 0.2, [0, 1]) == []
    assert noise.low <= (given != truth).mean() <= noise.high


def test_an_estimate_comes_with_limits_and_with_what_confident_learning_says():
    points, given, truth = one_sided(6_000, apart=6.0)
    found = feasibility(points, given, target_accuracy=0.9, representations=("raw",))

    low, high = found.label_noise_interval
    assert low <= (given != truth).mean() <= high
    assert found.label_noise_limits == (0.0, high)
    assert found.confident_noise.high < (given != truth).mean()  # it counts too few here
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["confident_noise"]["estimate"] == found.confident_noise.estimate
    assert told["label_noise_interval"] == [low, high]
    page = feasibility_page(found)
    assert "Confident learning:" in page
    assert "if some rows of every class are beyond doubt" in page
    assert any("an underestimate where hard rows" in text for text in found.warnings)


def test_a_share_that_a_guess_would_make_is_refused():
    points, given, _ = one_sided(300)

    with pytest.raises(ConfigError, match="0.5 of 2 classes, got a share of 0.6"):
        feasibility(points, given, target_accuracy=0.9, noise=0.6)


def test_classes_are_found_by_name_whatever_their_order_and_type(tmp_path):
    file = tmp_path / "noise.csv"
    file.write_text("true, yes,no\nyes,0.7,0.3\nno,0,1\n")
    assert read_noise(file, ["no", "yes"]).tolist() == MATRIX
    file.write_text("true,1,0\n1,0.7,0.3\n0,0,1\n")
    for classes in ([0, 1], [0.0, 1.0], ["0", "1"]):
        assert read_noise(str(file), classes).tolist() == MATRIX
    file.write_text("is,False,True\nfalse,1,0\ntrue,0.3,0.7\n")
    assert read_noise(file, [False, True]).tolist() == MATRIX


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("true,no,yess\nno,1,0\nyes,0.3,0.7\n", "got 'yess'"),
        ("true,no,yes\nno,1,0\n", "class `yes` once in the rows"),
        ("true,no\nno,1\nyes,1\n", "class `yes` once in the columns"),
        ("true,no,yes\nno,1,0\nno,1,0\nyes,0.3,0.7\n", "it 2 times"),
        ("true,no,yes\nno,a,0\nyes,0.3,0.7\n", "got text"),
        ("true,no,yes\nno,1,\nyes,0.3,0.7\n", "got nan for true class `no`"),
        ("true,no,yes\nno,90,10\nyes,30,70\n", "got 100"),
        ("true,no,yes\nno,0.1,0.9\nyes,0.9,0.1\n", "`no` were called `yes`"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(tmp_path, text, words):
    file = tmp_path / "noise.csv"
    file.write_text(text)

    with pytest.raises(ConfigError, match=words):
        read_noise(file, ["no", "yes"])


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match="gone.csv"):
        read_noise(tmp_path / "gone.csv", [0, 1])
