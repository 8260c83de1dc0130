"""The demo's team: what three colleagues' machines shared, made up for the day of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from msgspec import Struct

from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, Calendar
from opencode_tui.config.team import Team, TeamSeat
from opencode_tui.money import NANO
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.team.exporting import SeatTables, new_seat_file

_DAYS = 70
_WEEK_BUDGET_NANO = 25 * NANO


class _Colleague(Struct, frozen=True):
    name: str
    model: str
    project: str
    usual_nano: int
    """What a call costs in the middle."""
    share: SeatShare
    late_ms: int
    """How long ago the machine shared anything."""
    titles: tuple[str, ...]
    cause: str


_COLLEAGUES = (
    _Colleague(
        *("ada", "anthropic/claude-opus-4-5", "billing", 95_000_000, "titles", 40 * MINUTE_MS),
        titles=("Invoices in three currencies", "Rounding of VAT"),
        cause='6× edits of invoice.ts in "Invoices in three currencies", about $0.21 a round',
    ),
    _Colleague(
        *("bruno", "opencode/kimi-k2.6", "website", 38_000_000, "sums", 3 * HOUR_MS),
        titles=("Landing page",),
        cause="the context of a session grew to 180k tokens",
    ),
    _Colleague(
        *("chiara", "openai/gpt-5", "mobile-app", 52_000_000, "sessions", 3 * DAY_MS),
        titles=("Offline mode",),
        cause="12 subagents of a session cost $0.74",
    ),
)


def demo_team(place: Path, ledger: Path, now_ms: int, calendar: Calendar) -> Team:
    """Writes the colleagues' files into a folder; the team is they and the demo's own ledger."""
    place.mkdir()
    seats = {"you": TeamSeat(ledger, "titles")}
    for each in _COLLEAGUES:
        file = place / f"{each.name}.db"
        with new_seat_file(file, each.share, now_ms - each.late_ms) as tables:
            _fill(tables, each, now_ms - each.late_ms, calendar)
        seats[each.name] = TeamSeat(file)
    return Team(week_budget_nano=_WEEK_BUDGET_NANO, seats=seats)


def _fill(tables: SeatTables, who: _Colleague, until_ms: int, calendar: Calendar) -> None:
    random = Random(f"demo {who.name}")
    tables.machine(1, f"{who.name}s-laptop")
    for number, title in enumerate(who.titles):
        tables.session(f"ses_{who.name}{number}", who.project, title if who.share == "titles" else "")
    provider, _, model = who.model.partition("/")
    for day, at_ms, nano in _calls(who, until_ms, calendar, random):
        session = f"ses_{who.name}{random.randrange(len(who.titles))}"
        cached = random.randrange(20_000, 90_000)
        counts = (random.randrange(400, 3_000), random.randrange(200, 2_500), 0, cached, 0)
        id = f"msg_{who.name}{at_ms}"
        tables.call((id, session, at_ms, provider, model, "build", *counts, nano, None), 1, at_ms + 9_000)
        if nano > 4 * who.usual_nano:
            tables.alert(day.isoformat(), "cutoff", at_ms, who.cause)


def _calls(who: _Colleague, until_ms: int, calendar: Calendar, random: Random) -> Iterator[tuple[date, int, int]]:
    """(day, moment in Unix ms, nano-dollars) of each call, in order."""
    last = calendar.day(until_ms)
    for back in range(_DAYS, -1, -1):
        day = last - timedelta(days=back)
        many = random.randrange(3, 14) if day.weekday() < 5 else random.choice((0, 0, 2))
        is_dear = random.random() < 0.25
        start = calendar.start_of(day) + 9 * HOUR_MS
        for number in range(many):
            at_ms = start + number * 41 * MINUTE_MS + random.randrange(20 * MINUTE_MS)
            nano = int(who.usual_nano * random.uniform(0.3, 1.9)) * (5 if is_dear and number > 1 else 1)
            if at_ms < until_ms:
                yield day, at_ms, nano
