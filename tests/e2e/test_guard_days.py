"""The guard while a day ends, and while the time zone changes, in an OpenCode that goes on running."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from opencode_tui.clock import DAY_MS
from opencode_tui.money import NANO
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.opencode2 import LATEST_2

pytestmark = pytest.mark.e2e

HOUR_MS = 3_600_000
BOTH = pytest.mark.parametrize("version", [LATEST, LATEST_2])


def now_ms() -> int:
    return time.time_ns() // 10**6


def end_day(guard: Guarded, at_ms: int) -> None:
    """Let the day that guard.json has end then."""
    state = json.loads(guard.state_file.read_text())
    days = [*(start for start in state["days"] if start < now_ms()), at_ms, at_ms + DAY_MS]
    guard.state_file.write_text(json.dumps(state | {"days": days}))
    guard.state_file.chmod(0o600)


@BOTH
@pytest.mark.parametrize("read", [True, False], ids=["in the ledger", "not in the ledger"])
def test_at_midnight_calls_pass_again_and_yesterdays_do_not_count(
    install: Install, model: ScriptedModel, version: str, read: bool
) -> None:
    opencode = install(version)
    guard = Guarded(opencode)
    guard.install(cutoff=0.001)
    guard.without_sync()
    with opencode.serve() as server:
        session = server.new_session("opencode/kimi-k2.6")
        server.prompt(session, "hello")
        server.settle(model)
        asked = model.asked
        assert asked
        if read:
            guard.ours_says("sync")
        midnight = now_ms() + 6_000
        end_day(guard, midnight)
        server.prompt(session, "before midnight")
        assert (model.asked, now_ms() < midnight) == (asked, True)
        time.sleep((midnight - now_ms()) / 1000 + 0.1)
        server.prompt(session, "after midnight")
        server.settle(model)
        assert model.asked == asked + 1
        server.prompt(session, "past the cutoff again")
        assert model.asked == asked + 1


def zone_where_it_is(hour: int) -> str:
    ahead = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"  # their signs are the other way round


@BOTH
def test_another_time_zone_moves_the_day_of_a_running_opencode(
    install: Install, model: ScriptedModel, version: str
) -> None:
    opencode = install(version)
    guard = Guarded(opencode)
    guard.install(cutoff=1)
    guard.spend(2 * NANO, at_ms=now_ms() - 3 * HOUR_MS)
    with opencode.serve() as server:
        session = server.new_session("opencode/kimi-k2.6")
        for hour, passes in ((12, False), (1, True), (12, False)):
            guard.set(cutoff=1, first=f'timezone = "{zone_where_it_is(hour)}"')
            assert ("today: $2.0" in guard.do("status")) != passes
            asked = model.asked
            server.prompt(session, "hello")
            assert (model.asked > asked) == passes, hour
