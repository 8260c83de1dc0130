"""Calls that were made past the cutoff all the same are trouble, and those that were to pass are not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opencode_tui.config.settings import Settings
from opencode_tui.guard.control import lift
from opencode_tui.guard.install import install_plugin
from opencode_tui.guard.state import GuardState, Raised, read_state, state_file, write_state
from opencode_tui.guard.status import guard_status
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO
from opencode_tui.records.calls import Tokens
from tests.stores import V1
from tests.support.ledgers import Reader, reader
from tests.support.records import replace

NOON = int(datetime(2026, 5, 13, 12, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000
UTC_DAYS = Settings(timezone="UTC")


class Day:
    """A day with a guard of $1.50 since 08:00; it is noon."""

    def __init__(self, home: Path) -> None:
        self.home, self.store = home, V1(home)
        self.session = self.store.session("Fix header", created=NOON - 300 * MINUTE)
        self.reader: Reader = reader(self.store.data_dir, clock=lambda: NOON)
        self.state = state_file(self.ledger.path)
        write_state(self.state, GuardState(str(self.ledger.path), "UTC", NANO, 3 * NANO // 2))
        install_plugin(self.plugin, self.state)
        self.since(-240)

    @property
    def ledger(self) -> Ledger:
        return self.reader.ledger

    @property
    def plugin(self) -> Path:
        return self.home / "config" / "opencode" / "plugin" / "opencode-tui-guard.js"

    def since(self, minutes: float) -> None:
        """When its files were changed."""
        for file in (self.state, self.plugin):
            os.utime(file, (NOON / 1000 + minutes * 60,) * 2)

    def call(self, minutes: float, cost: str = "0.10", tokens: Tokens | None = None) -> None:
        at = int(NOON + minutes * MINUTE)
        self.store.call(self.session, cost=cost, at=at, tokens=tokens)

    def said(self, now_ms: int = NOON) -> tuple[str, ...]:
        self.reader.poll()
        environ = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config")}
        status = guard_status(UTC_DAYS, self.ledger.path, environ, now_ms, self.ledger.connection)
        return tuple(trouble.sentence for trouble in status.troubles if not trouble.held)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = Day(tmp_path)
    yield day
    day.reader.close()


def test_calls_past_the_cutoff_that_were_not_held_are_trouble_for_ten_minutes(day: Day) -> None:
    day.call(-60, "1.00")
    day.call(-50, "0.60")
    assert day.said() == ()
    day.call(-5)
    assert day.said() == ("1 call past the cutoff was not held, the last at 11:55",)
    day.call(-2)
    assert day.said() == ("2 calls past the cutoff were not held, the last at 11:58",)
    assert day.said(NOON + 9 * MINUTE) == ()


def test_what_was_under_way_or_not_yet_known_when_the_line_was_crossed_is_none(day: Day) -> None:
    day.call(-5, "1.60")
    day.call(-5.5)
    day.call(-4.5)
    assert day.said() == ()


def test_below_the_cutoff_nothing_is_looked_for(day: Day) -> None:
    day.call(-50, "1.00")
    day.call(-5, "0.49")
    assert day.said() == ()


@pytest.mark.parametrize("how", ["limits of just now", "a lift", "a lift that has ended", "a raised cutoff"])
def test_what_was_to_pass_is_none(day: Day, how: str) -> None:
    day.call(-60, "1.60")
    day.call(-5)
    if how == "limits of just now":
        day.since(-5)
    elif how == "a lift":
        lift(day.state, NOON + MINUTE)
        day.since(-240)
    elif how == "a lift that has ended":
        lift(day.state, NOON - 5 * MINUTE)
        day.since(-240)
    else:
        raised = Raised(2 * NANO, NOON + 720 * MINUTE)
        write_state(day.state, replace(read_state(day.state), raised=raised))
        day.since(-240)
    assert day.said() == ()


def test_a_refused_call_which_has_no_tokens_is_none(day: Day) -> None:
    day.call(-60, "1.60")
    day.call(-5, "0", tokens=Tokens())
    assert day.said() == ()
