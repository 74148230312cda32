"""The metadata store: small facts that must survive a restart, in SQLite or PostgreSQL.

Tables are declared here, all of them, so that one page shows what is remembered. Rows are plain
dicts; `details` columns hold JSON. Large things (tables, models, events) live elsewhere.

Every table has a natural primary key and `add` ignores a row that is already there: a step that
is killed and run again writes the same facts once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.types import TypeDecorator

from trimtab.core.errors import ConfigError, MissingExtraError
from trimtab.core.records import jsonable


class UtcTime(TypeDecorator[datetime]):
    """Times are stored as ISO 8601 text in UTC, alike in every database, and sort as text."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Write a time."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        """Read a time."""
        return None if value is None else datetime.fromisoformat(value)


metadata = sa.MetaData()


def _table(name: str, keys: Sequence[str], **columns: Any) -> sa.Table:
    """Declare a table: `scope` and `keys` name its rows, `details` holds the rest as JSON."""
    made = [sa.Column("scope", sa.String(120), primary_key=True)]
    for column, kind in columns.items():
        made.append(sa.Column(column, kind, primary_key=column in keys))
    return sa.Table(name, metadata, *made, sa.Column("details", sa.JSON, default=dict))


_name, _text, _time, _count = sa.String(200), sa.Text, UtcTime, sa.Integer
_score = sa.Float

TABLES = {
    # who looked at which test set, at which step, and what was revealed
    "looks": _table(
        "looks", ("test_set", "step"),
        test_set=_name, step=_count, champion=_name, challenger=_name, condition=_text,
        outcome=_name, who=_name, at=_time,
    ),
    # the hash chain of the gates' ledger: what was opened, looked at, delivered, retired
    "ledger_entries": _table(
        "ledger_entries", ("number",),
        number=_count, kind=_name, test_set=_name, at=_time, previous=_name, hash=_name,
    ),
    # every move of a model version between stages
    "stage_moves": _table(
        "stage_moves", ("model", "version", "stage", "why"),
        model=_name, version=_count, stage=_name, previous=_name, who=_name, why=_text, at=_time,
    ),
    # the two human reviews
    "reviews": _table(
        "reviews", ("kind", "subject"),
        kind=_name, subject=_name, status=_name, who=_name, note=_text, at=_time,
    ),
    # closed windows, as monitoring saw them
    "windows": _table(
        "windows", ("model", "start"),
        model=_name, start=_time, end=_time, rows=_count, labelled=_count,
    ),
    "alerts": _table(
        "alerts", ("id",),
        id=_name, model=_name, monitor=_name, severity=_name, window_start=_time,
        window_end=_time, message=_text, runbook=_text, sent=sa.Boolean,
    ),
    # one row per window of a replay, and what became of its challenger
    "replay_windows": _table(
        "replay_windows", ("start",), start=_time, end=_time, state=_name
    ),
    # the four figures of a dataset version, held against one standard (a schema and what else
    # was asked)
    "quality": _table(
        "quality", ("dataset", "fingerprint", "standard"),
        dataset=_name, fingerprint=_name, standard=_name, schema_version=_name, at=_time,
        accuracy=_score, completeness=_score, consistency=_score, timeliness=_score,
    ),
    # which steps of a long command are done, so that it can be killed and run again
    "progress": _table("progress", ("step",), step=_name, at=_time),
}  # fmt: skip


class Store:
    """Door to the metadata database.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: `sqlite:///path` or `postgresql://user:secret@host/name`.
    scope : str
        Whose facts these are: `live`, or the name of a replay. Every row carries it.
    """

    def __init__(self, url: str, *, scope: str = "live") -> None:
        self.scope = scope
        self._engine = _engine(url)
        if not set(metadata.tables) <= set(sa.inspect(self._engine).get_table_names()):
            with self.transaction() as connection:  # or two processes would make the same table
                metadata.create_all(connection)

    def add(self, table: str, **row: Any) -> bool:
        """Insert a row; return False, and change nothing, if its key is already there."""
        with self.transaction() as connection:
            return self.add_within(connection, table, **row)

    def add_within(self, connection: Connection, table: str, **row: Any) -> bool:
        """Insert a row as part of a caller's transaction (see `add`)."""
        row["details"] = jsonable(row.get("details") or {})
        values = {"scope": self.scope, **row}
        if self._engine.dialect.name == "sqlite":
            from sqlalchemy.dialects.sqlite import insert
        else:
            from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
        query = insert(TABLES[table]).values(**values).on_conflict_do_nothing()
        # not rowcount: it is -1 on PostgreSQL
        return connection.execute(query.returning(TABLES[table].c.scope)).first() is not None

    def rows(
        self, table: str, *, order: str | Sequence[str] = (), **where: Any
    ) -> list[dict[str, Any]]:
        """Return the rows whose columns equal `where`, in the order of the columns named."""
        with self._engine.connect() as connection:
            return self.rows_within(connection, table, order=order, **where)

    def rows_within(
        self, connection: Connection, table: str, *, order: str | Sequence[str] = (), **where: Any
    ) -> list[dict[str, Any]]:
        """Return rows as part of a caller's transaction (see `rows`)."""
        target = TABLES[table]
        query = sa.select(target).where(self._match(target, where))
        names = [order] if isinstance(order, str) else order
        query = query.order_by(*(target.c[name] for name in names))
        return [dict(row) for row in connection.execute(query).mappings()]

    def last_within(
        self, connection: Connection, table: str, *, by: str, **where: Any
    ) -> dict[str, Any] | None:
        """Return the row with the greatest `by`, as part of a caller's transaction."""
        target = TABLES[table]
        query = sa.select(target).where(self._match(target, where))
        row = connection.execute(query.order_by(target.c[by].desc()).limit(1)).mappings().first()
        return None if row is None else dict(row)

    def change(self, table: str, values: Mapping[str, Any], **where: Any) -> int:
        """Set `values` on the rows whose columns equal `where`; return how many there were."""
        with self.transaction() as connection:
            return self.change_within(connection, table, values, **where)

    def change_within(
        self, connection: Connection, table: str, values: Mapping[str, Any], **where: Any
    ) -> int:
        """Set values as part of a caller's transaction (see `change`)."""
        target = TABLES[table]
        new = dict(values)
        if "details" in new:
            new["details"] = jsonable(new["details"])
        query = sa.update(target).where(self._match(target, where)).values(**new)
        return connection.execute(query).rowcount

    def scopes(self) -> list[str]:
        """Return the names of all scopes that have a row in any table, in alphabetical order."""
        query = sa.union(*(sa.select(table.c.scope) for table in TABLES.values()))
        with self._engine.connect() as connection:
            return sorted(connection.execute(query).scalars())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction that keeps other writers out until it ends.

        SQLite takes its write lock at once; PostgreSQL takes one advisory lock, so that "read,
        decide, write" by two processes can never both decide on the same state.
        """
        with self._engine.connect().execution_options(write=True) as connection:
            with connection.begin():
                if self._engine.dialect.name == "postgresql":
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7317)"))
                yield connection

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _match(self, target: sa.Table, where: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        wanted = [target.c[name] == value for name, value in where.items()]
        return sa.and_(target.c.scope == self.scope, *wanted)


def _engine(url: str) -> Engine:
    """Return an engine whose SQLite waits for other writers and loses nothing in a crash."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError(
            f"expected a database URL in `store.url`, got {url!r}",
            hint="Use sqlite:///FILE or postgresql://USER:SECRET@HOST/NAME.",
        ) from None
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        engine = sa.create_engine(parsed, future=True)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"expected the package `{error.name}` for {parsed.get_backend_name()}, found none",
            hint="Run `pip install 'trimtab[postgres]'`.",
        ) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not sqlite3's late one
    connection.execute("PRAGMA busy_timeout = 60000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
