"""The SQL that the owner of a team's database runs: tables, their weeks, and who may do what. It can be run again.

A seat's role inserts and reads rows of its own name, and changes and deletes none; a reader's role reads the sums of
all. Budgets are written by the owner alone: a seat reads its own and those of everybody, a reader all. Both are members
of a group, so that they are granted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment, SetTableComment

from opencode_tui.team.postgres.sharing_sql import SHARED, sharing_sql
from opencode_tui.team.postgres.tables import (
    PARTITIONED,
    TEAM_BUDGETS,
    TEAM_CALLS,
    TEAM_DAYS,
    TEAM_FIRSTS,
    TEAM_GAPS,
    TEAM_PARTS,
    TEAM_PUSHES,
    TEAM_SESSIONS,
)

SEAT_GROUP, READER_GROUP = "opencode_seat", "opencode_reader"
"""The groups."""
_SUMS = (TEAM_PUSHES, TEAM_DAYS, TEAM_PARTS, TEAM_SESSIONS, TEAM_GAPS, TEAM_FIRSTS)
_TABLES = (*_SUMS, TEAM_CALLS)
_DAY_MS = 86_400_000
_OWN = "seat = CAST(current_user AS text)"
_dialect = dialect()  # type: ignore[no-untyped-call]


class SchemaRequest(Struct, frozen=True):
    """What the SQL is for."""

    server: str
    """One of DATABASE_SERVERS."""
    mondays: tuple[date, ...]
    """The weeks, in UTC, that get a partition of their own; all others share one."""
    seats: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    """Roles that may log in."""


def schema_sql(request: SchemaRequest) -> str:
    """The statements, in the order in which they are run."""
    is_flat = request.server == "cockroachdb"  # which splits its tables itself, and has no declared partitions
    parts = [
        "SET client_min_messages = warning",  # otherwise each policy that is not there yet is a NOTICE
        *(_table(each, is_flat=is_flat) for each in (*_TABLES, TEAM_BUDGETS)),
        *(sql for each in (*_TABLES, TEAM_BUDGETS) for sql in _comments(each)),
        *(str(CreateIndex(index, if_not_exists=True).compile(dialect=_dialect)) for index in TEAM_DAYS.indexes),
        *(_distributed(each) for each in (*_TABLES, TEAM_BUDGETS) if request.server == "citus"),
        *(() if is_flat else _partitions(request.mondays)),
        *(_role(name, "NOLOGIN", is_flat=is_flat) for name in (SEAT_GROUP, READER_GROUP)),
        *_rules(),
        sharing_sql(is_flat=is_flat),
        f"GRANT EXECUTE ON FUNCTION {SHARED} TO {READER_GROUP}",
        *_members(request.seats, SEAT_GROUP, is_flat=is_flat),
        *_members(request.readers, READER_GROUP, is_flat=is_flat),
    ]
    return "".join(f"{part.strip()};\n" for part in parts)


def pruning_sql() -> str:
    """Deletes the sums and pushes that newer ones of the same seat have replaced. Calls are all kept."""
    of_days, of_pushes = ("seat", "day"), ("seat",)
    # The parts and sessions first: by the days it is known which ones are old.
    steps = (
        ("team_part", "team_day", of_days),
        ("team_session", "team_day", of_days),
        ("team_day", "team_day", of_days),
        ("team_gap", "team_gap", ("seat", "machine", "day")),
        ("team_push", "team_push", of_pushes),
    )
    return "".join(_prune(*step) for step in steps)


_OLDEST = "\n  AND team_push.revision > (SELECT min(revision) FROM team_push oldest WHERE oldest.seat = team_push.seat)"
"""The first push of a seat stays: it says which of two seats with one ledger came first."""


def _prune(table: str, by: str, keys: Sequence[str]) -> str:
    names, same = ", ".join(keys), " AND ".join(f"newest.{key} = {table}.{key}" for key in keys)
    newest = f"SELECT {names}, max(revision) AS revision FROM {by} GROUP BY {names}"
    return f"""DELETE FROM {table} USING ({newest}) AS newest
  WHERE {same} AND {table}.revision < newest.revision{_OLDEST if table == "team_push" else ""};\n"""


def mondays_from(day: date, weeks: int) -> tuple[date, ...]:
    """The Mondays of so many weeks, from that of a day on."""
    first = day - timedelta(days=day.weekday())
    return tuple(first + timedelta(weeks=number) for number in range(weeks))


def _table(table: Table, *, is_flat: bool) -> str:
    sql = str(CreateTable(table, if_not_exists=True).compile(dialect=_dialect)).strip()
    by = PARTITIONED.get(table)
    return sql if by is None or is_flat else f"{sql} PARTITION BY RANGE ({by.name})"


def _comments(table: Table) -> Iterator[str]:
    yield str(SetTableComment(table).compile(dialect=_dialect))
    for each in table.columns:
        if each.comment:
            yield str(SetColumnComment(each).compile(dialect=_dialect))


def _distributed(table: Table) -> str:
    """For Citus: all rows of a seat on one node, those of all tables together."""
    beside = "default" if table is _TABLES[0] else _TABLES[0].name
    return f"""SELECT create_distributed_table('{table.name}', 'seat', colocate_with => '{beside}')
  WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = '{table.name}'::regclass)"""


def _partitions(mondays: Sequence[date]) -> Iterator[str]:
    for table, by in PARTITIONED.items():
        yield f"CREATE TABLE IF NOT EXISTS {table.name}_rest PARTITION OF {table.name} DEFAULT"
        for monday in mondays:
            yield _partition(table.name, by.name, monday, is_moment=table is TEAM_CALLS)


def _partition(table: str, by: str, monday: date, *, is_moment: bool) -> str:
    """A week's partition, which takes over what lies in the rest's."""
    year, week, _ = monday.isocalendar()
    name, (first, after) = f"{table}_{year}w{week:02}", (monday, monday + timedelta(weeks=1))
    start, end = (str(_ms(day)) if is_moment else f"'{day}'" for day in (first, after))
    return f"""DO $$ BEGIN
  IF to_regclass('{name}') IS NULL THEN
    CREATE TABLE {name} (LIKE {table} INCLUDING ALL);
    WITH moved AS (DELETE FROM {table}_rest WHERE {by} >= {start} AND {by} < {end} RETURNING *)
      INSERT INTO {name} SELECT * FROM moved;
    ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end});
  END IF;
END $$"""


def _ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * _DAY_MS


def _rules() -> Iterator[str]:
    for table in (each.name for each in _TABLES):
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"GRANT SELECT, INSERT ON {table} TO {SEAT_GROUP}"
        yield from _policy(table, "own_rows_read", f"FOR SELECT TO {SEAT_GROUP} USING ({_OWN})")
        yield from _policy(table, "own_rows_added", f"FOR INSERT TO {SEAT_GROUP} WITH CHECK ({_OWN})")
    for table in (each.name for each in _SUMS):
        yield f"GRANT SELECT ON {table} TO {READER_GROUP}"
        yield from _policy(table, "sums_read", f"FOR SELECT TO {READER_GROUP} USING (true)")
    budgets = TEAM_BUDGETS.name
    yield f"ALTER TABLE {budgets} ENABLE ROW LEVEL SECURITY"
    yield f"GRANT SELECT ON {budgets} TO {SEAT_GROUP}, {READER_GROUP}"
    yield from _policy(budgets, "own_budgets_read", f"FOR SELECT TO {SEAT_GROUP} USING (seat = '' OR {_OWN})")
    yield from _policy(budgets, "budgets_read", f"FOR SELECT TO {READER_GROUP} USING (true)")


def _policy(table: str, name: str, rest: str) -> Iterator[str]:
    yield f"DROP POLICY IF EXISTS {name} ON {table}"
    yield f"CREATE POLICY {name} ON {table} {rest}"


def _members(names: Sequence[str], group: str, *, is_flat: bool) -> Iterator[str]:
    for name in names:
        yield _role(name, "LOGIN", is_flat=is_flat)
        yield f"GRANT {group} TO {_quoted(name)}"


def _role(name: str, login: str, *, is_flat: bool) -> str:
    if is_flat:
        return f"CREATE ROLE IF NOT EXISTS {_quoted(name)} {login}"
    return f"DO $$ BEGIN CREATE ROLE {_quoted(name)} {login}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"


def _quoted(name: str) -> str:
    return _dialect.identifier_preparer.quote_identifier(name)
