"""The columns of sessions, for the Sessions screen and for Today."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace
from rich.text import Text

from opencode_tui.analysis.session_list import STATES, ProjectGroup, SessionTotals, Sort, context_share
from opencode_tui.analysis.sparks import spark_of
from opencode_tui.clock import Calendar
from opencode_tui.money import plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.day import SessionLine
from opencode_tui.records.sessions import SessionRow
from opencode_tui.report.breakdown_words import count_text
from opencode_tui.report.session_facts import STATE_WORDS
from opencode_tui.report.session_words import context_text, spark, title_text, when_text
from opencode_tui.report.turn_words import duration_text, short_model
from opencode_tui.report.words import amount_text
from opencode_tui.ui.tables.columns import Column, sorts

MIN_TITLE, READABLE_TITLE, FULL_TITLE = 22, 28, 40
"""The width that the title keeps beside the important columns, beside useful ones, and beside all others."""


class SessionContext(Struct, frozen=True):
    """What a session's cells need besides the session."""

    now_ms: int
    calendar: Calendar
    money_width: int = 8
    """The width of the largest amount, in cells."""
    title_width: int = MIN_TITLE
    """The width of the longest title, in cells, within MIN_TITLE and FULL_TITLE."""


def session_context(
    sums: SessionTotals, now_ms: int, calendar: Calendar, rows: Iterable[SessionRow] = ()
) -> SessionContext:
    """A context whose amounts' width fits the total of all rows, and whose title's width fits the longest title."""
    longest = max((len(row.title) for row in rows), default=0) + len("↱ ")
    amount = max(len(amount_text(sums.total_nano, sums.lower_bound)), 8)
    return SessionContext(now_ms, calendar, amount, min(max(longest, MIN_TITLE), FULL_TITLE))


def state_glyph(row: SessionRow | SessionLine) -> Text:
    return Text(STATE_WORDS[row.state][0], style="$success" if row.state == "active" else "$text-muted")


def count_subagents(count: int) -> str:
    """Such as `+3`; empty where there are none."""
    return f"+{count}" if count else ""


def group_title(group: ProjectGroup) -> str:
    return f"{group.name or 'no project'} · {plural(group.totals.sessions, 'session')}"


SessionColumn = Column[SessionRow, SessionContext, ProjectGroup]
SharedColumn = Column[SessionRow | SessionLine, SessionContext, ProjectGroup]
"""A column for both a period's and a day's sessions."""

BY_STATE: Sort[SessionRow | SessionLine] = Sort("state", lambda row: STATES.index(row.state), descending=False)

GLYPH = SharedColumn("glyph", "", lambda row, at: state_glyph(row), 1, sort=BY_STATE, total=lambda group: "▾")
TITLE_COLUMN = SharedColumn(
    "title",
    "Session",
    lambda row, at: title_text(row),
    lambda at: at.title_width,
    grow=True,
    sort=Sort("title", lambda row: row.title.casefold(), descending=False),
    total=group_title,
)
PROJECT = SharedColumn(
    "project",
    "Project",
    lambda row, at: last_part(row.project),
    14,
    drop_at=6,
    grow_min=READABLE_TITLE,
    sort=Sort("project", lambda row: last_part(row.project).casefold(), descending=False),
)
MODEL = SharedColumn(
    "model",
    "Model",
    lambda row, at: short_model(row.model),
    18,
    drop_at=3,
    grow_min=MIN_TITLE,
    sort=Sort("model", lambda row: row.model.casefold(), descending=False),
)
TOTAL = SharedColumn(
    "total",
    "Total",
    lambda row, at: amount_text(row.total_nano, row.lower_bound),
    lambda at: at.money_width,
    "right",
    sort=Sort("total", lambda row: row.total_nano),
    total=lambda group: amount_text(group.totals.total_nano, group.totals.lower_bound),
)
OWN = SharedColumn(
    "own",
    "Own",
    lambda row, at: amount_text(row.own_nano, row.lower_bound),
    lambda at: at.money_width,
    "right",
    drop_at=8,
    sort=Sort("own", lambda row: row.own_nano),
    total=lambda group: amount_text(group.totals.own_nano, group.totals.lower_bound),
)
SUBAGENTS = SharedColumn(
    "subagents",
    "Sub",
    lambda row, at: count_subagents(row.subagents),
    4,
    "right",
    drop_at=4,
    grow_min=MIN_TITLE,
    sort=Sort("subagents", lambda row: row.subagents),
    total=lambda group: count_subagents(group.totals.subagents),
)
TURNS_COLUMN = SharedColumn(
    "turns",
    "Turns",
    lambda row, at: count_text(row.turns),
    6,
    "right",
    drop_at=5,
    grow_min=MIN_TITLE,
    sort=Sort("turns", lambda row: row.turns or 0),
)
CONTEXT = SharedColumn(
    "context",
    "Ctx",
    lambda row, at: context_text(row.context_tokens, row.context_limit),
    5,
    "right",
    drop_at=1,
    grow_min=MIN_TITLE,
    sort=Sort("context", context_share),
)

SESSIONS: tuple[SessionColumn, ...] = (
    GLYPH,
    TITLE_COLUMN,
    PROJECT,
    MODEL,
    SessionColumn(
        "agent",
        "Agent",
        lambda row, at: row.agent,
        8,
        drop_at=12,
        sort=Sort("agent", lambda row: row.agent.casefold(), descending=False),
    ),
    TOTAL,
    OWN,
    SUBAGENTS,
    TURNS_COLUMN,
    SessionColumn(
        "calls",
        "Calls",
        lambda row, at: f"{row.calls:,}",
        7,
        "right",
        drop_at=9,
        sort=Sort("calls", lambda row: row.calls),
        total=lambda group: f"{group.totals.calls:,}",
    ),
    SessionColumn(
        "tokens",
        "Tokens",
        lambda row, at: tokens_text(row.tokens.total),
        7,
        "right",
        drop_at=7,
        sort=Sort("tokens", lambda row: row.tokens.total),
        total=lambda group: tokens_text(group.totals.tokens.total),
    ),
    CONTEXT,
    SessionColumn(
        "started",
        "Started",
        lambda row, at: when_text(row.started_ms, at.now_ms, at.calendar),
        12,
        "right",
        drop_at=13,
        sort=Sort("started", lambda row: row.started_ms),
    ),
    SessionColumn(
        "last",
        "Last active",
        lambda row, at: when_text(row.last_ms, at.now_ms, at.calendar),
        12,
        "right",
        drop_at=2,
        grow_min=MIN_TITLE,
        sort=Sort("last active", lambda row: row.last_ms),
    ),
    SessionColumn(
        "duration",
        "Took",
        lambda row, at: duration_text(row.duration_ms),
        7,
        "right",
        drop_at=11,
        sort=Sort("duration", lambda row: row.duration_ms),
    ),
    SessionColumn("spend", "Spend", lambda row, at: spark(spark_of(row)), 12, drop_at=10, grow_min=READABLE_TITLE),
)
SORTS = sorts(SESSIONS)

TODAY: tuple[SharedColumn, ...] = (
    replace(GLYPH, width=None),
    replace(TITLE_COLUMN, width=24, max_width=80),
    replace(PROJECT, width=None, max_width=18, drop_at=4, grow_min=None, min_table=100),
    replace(MODEL, width=None, max_width=28, drop_at=2, grow_min=None, min_table=44),
    replace(TOTAL, width=None, max_width=20),
    replace(OWN, width=None, max_width=20, drop_at=4, min_table=100),
    replace(SUBAGENTS, width=None, max_width=20, drop_at=2, grow_min=None, min_table=44),
    replace(TURNS_COLUMN, width=None, max_width=20, drop_at=3, grow_min=None, min_table=72),
    replace(CONTEXT, width=None, max_width=20, drop_at=1, min_table=28, grow_min=16),
)
"""The columns of a day's sessions. They are dropped in pairs, and most are as wide as their widest cell."""
