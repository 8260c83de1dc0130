"""The tables of a team's database.

Nothing in them is ever changed, but for budgets: a call that changed, and a day's sums that grew, are rows of a new
revision, and the newest one counts. Revisions count the pushes of a seat, and are taken by inserting into `team_push`,
whose key makes two pushes of a seat follow each other. Each key has the seat, to distribute by, and the time, to
partition by.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
)

from opencode_tui.team.postgres.special_values import EVERY_DAY

metadata = MetaData()
BUDGET_LINES = ("warning", "cutoff", "ci", "automation", "background")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, autoincrement=False)


TEAM_CALLS = Table(
    "team_call",
    metadata,
    _text("seat"),
    Column("created_ms", BigInteger, nullable=False, autoincrement=False, comment="Unix milliseconds"),
    Column("id", Text, nullable=False, comment="OpenCode's message id, with #2, #3 for further calls of a message"),
    _number("revision"),
    Column("content", BigInteger, nullable=False, comment="a hash of what follows; 0 if the call is gone"),
    Column("day", Date, nullable=False, comment="in the seat's time zone"),
    _text("machine"),
    Column("session_id", Text, nullable=False, comment="empty unless the seat shares sessions"),
    Column("title", Text, nullable=False, comment="empty unless the seat shares titles"),
    _text("project"),
    _text("provider"),
    _text("model"),
    _text("agent"),
    Column("completed_ms", BigInteger, comment="NULL if it has not completed"),
    _number("input"),
    _number("output"),
    _number("reasoning"),
    _number("cache_read"),
    _number("cache_write"),
    Column("cost_nano", BigInteger, nullable=False, comment="1e-9 USD"),
    Column("list_nano", BigInteger, comment="list price where OpenCode recorded $0"),
    _text("basis"),
    Column("error", Text),
    PrimaryKeyConstraint("seat", "created_ms", "id", "revision"),
    comment="each call of each seat: of those with one id, the newest revision counts",
)

TEAM_DAYS = Table(
    "team_day",
    metadata,
    _text("seat"),
    Column("day", Date, nullable=False, comment="in the seat's time zone"),
    _number("revision"),
    Column("spend_nano", BigInteger, nullable=False, comment="1e-9 USD"),
    _number("calls"),
    Column("digest", Text, nullable=False, comment="SHA-256 of the day's calls, as the seat's own report gives it"),
    Column("week_digest", Text, nullable=False, comment="the same of its ISO week, as of this revision"),
    Column(
        "cause", Text, nullable=False, comment="why it ran over, by the seat's alerts; titles only if it shares them"
    ),
    PrimaryKeyConstraint("seat", "day", "revision"),
    comment="what a seat's day costs: of the rows of a day, the newest revision counts",
)

TEAM_PARTS = Table(
    "team_part",
    metadata,
    _text("seat"),
    Column("day", Date, nullable=False, comment="in the seat's time zone"),
    _number("revision"),
    _text("provider"),
    _text("model"),
    _text("project"),
    Column("spend_nano", BigInteger, nullable=False, comment="1e-9 USD"),
    _number("calls"),
    PrimaryKeyConstraint("seat", "day", "revision", "provider", "model", "project"),
    comment="the parts of the row of team_day with the same revision",
)

TEAM_SESSIONS = Table(
    "team_session",
    metadata,
    _text("seat"),
    Column("day", Date, nullable=False, comment="in the seat's time zone"),
    _number("revision"),
    _text("session_id"),
    Column("title", Text, nullable=False, comment="empty unless the seat shares titles"),
    _text("project"),
    Column("spend_nano", BigInteger, nullable=False, comment="1e-9 USD"),
    _number("calls"),
    PrimaryKeyConstraint("seat", "day", "revision", "session_id"),
    comment="the sessions of the row of team_day with the same revision, of a seat that shares them",
)

TEAM_PUSHES = Table(
    "team_push",
    metadata,
    _text("seat"),
    _number("revision"),
    _text("machine"),
    Column("sent_ms", BigInteger, nullable=False, comment="Unix milliseconds by the seat's clock"),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("calls", BigInteger, nullable=False, comment="how many were looked at"),
    Column("last_ms", BigInteger, nullable=False, comment="the moment of the last call of all pushes so far"),
    PrimaryKeyConstraint("seat", "revision"),
    comment="the pushes of each seat",
)

TEAM_FIRSTS = Table(
    "team_first",
    metadata,
    _text("seat"),
    Column("month", Date, nullable=False, comment="its first day, in UTC"),
    Column("call", Text, nullable=False, comment="a hash of the machine and the id of a ledger's first call of it"),
    Column("first_ms", BigInteger, nullable=False, comment="the moment of that call in Unix milliseconds"),
    PrimaryKeyConstraint("seat", "month", "call"),
    comment="two seats with the same call have copies of one ledger, whose calls count once",
)

TEAM_GAPS = Table(
    "team_gap",
    metadata,
    _text("seat"),
    _text("machine"),
    Column("day", Date, nullable=False, comment=f"in the seat's time zone; {EVERY_DAY} if it may be any day"),
    _number("revision"),
    Column("unread", BigInteger, nullable=False, comment="rows and calls that could not be read completely"),
    PrimaryKeyConstraint("seat", "machine", "day", "revision"),
    comment="which sums are lower bounds: of a machine's day the newest revision counts",
)

TEAM_BUDGETS = Table(
    "team_budget",
    metadata,
    Column("seat", Text, nullable=False, comment="the role that it is for; empty for every seat"),
    Column("name", Text, nullable=False, comment="letters, digits, - and _"),
    Column("scope", Text, nullable=False, server_default="seat"),
    Column("only", Text, nullable=False, server_default="", comment="the project (a path), agent, provider, tag, …"),
    Column("period", Text, nullable=False, server_default="day", comment="day, week or month"),
    Column("owner", Text, nullable=False, server_default="", comment="who answers for it"),
    *(Column(f"{line}_nano", BigInteger, comment="1e-9 USD; NULL is off") for line in BUDGET_LINES),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("seat", "name"),
    comment="what the guard of each seat holds, from its next push on; the only table whose rows change",
)

# The report asks for all seats of some days, whatever a server keeps together.
Index("team_day_by_day", TEAM_DAYS.c.day, TEAM_DAYS.c.seat, TEAM_DAYS.c.revision)

PARTITIONED = {
    TEAM_CALLS: TEAM_CALLS.c.created_ms,
    **{table: table.c.day for table in (TEAM_DAYS, TEAM_PARTS, TEAM_SESSIONS)},
}
"""The tables that are partitioned by week, and by which column."""
