"""The flights project as it is shipped: features, labels and schemas, on the real tables."""

from importlib.resources import as_file, files

import polars as pl
import pytest

from trimtab.core.project import Project, load_project
from trimtab.data.checks import validate
from trimtab.data.schema import Schema
from trimtab.data.sources import read_source
from trimtab.data.time import time_expression
from trimtab.models.features import load_features
from trimtab.models.leaks import late_columns
from trimtab.models.rows import LABEL, LABEL_TIME, TIME, assemble_rows


@pytest.fixture(scope="module")
def project() -> Project:
    with as_file(files("trimtab.loop.demo_flights")) as folder:
        return load_project(folder)


@pytest.fixture(scope="module")
def tables(project: Project) -> dict[str, pl.DataFrame]:
    read = {}
    for table in project.tables:
        assert table.schema_file is not None
        texts = Schema.load(project.root / table.schema_file).texts
        source = read_source(project.source(table.name), nulls=table.nulls, text=texts)
        read[table.name] = source.collect()
    return read


@pytest.fixture(scope="module")
def rows(project: Project, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return assemble_rows(project, tables)


def test_every_flight_is_a_row_and_9430_never_get_a_label(rows: pl.DataFrame) -> None:
    late = rows.group_by(pl.col(TIME).dt.month()).agg(pl.col(LABEL).mean()).sort(TIME)

    assert rows.height == 336_776
    assert rows[LABEL].null_count() == 9_430
    assert rows[LABEL_TIME].null_count() == 9_430
    assert round(late[LABEL][8], 2) == 0.13
    assert round(late[LABEL][11], 2) == 0.33


def test_a_label_is_known_when_the_plane_is_at_its_gate(rows: pl.DataFrame) -> None:
    landed = rows.drop_nulls(LABEL).select(
        taxi=(pl.col(LABEL_TIME) - pl.col(TIME)).dt.total_minutes()
        - pl.col("dep_delay")
        - pl.col("air_time"),
    )["taxi"]

    # Time on the ground, by the clocks of two time zones: a wrong zone would show as +-60.
    assert landed.min() == 5
    assert landed.median() == 28
    assert (landed < 120).mean() > 0.997


def test_features_are_known_when_the_question_is_asked(
    project: Project, rows: pl.DataFrame
) -> None:
    features = load_features(project)

    features.refuse_leaks(late_columns(project))
    features.refuse_neighbours(rows)
    assert len(features.compute(rows.head(10)).columns) == 20


def test_the_schemas_catch_the_known_faults_and_stop_nothing(
    project: Project, tables: dict[str, pl.DataFrame]
) -> None:
    flights = tables["flights"]
    times = flights.select(
        time_expression(project.table("flights").time or "", flights.schema)
    ).to_series()
    found = []
    for table in project.tables:
        assert table.schema_file is not None
        report = validate(
            tables[table.name], project.root / table.schema_file, others={"flights": times}
        )
        assert report.ok
        found += [violation.message for violation in report.violations]

    for fault in (
        "`wind_speed`: 1 of 26,115 values above 110 (largest 1048.36058)",
        "`wind_gust`: 20,778 of 26,115 values missing (79.6%)",
        "`pressure`: 2,729 of 26,115 values missing (10.4%)",
        "`tailnum`: 2,512 of 336,776 values missing",
        "ends on 2013-12-30 18:00",
    ):
        assert any(message.startswith(fault) for message in found), fault
