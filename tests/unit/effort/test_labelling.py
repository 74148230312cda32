import json

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

import trimtab as tt
from trimtab.cli import effort_labels
from trimtab.cli.output import TrimtabGroup
from trimtab.core.errors import SchemaError
from trimtab.effort.label_tables import label_model, weighted_rows
from trimtab.effort.labelling import cast_votes, labelling_function
from trimtab.effort.vote_tables import read_votes


@pytest.fixture
def texts():
    return pl.DataFrame({"text": ["win a prize", "lunch?", None, "prize at lunch"]})


@labelling_function
def prize(row):
    return "spam" if row["text"] and "prize" in row["text"] else None


def test_a_function_and_an_expression_say_the_same(texts):
    rule = pl.when(pl.col("text").str.contains("prize")).then(pl.lit("spam")).alias("expression")
    votes = cast_votes(texts, [prize, rule], classes=["ham", "spam"])

    assert votes.sources == ("prize", "expression")
    assert votes.codes.tolist() == [[1, 1], [-1, -1], [-1, -1], [1, 1]]


def test_votes_go_into_the_label_model_with_their_names(texts):
    question = pl.when(pl.col("text").str.ends_with("?")).then(pl.lit("ham")).alias("question")
    found = label_model(cast_votes(texts, [prize, question]), method="majority")

    assert (found.sources, found.classes) == (("prize", "question"), ("ham", "spam"))
    assert found.probabilities.tolist() == [[0, 1], [1, 0], [0.5, 0.5], [0, 1]]


def test_a_function_that_fails_names_itself_and_the_row(texts):
    @labelling_function(name="long")
    def rule(row):
        return "spam" if len(row["text"]) > 8 else None

    with pytest.raises(SchemaError, match="`long` failed on row 2: TypeError"):
        cast_votes(texts, [rule])


def test_an_expression_on_a_column_that_is_not_there_is_told_of_the_nearest(texts):
    with pytest.raises(SchemaError, match="Did you mean `text`"):
        cast_votes(texts, [pl.col("txt").alias("rule")])


def test_a_decorator_without_a_name_is_refused():
    with pytest.raises(ValueError, match="got neither"):
        labelling_function()


def test_two_functions_of_one_name_are_refused(texts):
    with pytest.raises(SchemaError, match="`prize` twice"):
        cast_votes(texts, [prize, prize])


@pytest.mark.parametrize(
    ("votes", "options", "classes", "codes"),
    [
        ([[0, 1], [-1, 1]], {}, (0, 1), [[0, 1], [-1, 1]]),
        ([[0, 2], [None, 1]], {}, (0, 1, 2), [[0, 2], [-1, 1]]),
        ([[1, -1], [0, 1]], {"abstain": 0}, (-1, 1), [[1, 0], [-1, 1]]),
        ([["b", "a"], [None, "b"]], {}, ("a", "b"), [[1, 0], [-1, 1]]),
        ([["b", "a"], ["?", "b"]], {"abstain": "?"}, ("a", "b"), [[1, 0], [-1, 1]]),
        ([["b", "a"], ["-1", "b"]], {}, ("a", "b"), [[1, 0], [-1, 1]]),
        (np.array([[0.0, np.nan]]), {}, (0, 1), [[0, -1]]),
        (np.array([[True, False]]), {}, (0, 1), [[1, 0]]),
        ([["a", None]], {"classes": ["z", "a"]}, ("z", "a"), [[1, -1]]),
    ],
)
def test_votes_are_read_in_the_ways_that_people_write_them(votes, options, classes, codes):
    found = read_votes(votes, **options)

    assert found.classes == classes
    assert found.codes.tolist() == codes


def test_files_and_frames_are_read_alike(tmp_path):
    frame = pl.DataFrame({"id": [7, 8], "a": ["x", None], "b": ["y", "x"]})
    frame.write_csv(tmp_path / "votes.csv")
    for source in (tmp_path / "votes.csv", frame, frame.to_pandas()):
        assert read_votes(source, sources=["a", "b"]).codes.tolist() == [[0, 1], [-1, 0]]


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        ({"a": ["x", "y"]}, {"sources": ["b"]}, "column `b`"),
        ({"a": ["x"], "b": [1]}, {}, "text in each"),
        ({"a": ["x", "y"]}, {"classes": ["x", "z"]}, "got 'y'"),
        ({"a": ["x", "x"]}, {}, "at least two classes"),
        ({}, {}, "0 columns"),
    ],
)
def test_bad_tables_say_what_was_expected(frame, options, words):
    with pytest.raises(SchemaError, match=words):
        read_votes(pl.DataFrame(frame), **options)


def test_shares_of_classes_may_be_given_by_name():
    votes = pl.DataFrame({"a": ["x", "y"] * 50, "b": ["x", "y"] * 50, "c": ["x", "x"] * 50})
    found = label_model(votes, class_balance={"y": 0.7, "x": 0.3})

    assert found.class_balance.tolist() == [0.3, 0.7]
    with pytest.raises(ValueError, match="each class"):
        label_model(votes, class_balance={"y": 1.0})


def test_the_public_names_are_these():
    assert tt.label_model is label_model
    assert tt.labelling_function is labelling_function


@pytest.fixture
def effort():
    app = typer.Typer(cls=TrimtabGroup, pretty_exceptions_enable=False)
    effort_labels.register(app)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def voted(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=2_000)
    right = rng.random((2_000, 4)) < [0.9, 0.8, 0.7, 0.7]
    said = np.where(right, truth[:, None], 1 - truth[:, None])
    frame = pl.DataFrame(np.array(["ham", "spam"])[said], schema=["a", "b", "c", "d"])
    frame.with_columns(day=pl.Series(["mon", "tue"] * 1_000)).write_parquet(tmp_path / "v.parquet")
    return tmp_path / "v.parquet"


def test_the_command_writes_probabilities_and_prices_the_doubt(effort, voted, tmp_path):
    out = tmp_path / "labels.csv"
    done = effort("labels", voted, "--by", "day", "--out", out, "--label-cost", 0.5, "--json")
    facts = json.loads(done.stdout)

    assert done.exit_code == 0
    assert [round(s["accuracy"], 1) for s in facts["sources"]] == [0.9, 0.8, 0.7, 0.7]
    assert set(facts["slices"]) == {"mon", "tue"}
    assert facts["cost"] == 0.5 * facts["in_doubt"]
    assert pl.read_csv(out).columns == ["p_ham", "p_spam"]


def test_the_command_says_when_votes_are_not_enough(effort, voted):
    done = effort("labels", voted, "--sources", "a,b")

    assert done.exit_code == 3
    assert "at least three sources" in done.stderr


@pytest.mark.parametrize(("written", "options"), [("-1", ()), ("0", ("--abstain", "0"))])
def test_the_command_takes_a_number_among_texts_for_no_vote(
    effort, voted, tmp_path, written, options
):
    votes = pl.read_parquet(voted).drop("day").with_row_index("row")
    silent = pl.when(pl.col("row") % 5 > 0)
    for nothing, name in ((written, "texts.csv"), (None, "nulls.csv")):
        shown = votes.with_columns(silent.then(c).otherwise(pl.lit(nothing)) for c in "abcd")
        shown.drop("row").write_csv(tmp_path / name)
    done = effort("labels", tmp_path / "texts.csv", "--json", *options)

    assert json.loads(done.stdout)["classes"] == ["ham", "spam"]
    assert done.stdout == effort("labels", tmp_path / "nulls.csv", "--json").stdout


def test_the_command_names_the_nearest_method(effort, voted):
    done = effort("labels", voted, "--method", "triplets", "--sources", "a,b,c")

    assert done.exit_code == 2
    assert "Did you mean `triplet`?" in done.stderr


def test_the_command_lists_labels_that_look_wrong(effort, tmp_path):
    labels = ["ham"] * 50 + ["spam"] * 50
    chance = [0.9] * 47 + [0.1] * 53
    frame = pl.DataFrame({"label": labels, "p_ham": chance, "p_spam": [1 - x for x in chance]})
    frame.write_csv(tmp_path / "scored.csv")
    words = ("label-errors", tmp_path / "scored.csv", "--label", "label", "--label-cost", 2)
    facts = json.loads(effort(*words, "--json").stdout)

    assert facts["rows"] == [47, 48, 49]
    assert facts["cost"] == 6
    assert "3 of 100 labels look wrong" in effort(*words).stdout


def test_the_command_says_what_a_delta_out_of_range_should_be(effort, tmp_path):
    frame = pl.DataFrame({"y": ["a", "b"], "p_a": [0.9, 0.1], "p_b": [0.1, 0.9]})
    frame.write_csv(tmp_path / "scored.csv")
    done = effort("label-errors", tmp_path / "scored.csv", "--label", "y", "--delta", 2)

    assert done.exit_code == 2
    assert "got 2" in done.stderr
    assert "--delta" in done.stderr.split("hint:")[1]


def test_the_command_says_which_columns_of_chances_it_looked_for(effort, tmp_path):
    pl.DataFrame({"label": ["ham"], "p_ham": [0.9]}).write_csv(tmp_path / "scored.csv")
    done = effort("label-errors", tmp_path / "scored.csv", "--label", "label")

    assert done.exit_code == 2
    assert "`p_` + class for two classes or more, found 1" in done.stderr
    assert "--prefix" in done.stderr


def test_the_command_writes_rows_to_train_on(effort, voted, tmp_path):
    from sklearn.linear_model import LogisticRegression

    rng, truth = np.random.default_rng(1), np.random.default_rng(0).integers(2, size=2_000)
    pl.DataFrame({"x": rng.normal(size=2_000) + 2 * truth}).write_csv(tmp_path / "x.csv")
    out = tmp_path / "train.parquet"
    words = ("labels", voted, "--sources", "a,b,c,d", "--out", out)
    done = effort(*words, "--data", tmp_path / "x.csv")
    rows = pl.read_parquet(out)

    assert done.exit_code == 0
    assert rows.columns == ["x", "label", "weight"]
    assert rows["weight"].sum() == pytest.approx(2_000)
    model = LogisticRegression().fit(
        rows.select("x").to_numpy(), rows["label"], sample_weight=rows["weight"]
    )
    x = pl.read_csv(tmp_path / "x.csv").to_numpy()
    assert (model.predict(x) == np.array(["ham", "spam"])[truth]).mean() > 0.8


def test_rows_that_do_not_fit_the_votes_are_refused():
    found = label_model([[0, 1, 0], [1, 1, 1]], method="majority")
    with pytest.raises(SchemaError, match="expected 2 rows"):
        weighted_rows(pl.DataFrame({"x": [1]}), found)
    with pytest.raises(SchemaError, match="without a column `weight`"):
        weighted_rows(pl.DataFrame({"weight": [1, 2]}), found)


def test_data_need_a_place_to_be_written_to(effort, voted):
    done = effort("labels", voted, "--sources", "a,b,c", "--data", voted)

    assert done.exit_code == 2
    assert "--out" in done.stderr


def test_the_command_shows_slices_blocks_and_assumptions(effort, voted, tmp_path):
    blocked = pl.read_parquet(voted).with_columns(user=pl.Series(np.arange(2_000) // 20))
    blocked.write_parquet(tmp_path / "b.parquet")
    words = ("labels", tmp_path / "b.parquet", "--by", "day", "--block", "user")
    text = effort(*words, "--html", tmp_path / "page.html", "--label-cost", 2).stdout
    facts = json.loads(effort(*words, "--json").stdout)

    assert "Accuracy by slice" in text
    assert "blocks of rows are independent" in " ".join(text.split())
    assert facts["blocks"] == 100
    assert facts["sources"][0]["interval"]["method"].endswith("by block")
    assert facts["cost"] is None
    assert "likeliest class below 90 %" in (tmp_path / "page.html").read_text()


def test_the_command_writes_a_page_of_errors(effort, tmp_path):
    frame = pl.DataFrame({"label": ["a", "b"] * 9, "p_a": [0.9, 0.1] * 9, "p_b": [0.1, 0.9] * 9})
    frame.write_csv(tmp_path / "scored.csv")
    words = ("label-errors", tmp_path / "scored.csv", "--label", "label", "--label-cost", 2)
    done = effort(*words, "--cost-unit", "EUR", "--html", tmp_path / "page.html")

    assert done.exit_code == 0
    assert "0 EUR to look at" in done.stdout
    assert "rests on: probabilities come from a model" in done.stdout
    assert "No label looks wrong" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("wrong", [{"label": "weight"}, {"least": 1.0}, {"least": -0.1}])
def test_weighted_rows_refuse_a_name_taken_and_a_least_chance_out_of_range(wrong):
    found = label_model([[0, 1, 0], [1, 1, 1]], method="majority")

    with pytest.raises(ValueError, match="`label` other than 'weight' and `least`"):
        weighted_rows(pl.DataFrame({"x": [0.5, 2.0]}), found, **wrong)


def test_the_command_takes_no_names_for_classes(effort, voted, tmp_path):
    named = pl.read_parquet(voted).with_columns(id=pl.Series(range(2_000)))
    named.write_parquet(tmp_path / "ids.parquet")
    done = effort("labels", tmp_path / "ids.parquet")

    assert done.exit_code == 2
    assert "2,000 different values in `id`" in done.stderr
    assert "--sources" in done.stderr
    missing = effort("labels", voted, "--sources", "a,x")
    assert missing.exit_code == 2
    assert "v.parquet: expected a column `x`" in missing.stderr


def test_the_command_says_which_method_takes_more_than_two_classes(effort, tmp_path):
    votes = pl.DataFrame({name: ["x", "y", "z"] * 9 for name in "abc"})
    votes.write_csv(tmp_path / "v.csv")
    done = effort("labels", tmp_path / "v.csv", "--method", "triplet")

    assert done.exit_code == 2
    assert "--method dawid_skene, or majority" in done.stderr


def test_the_command_says_what_the_labels_are_and_what_it_wrote(effort, voted, tmp_path):
    words = ("labels", voted, "--sources", "a,b,c,d")
    done = effort(*words, "--out", tmp_path / "p.csv")
    facts = json.loads(effort(*words, "--json").stdout)
    text = " ".join(done.stdout.split())

    for name, share in zip(facts["classes"], facts["class_balance"], strict=True):
        assert f"{name} {share['estimate']:.1%}" in text
    assert f"{facts['expected_wrong']:,.0f} of 2,000 labels" in text
    assert "wrote 2,000 rows to" in done.stderr
    assert {tuple(pair["sources"]) for pair in facts["independence"]} >= {("a", "b"), ("c", "d")}
    assert facts["sources"][0]["coverage"] == 1
    assert " none " in effort(*words, "--method", "majority").stdout


def test_the_command_counts_rows_without_a_block_or_a_slice(effort, voted, tmp_path):
    user = [None if i % 4 == 0 else f"u{i // 20}" for i in range(2_000)]
    city = [None if i % 3 == 0 else "rome" for i in range(2_000)]
    frame = (
        pl.read_parquet(voted).drop("day").with_columns(user=pl.Series(user), city=pl.Series(city))
    )
    frame.write_parquet(tmp_path / "b.parquet")
    words = ("labels", tmp_path / "b.parquet", "--by", "city", "--block", "user", "--json")
    facts = json.loads(effort(*words).stdout)

    assert facts["blocks"] == 600
    assert "the 500 rows without one" in facts["assumptions"][-1]
    assert set(facts["slices"]) == {"null", "rome"}


def scored(path, n=1_000):
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=n)
    off = rng.random(n // 10)[np.arange(n) // 10] < 0.1  # whole blocks go wrong
    sure = np.where(truth == 1, 0.9, 0.1)
    names = np.array(["ham", "spam"])[np.where(off, 1 - truth, truth)]
    frame = {"label": names, "p_ham": 1 - sure, "p_spam": sure, "user": np.arange(n) // 10}
    pl.DataFrame(frame).write_csv(path)
    return off


def test_the_command_widens_limits_where_blocks_go_wrong_together(effort, tmp_path):
    off = scored(tmp_path / "s.csv")
    words = ("label-errors", tmp_path / "s.csv", "--label", "label", "--json")
    alone = json.loads(effort(*words).stdout)
    blocked = json.loads(effort(*words, "--block", "user").stdout)

    def width(facts):
        return facts["n_wrong"]["high"] - facts["n_wrong"]["low"]

    assert sorted(blocked["rows"]) == np.flatnonzero(off).tolist()
    assert sorted(alone["rows"]) == sorted(blocked["rows"])
    assert (alone["blocks"], blocked["blocks"]) == (None, 100)
    assert width(blocked) > 2 * width(alone)


def test_label_errors_take_classes_by_name_and_refuse_others():
    sure = np.repeat([[0.9, 0.1], [0.1, 0.9]], 20, axis=0)
    found = tt.label_errors(["spam"] + ["ham"] * 19 + ["spam"] * 20, sure, classes=["ham", "spam"])

    assert found.rows.tolist() == [0]
    assert found.classes[found.suggested[0]] == "ham"
    with pytest.raises(ValueError, match="among the classes ham, spam; got 'eggs'"):
        tt.label_errors(["eggs"] * 40, sure, classes=["ham", "spam"])
    with pytest.raises(ValueError, match="names in `classes`"):
        tt.label_errors(["ham"] * 40, sure)
