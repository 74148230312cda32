import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from trimtab.core.errors import ConfigError, LeakageError, SchemaError
from trimtab.models.features import FeatureSet, load_expression, load_features

ROWS = pl.DataFrame({"minutes": [130, 59, None], "carrier": ["AA", None, "UA"]})


def test_features_come_in_their_order_and_nothing_else() -> None:
    features = FeatureSet({"hour": pl.col("minutes") // 60, "carrier": pl.col("carrier")})
    assert features.compute(ROWS).to_dict(as_series=False) == {
        "hour": [2, 0, None],
        "carrier": ["AA", None, "UA"],
    }
    assert features.columns == ["carrier", "minutes"]
    assert features.lineage == {"hour": ("minutes",), "carrier": ("carrier",)}


def test_hash_depends_on_names_and_expressions_alone() -> None:
    first = FeatureSet({"hour": pl.col("minutes") // 60})
    assert first.hash == FeatureSet({"hour": pl.col("minutes") // 60}).hash
    assert first.hash != FeatureSet({"hour": pl.col("minutes") // 30}).hash
    assert first.hash != FeatureSet({"hours": pl.col("minutes") // 60}).hash


@pytest.mark.parametrize(
    "expression",
    [
        pl.col("minutes") // 60,
        pl.col("minutes").fill_null(0).cast(pl.Float32).log1p(),
        pl.when(pl.col("carrier") == "AA").then(pl.lit("ours")).otherwise(pl.lit("theirs")),
        pl.col("carrier").replace_strict({"AA": 1, "UA": 2}, default=None),
        pl.col("carrier").str.len_chars() + pl.col("minutes"),
        pl.col("minutes").is_in([59, 60]),
    ],
)
def test_saved_features_compute_the_same(expression: pl.Expr) -> None:
    features = FeatureSet({"made": expression})
    read = FeatureSet.from_json(features.to_json())
    assert read.hash == features.hash
    assert_frame_equal(read.compute(ROWS), features.compute(ROWS))


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), min_size=1, max_size=30))
def test_a_row_alone_has_the_features_it_has_among_others(values: list[int | None]) -> None:
    features = FeatureSet({"a": pl.col("x") % 7, "b": (pl.col("x") > 3).fill_null(False)})
    rows = pl.DataFrame({"x": values}, schema={"x": pl.Int64})
    alone = pl.concat([features.compute(rows[i : i + 1]) for i in range(rows.height)])
    assert_frame_equal(features.compute(rows), alone)


def test_a_missing_column_is_named_with_its_feature_and_the_nearest() -> None:
    features = FeatureSet({"hour": pl.col("minute") // 60})
    with pytest.raises(SchemaError) as caught:
        features.compute(ROWS)
    assert "feature `hour`: expected a column `minute`" in caught.value.problem
    assert caught.value.hint == "Did you mean `minutes`?"


def test_a_wrong_type_is_blamed_on_the_feature() -> None:
    features = FeatureSet({"fine": pl.col("minutes"), "bad": pl.col("carrier").dt.hour()})
    with pytest.raises(SchemaError, match="feature `bad` cannot be computed from `carrier` Str"):
        features.compute(ROWS)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (pl.col("minutes").map_elements(abs, return_dtype=pl.Int64), "runs Python code"),
        (pl.col("minutes").map_batches(lambda s: s), "runs Python code"),
        (pl.col("minutes").mean(), "depends on other rows"),
        (pl.col("minutes").shift(1), "depends on other rows"),
        (pl.col("minutes").rank(), "depends on other rows"),
        (pl.col("minutes").sum().over("carrier"), "depends on other rows"),
        (pl.col("minutes").fill_null(strategy="forward"), "depends on other rows"),
        (pl.col("minutes").sort(), "depends on other rows"),
        (pl.col("minutes").filter(pl.col("minutes") > 3), "depends on other rows"),
        (pl.col("minutes", "carrier"), "makes several"),
        (pl.lit(1), "reads none"),
        ("minutes", "expected a Polars expression, got str"),
    ],
)
def test_what_the_server_cannot_repeat_is_refused(expression: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        FeatureSet({"made": expression})  # type: ignore[dict-item]


def test_python_in_a_saved_file_is_refused_and_not_run() -> None:
    smuggled = pl.col("x").map_batches(lambda s: s).meta.serialize(format="json")
    with pytest.raises(ConfigError, match="runs Python code"):
        FeatureSet.from_json(f'{{"made": {smuggled}}}')


def test_rows_that_depend_on_neighbours_in_nested_data_are_found_by_trying() -> None:
    # Polars cannot tell from the expression alone what happens inside `list.eval`
    features = FeatureSet({"first": pl.col("parts").list.eval(pl.element() + 1)})
    features.refuse_neighbours(pl.DataFrame({"parts": [[1, 2], [3]]}))


def test_a_leak_names_feature_and_column() -> None:
    features = FeatureSet({"hour": pl.col("minutes") // 60, "x": pl.col("delay") + 1})
    features.refuse_leaks(["arrived"])
    with pytest.raises(LeakageError) as caught:
        features.refuse_leaks({"delay": "`task.after` names it"})
    assert "feature `x` uses column `delay`" in caught.value.problem
    assert caught.value.context["column"] == "delay"


def test_features_file_is_run_and_its_errors_have_their_line(tmp_path, make_shop) -> None:
    shop = make_shop(tmp_path, features="import polars as pl\n\ndef features():\n    return 1 / 0")
    with pytest.raises(ConfigError, match=r"features.py, line 4: ZeroDivisionError"):
        load_features(shop.project)
    shop = make_shop(tmp_path, features="def features(:\n")
    with pytest.raises(ConfigError, match=r"features.py, line 1: SyntaxError"):
        load_features(shop.project)
    shop = make_shop(tmp_path, features="def feature():\n    return {}")
    with pytest.raises(ConfigError) as caught:
        load_features(shop.project)
    assert caught.value.hint == "Did you mean `feature`?"
    shop = make_shop(tmp_path, features="def features():\n    return []")
    with pytest.raises(ConfigError, match="to return a dict, got list"):
        load_features(shop.project)
    shop = make_shop(tmp_path, features="def features():\n    return {}")
    with pytest.raises(ConfigError, match="at least one feature"):
        load_features(shop.project)
    shop.project.features_file.unlink()
    with pytest.raises(ConfigError, match=r"expected a file features.py"):
        load_features(shop.project)


def test_an_expression_is_a_column_a_function_or_sql(tmp_path, make_shop) -> None:
    code = "import polars as pl\n\ndef dear():\n    return pl.col('price') > 9\n\nname = 3\n"
    project = make_shop(tmp_path, features=code + "\ndef three():\n    return 3\n").project
    rows = pl.DataFrame({"price": [5, 10], "a b": [1, 2]})

    def values(text: str) -> list[object]:
        expression = load_expression(project, text, columns=rows.columns)
        return rows.select(expression.alias("made")).to_series().to_list()

    assert values("price") == [5, 10]
    assert values("a b") == [1, 2]
    assert values("py:dear") == [False, True]
    assert values("price > 5 AND price < 20") == [False, True]
    with pytest.raises(ConfigError, match="expected a function nothing"):
        values("py:nothing")
    with pytest.raises(ConfigError, match="`py:three` to return an expression, got int"):
        values("py:three")
    with pytest.raises(ConfigError, match="expected a column, `py:name` or an SQL"):
        values("price >>> (")
