from datetime import UTC, datetime

import polars as pl
import pytest

from trimtab.core.errors import NotFoundError
from trimtab.core.store import Store
from trimtab.data import quality_history as module
from trimtab.data.quality_history import quality_history
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.tables import Tables


@pytest.fixture
def store(tmp_path):
    opened = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def tables(tmp_path) -> Tables:
    made = Tables(tmp_path / "tables")
    for day, ages in enumerate([[31, 44], [52, 300], [None, None, None, 18]]):
        rows = pl.DataFrame({"age": ages}, schema={"age": pl.Int64}).with_columns(
            t=pl.datetime(2026, 1, 1 + day, time_zone="UTC")
        )
        made.ingest("people", rows, time="t", at=datetime(2026, 1, 2 + 2 * day, tzinfo=UTC))
    return made


SCHEMA = Schema(time="t", columns={
    "age": ColumnSchema(type="Int64", max=120), "t": ColumnSchema(type="Datetime"),
})  # fmt: skip


def test_each_version_has_its_figures(tables, store):
    reports = quality_history(tables, "people", SCHEMA, store=store, max_age="1d")

    assert [report.table for report in reports] == ["people@0", "people@1", "people@2"]
    assert [report.completeness.score for report in reports] == [1.0, 1.0, 1 - 3 / 16]
    assert [report.accuracy.score for report in reports] == [1.0, 1 - 1 / 8, 1 - 1 / 13]
    assert [report.timeliness.score for report in reports] == [1.0, 0.5, 1 / 3]


def test_figures_are_computed_once_for_each_version_and_standard(tables, store, monkeypatch):
    first = quality_history(tables, "people", SCHEMA, store=store)
    calls = []

    def counted(*args, **options):
        calls.append(args[0].name)
        return compute(*args, **options)

    compute = module.quality
    monkeypatch.setattr(module, "quality", counted)

    assert quality_history(tables, "people", SCHEMA, store=store) == first
    assert calls == []
    tables.ingest("people", pl.DataFrame({"age": [7], "t": [datetime(2026, 2, 1, tzinfo=UTC)]}),
                  time="t", at=datetime(2026, 2, 1, tzinfo=UTC))  # fmt: skip
    assert quality_history(tables, "people", SCHEMA, store=store)[:3] == first
    assert calls == ["people@3"]
    strict = Schema(
        time="t", columns={**SCHEMA.columns, "age": ColumnSchema(type="Int64", max=40)}
    )
    changed = quality_history(tables, "people", strict, store=store)
    assert calls == ["people@3", "people@0", "people@1", "people@2", "people@3"]
    assert changed[0].accuracy.score == 0.75


def test_without_a_schema_the_first_version_sets_the_standard(tables, store):
    reports = quality_history(tables, "people", store=store)

    assert len({report.schema_version for report in reports}) == 1
    assert not any(report.drafted for report in reports)


def test_an_unknown_table_is_named(tables, store):
    with pytest.raises(NotFoundError, match="no table is called `poeple`"):
        quality_history(tables, "poeple", store=store)
