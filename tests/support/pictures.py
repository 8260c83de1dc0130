"""The picture of a day in Berlin, from a store that is read at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from opencode_tui.config.settings import Settings
from opencode_tui.money import NANO
from opencode_tui.readings.context import Context
from opencode_tui.readings.day import read_day
from opencode_tui.records.day import SessionLine, Snapshot
from opencode_tui.records.requests import DayRequest
from tests.stores import Store, Tokens
from tests.support.ledgers import Reader, reader

CENT = NANO // 100
MINUTE = 60_000
BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 5, 13)
IN_BERLIN = Settings(timezone="Europe/Berlin")
OPUS = "anthropic/claude-opus-4-5"


def at(time: str, day: date = DAY) -> int:
    """Unix milliseconds of a `14:23` or a `14:23:05.250` on a day in Berlin."""
    return int(datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=BERLIN).timestamp() * 1000)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def picture(
    store: Store, now_ms: int = at("14:23"), *, day: date | None = None, settings: Settings = IN_BERLIN
) -> Snapshot:
    """The store read at once, and the snapshot of the ledger that it fills."""
    ours = reader(store.data_dir, settings=settings)
    ours.poll()
    taken = of(ours, now_ms, day=day, settings=settings)
    ours.close()
    return taken


def of(ours: Reader, now_ms: int, *, day: date | None = None, settings: Settings = IN_BERLIN) -> Snapshot:
    with ours.ledger.reading() as connection:
        return read_day(DayRequest(day), Context(connection, now_ms, settings, (), limits=ours.sync.book))


def line(taken: Snapshot, id: str) -> SessionLine:
    (found,) = (each for each in taken.session_lines if each.id == id)
    return found


def assert_adds_up(taken: Snapshot) -> None:
    """Whichever way the day is cut, the parts are the whole."""
    spent = taken.spent_nano
    assert sum(each.total_nano for each in taken.session_lines) == spent
    assert sum(each.spend_nano for each in taken.models) == spent
    assert sum(each.spend_nano for each in taken.providers) == spent
    split = taken.split
    assert split.input_nano + split.output_nano + split.cache_nano + split.unknown_nano == spent
    assert (taken.curve[-1][1] if taken.curve else 0) == spent
    assert taken.week_days[-1].spend_nano == spent
    assert sum(each.calls for each in taken.session_lines) == taken.calls
    assert sum(each.calls for each in taken.models) == sum(each.calls for each in taken.providers) == taken.calls
    assert sum((each.tokens for each in taken.models), Tokens()) == taken.tokens
    assert sum(each.list_nano for each in taken.models) == taken.list_nano
