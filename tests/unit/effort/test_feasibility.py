import json
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
import typer
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from trimtab.cli.effort_feasibility import register
from trimtab.cli.output import TrimtabGroup
from trimtab.core.errors import ConfigError, NotEnoughDataError, SchemaError
from trimtab.effort.feasibility import feasibility, feasibility_study
from trimtab.effort.feasibility_halving import successive_halving
from trimtab.effort.feasibility_noise import given_noise
from trimtab.effort.feasibility_page import feasibility_page
from trimtab.effort.feasibility_picture import curves_picture
from trimtab.stats.laws import normal_cdf

FAST = ("raw", "pca")


def two_bells(n, *, apart, columns=2, wrong=0.0, seed=0):
    """Return two classes with Bayes error Phi(-apart / 2), some labels being wrong."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    points = rng.normal(size=(n, columns))
    points[:, 0] += apart * label
    return points, np.where(rng.random(n) < wrong, 1 - label, label)


def test_an_accuracy_that_a_classifier_shows_is_realistic():
    points, label = two_bells(4_000, apart=2.0)
    found = feasibility(points, label, target_accuracy=0.8, representations=FAST)
    assert found.verdict == "realistic"
    assert found.interval[0] <= normal_cdf(-1.0) <= found.interval[1]
    assert abs(found.bayes_error - normal_cdf(-1.0)) < 0.05
    assert found.labels_to_clean == found.samples_to_add == 0


def test_an_accuracy_beyond_the_bayes_error_is_unrealistic():
    points, label = two_bells(6_000, apart=1.0)
    found = feasibility(points, label, target_accuracy=0.9, representations=FAST)
    assert found.verdict == "unrealistic"
    assert found.samples_to_add is None
    assert found.interval[0] <= normal_cdf(-0.5) <= found.interval[1]


def test_close_to_the_bayes_error_the_data_cannot_tell():
    points, label = two_bells(3_000, apart=2.0)
    found = feasibility(points, label, target_accuracy=0.85, representations=FAST)
    assert found.verdict == "not enough data"
    assert any("5,000" in text for text in found.warnings)


def test_label_noise_is_taken_out_of_the_error():
    points, label = two_bells(8_000, apart=4.0, wrong=0.2)
    found = feasibility(points, label, target_accuracy=0.9, noise=0.2, representations=FAST)
    truth = normal_cdf(-2.0)
    assert found.verdict == "unrealistic"
    low, high = found.error_without_noise_limits
    assert low <= truth <= high
    # 0.1 of the error has to go: from q = 0.2 down to where (1 - 2 q) truth + q is 0.1
    left = (0.1 - found.error_without_noise) / (1 - 2 * found.error_without_noise)
    assert found.labels_to_clean == pytest.approx(8_000 * (0.2 - left), abs=2)


def test_estimated_noise_is_near_what_was_injected_where_classes_are_apart():
    points, label = two_bells(6_000, apart=5.0, wrong=0.15)
    found = feasibility(points, label, target_accuracy=0.8, representations=FAST)
    assert found.label_noise == pytest.approx(0.15, abs=0.03)
    assert found.label_noise_limits[1] >= 0.15


def test_where_classes_overlap_the_estimate_does_not_call_it_all_noise():
    points, label = two_bells(6_000, apart=1.5)
    found = feasibility(points, label, target_accuracy=0.7, representations=FAST)
    assert found.label_noise < 0.08 < found.bayes_error


def test_noise_by_class_is_taken_as_given():
    points, label = two_bells(4_000, apart=4.0)
    matrix = [[1.0, 0.0], [0.3, 0.7]]
    rng = np.random.default_rng(5)
    given = np.where((label == 1) & (rng.random(4_000) < 0.3), 0, label)
    found = feasibility(points, given, target_accuracy=0.9, noise=matrix, representations=FAST)
    assert found.label_noise == pytest.approx((given != label).mean(), abs=0.02)
    low, high = found.error_without_noise_limits
    assert low <= normal_cdf(-2.0) <= high
    # the lower end may come from the matrix or from the neighbours: each misses half as often
    one_side = given_noise(np.array(matrix), given, None, delta=0.025).low
    assert found.interval[0] >= found.label_noise_interval[0] == one_side


def test_a_label_put_right_changes_the_answer_at_once():
    points, label = two_bells(1_500, apart=4.0, seed=3)
    rng = np.random.default_rng(4)
    wrong = np.flatnonzero(rng.random(1_500) < 0.3)
    noisy = label.copy()
    noisy[wrong] = 1 - noisy[wrong]
    study = feasibility_study(
        points, noisy, target_accuracy=0.9, noise=0.3, representations=("raw",)
    )
    before = study.result()
    for row in wrong:
        study.fix(int(row), int(label[row]))
    after = study.result()
    clean = feasibility(points, label, target_accuracy=0.9, noise=0.0, representations=("raw",))
    assert before.bayes_error > 0.2
    assert after.curves[0].errors == clean.curves[0].errors
    with pytest.raises(ValueError, match="takes part"):
        study.fix(5_000, 1)
    with pytest.raises(ValueError, match=r"one of \[0, 1\]"):
        study.fix(0, 7)


def test_a_table_of_all_kinds_of_columns():
    rng = np.random.default_rng(6)
    n = 1_200
    label = rng.choice(["early", "late", "never"], n)
    frame = pl.DataFrame(
        {
            "label": pl.Series(label).set(pl.Series(np.arange(n) % 100 == 0), None),
            "number": rng.normal(size=n) + (label == "late") * 3,
            "gaps": pl.Series(rng.normal(size=n)).set(pl.Series(rng.random(n) < 0.2), None),
            "level": pl.Series(np.where(label == "never", "x", rng.choice(["y", "z"], n))),
            "many": rng.integers(0, 200, n).astype(str),
            "yes": rng.random(n) < 0.5,
            "day": pl.Series(rng.integers(19_000, 19_300, n)).cast(pl.Date),
            "text": [f"{w} words of some length number {i}" for i, w in enumerate(label)],
            "vector": rng.normal(size=(n, 5)),
            "nothing": pl.Series([None] * n),
            "one": ["same"] * n,
        }
    )
    found = feasibility(frame, "label", target_accuracy=0.6)
    assert found.verdict == "realistic"
    assert found.n_classes == 3
    assert any("12 rows without a label" in text for text in found.warnings)
    assert {curve.name for curve in found.curves} >= {"raw", "ranks", "pca", "leaves", "scores"}
    json.dumps(found.to_dict(), allow_nan=False)


def test_blocks_stay_on_one_side_and_widen_the_interval():
    rng = np.random.default_rng(8)
    user = np.repeat(np.arange(60), 50)
    label = (rng.random(60) < 0.5).astype(int)[user]
    points = np.column_stack([rng.normal(size=60)[user], rng.normal(size=3_000)])
    frame = pl.DataFrame({"a": points[:, 0], "b": points[:, 1], "label": label, "user": user})
    alone = feasibility(frame.drop("user"), "label", target_accuracy=0.9, representations=FAST)
    held = feasibility(frame, "label", target_accuracy=0.9, representations=FAST, block="user")
    # a user is known again by the first column: right for old users, and a guess for new ones
    assert alone.interval[1] < 0.1
    assert held.interval[0] <= 0.5 <= held.interval[1] + 0.1
    assert held.verdict != alone.verdict == "realistic"


def test_ones_own_representations_take_part():
    digits = load_digits()
    own = {"half": digits.data[:, ::2], "asked": lambda frame: frame.to_numpy()[:, :3]}
    found = feasibility(digits.data, digits.target, target_accuracy=0.9, representations=own)
    names = [curve.name for curve in found.curves]
    assert names[-4:] == ["half", "half (cosine)", "asked", "asked (cosine)"]
    assert found.verdict == "realistic"
    alone = feasibility(
        pl.DataFrame({"y": digits.target}), "y", target_accuracy=0.9,
        representations={"pixels": digits.data},
    )  # fmt: skip
    assert alone.verdict == "realistic"
    assert alone.curves[0].name == "pixels"


def test_digits_with_labels_made_wrong():
    digits = load_digits()
    rng = np.random.default_rng(9)
    chosen = rng.random(digits.target.size) < 0.4
    label = np.where(chosen, rng.integers(0, 10, chosen.size), digits.target)
    found = feasibility(digits.data, label, target_accuracy=0.95, noise=0.36, representations=FAST)
    assert found.verdict == "unrealistic"
    assert found.interval[0] <= 0.36 + 0.02 <= found.interval[1] + 0.02
    assert found.bayes_error == pytest.approx(0.37, abs=0.05)


def test_few_rows_are_an_outcome():
    found = feasibility(np.eye(10), np.arange(10) % 2, target_accuracy=0.9)
    assert found.verdict == "not enough data"
    assert np.isnan(found.bayes_error)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["bayes_error"] is None
    assert "not enough data" in repr(found)
    with pytest.raises(NotEnoughDataError, match="at least 40 rows"):
        feasibility_study(np.eye(10), np.arange(10) % 2, target_accuracy=0.9)


def test_the_same_seed_gives_the_same_answer():
    points, label = two_bells(600, apart=2.0)
    one, other = (feasibility(points, label, target_accuracy=0.8, seed=3) for _ in range(2))
    assert one.to_dict() == other.to_dict()


def test_an_estimated_noise_matrix_is_near_what_was_injected():
    points, label = two_bells(6_000, apart=6.0)
    rng = np.random.default_rng(12)
    given = np.where((label == 1) & (rng.random(6_000) < 0.3), 0, label)
    found = feasibility(points, given, target_accuracy=0.8, representations=FAST)
    # rows just under a class's threshold are not counted: too few of the wrong ones, here
    assert np.allclose(found.noise_matrix, [[1.0, 0.0], [0.3, 0.7]], atol=0.1)
    assert found.classes == (0, 1)
    told = feasibility(points, given, target_accuracy=0.8, noise=0.1, representations=("raw",))
    assert told.noise_matrix is None


def test_a_pattern_finer_than_the_rows_is_named_as_what_the_verdict_cannot_see():
    rng = np.random.default_rng(13)
    points = rng.random((3_000, 2))
    label = np.floor(points * 200).sum(axis=1).astype(int) % 2  # no error, with rows enough
    found = feasibility(points, label, target_accuracy=0.9, representations=FAST)
    assert found.verdict == "unrealistic"
    assert any("finer than the distance" in text for text in found.warnings)


def test_copies_are_named_as_what_makes_errors_look_small():
    points, label = two_bells(1_000, apart=1.0)
    frame = pl.DataFrame({"a": points[:, 0], "label": label, "case": np.arange(1_000)})
    copied = pl.concat([frame] * 5)
    fooled = feasibility(copied.drop("case"), "label", target_accuracy=0.9, representations=FAST)
    assert fooled.verdict == "realistic"
    assert any("equal row among the others" in text for text in fooled.warnings)
    held = feasibility(copied, "label", target_accuracy=0.9, representations=FAST, block="case")
    assert held.verdict != "realistic"
    assert held.interval[0] <= normal_cdf(-0.5) <= held.interval[1]


def test_trees_see_what_they_were_grown_on_whatever_is_asked_for_beside_them():
    points, label = two_bells(4_000, apart=6.0, columns=6, wrong=0.1)
    points = np.exp(points)  # ranks are then far from the values
    noise = [
        feasibility(points, label, target_accuracy=0.8, representations=names).label_noise
        for names in (["raw", "leaves"], ["ranks", "leaves"], ["leaves"], ["scores"])
    ]

    assert noise[0] == pytest.approx(0.1, abs=0.03)
    assert noise[1:] == noise[:1] * 3


def test_a_notebook_shows_what_the_page_shows_and_loads_nothing():
    points, label = two_bells(800, apart=2.0)
    names = {"<b>" + "long " * 30: points, "second": points[:, :1]}
    found = feasibility(points, label, target_accuracy=0.8, representations=names)
    shown = found._repr_html_()
    assert "<svg" in shown
    assert "<html" not in shown
    assert "<b>" not in shown
    assert "rows looked at" in shown
    page = feasibility_page(found)
    assert "src=" not in page
    assert "href=" not in page
    few = feasibility(np.eye(10), np.arange(10) % 2, target_accuracy=0.9)
    assert "Too few rows" in feasibility_page(few)


def test_the_picture_has_a_point_for_each_size_and_the_target():
    points, label = two_bells(2_000, apart=2.0)
    found = feasibility(points, label, target_accuracy=0.8, representations=FAST)
    drawn = ElementTree.fromstring(str(curves_picture(found)))
    lines = drawn.findall("polyline")
    assert [len(line.get("points").split()) for line in lines] == [
        len(curve.sizes) for curve in found.curves
    ]
    texts = [text.text for text in drawn.findall("text")]
    assert "target" in texts
    assert "0.200" in texts
    assert "estimated Bayes error (share of rows)" in texts


def test_a_price_of_a_label_is_multiplied():
    points, label = two_bells(3_000, apart=4.0, wrong=0.2)
    found = feasibility(
        points, label, target_accuracy=0.9, noise=0.2, label_cost=0.5, representations=("raw",)
    )
    assert found.cleaning_cost == found.labels_to_clean * 0.5
    assert found.to_dict()["cost_unit"] == "minutes"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"label": "lable"}, SchemaError, "column `lable`"),
        ({"label": "x"}, SchemaError, "expected classes in `x`"),
        ({"label": "one"}, SchemaError, "at least 2 classes"),
        ({"representations": ["row"]}, ConfigError, "'row'"),
        ({"representations": {"mine": np.ones((3, 2))}}, SchemaError, "500 rows"),
        ({"block": "day"}, SchemaError, "column `day`"),
        ({"target_accuracy": 1.2}, ValueError, "target_accuracy"),
        ({"label_cost": -1}, ValueError, "`label_cost` of 0 or more"),
        ({"noise": 1.5}, ValueError, "`noise` from 0"),
        ({"noise": np.eye(3)}, ValueError, "2 classes"),
    ],
)
def test_what_cannot_be_is_refused(change, error, words):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"label": rng.integers(0, 2, 500), "x": rng.normal(size=500), "one": 1})
    asked = {"label": "label", "target_accuracy": 0.9, "representations": ["raw"]} | change
    with pytest.raises(error, match=words):
        feasibility(frame, asked.pop("label"), **asked)


def run_command(tmp_path, *options, apart=1.0):
    points, label = two_bells(3_000, apart=apart)
    file = tmp_path / "train.parquet"
    pl.DataFrame({"a": points[:, 0], "b<i>": points[:, 1], "late": label}).write_parquet(file)
    app = typer.Typer(cls=TrimtabGroup)
    app.callback()(lambda: None)
    register(app)
    arguments = ["feasibility", str(file), "--label", "late", "--representation", "raw"]
    return CliRunner().invoke(app, [*arguments, *options])


@pytest.mark.parametrize(
    ("apart", "target", "code", "word"),
    [(3.0, "0.8", 0, "realistic"), (1.0, "0.95", 1, "unrealistic"), (1.0, "0.7", 3, "not enough")],
)
def test_the_command_says_the_verdict_and_exits_by_it(tmp_path, apart, target, code, word):
    said = run_command(tmp_path, "--target", target, "--noise", "0", apart=apart)
    assert said.exit_code == code
    assert said.stdout.startswith(word)
    assert "Bayes error 0." in said.stdout
    assert "labels random (FeeBee)" in said.stdout


def test_the_command_writes_json_and_a_page(tmp_path):
    page = tmp_path / "page.html"
    said = run_command(
        tmp_path, "--target", "0.95", "--json", "--html", str(page), "--label-cost", "2"
    )
    told = json.loads(said.stdout)
    assert told["verdict"] == "unrealistic"
    assert told["curves"][0]["name"] == "raw"
    html = page.read_text(encoding="utf-8")
    assert "<svg" in html
    assert "unrealistic" in html
    assert "src=" not in html


def convex_curves(rng, n_arms, n_pulls):
    """Return falling, convex curves: sums of power laws over a floor."""
    steps = np.arange(1, n_pulls + 1)
    return [
        rng.uniform(0, 0.3) + rng.uniform(0.05, 0.6) * steps ** -rng.uniform(0.1, 2.0)
        for _ in range(n_arms)
    ]


def test_tangents_spare_pulls_and_leave_the_winner():
    rng = np.random.default_rng(10)
    spared = 0
    for _ in range(300):
        n_arms, n_pulls = int(rng.integers(1, 12)), int(rng.integers(1, 60))
        curves = convex_curves(rng, n_arms, n_pulls)
        races = []
        for tangent in (False, True):
            seen = [0] * n_arms

            def pull(arm, seen=seen, curves=curves):
                seen[arm] += 1
                return float(curves[arm][seen[arm] - 1])

            races.append(successive_halving(pull, n_arms, n_pulls, tangent=tangent))
        plain, quick = races
        assert plain.winner == quick.winner
        assert len(quick.curves[quick.winner]) == n_pulls
        assert quick.n_pulls <= plain.n_pulls <= n_arms * n_pulls
        spared += plain.n_pulls - quick.n_pulls
    assert spared > 0


def test_a_race_needs_an_arm():
    with pytest.raises(ValueError, match="expected an arm"):
        successive_halving(lambda arm: 0.0, 0, 3)
