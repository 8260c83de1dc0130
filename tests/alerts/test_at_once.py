"""Two processes, many calls and any order of looks: each alert fires once."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Lines, Settings, SpendRule
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO
from opencode_tui.records.alerts import Alert
from tests.support.ledgers import lay_out
from tests.support.options import alert_settings
from tests.support.watched import DAY_START, MINUTE, NOON, QUIET, Limits, Watched, keys

CENT = NANO // 100
DAY = Settings(timezone="UTC", alerts=QUIET)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


# Two processes


EVERYTHING = Settings(
    timezone="UTC",
    alerts=alert_settings(
        every_calls=7,
        every_nano=11 * CENT,
        subagent=Lines(notice_nano=30 * CENT),
        spend={"agents": SpendRule(Lines(20 * CENT, 60 * CENT), "agent")},
    ),
)


def watch(path: Path, turn: object, done: object, found: object) -> None:
    """A process that looks again and again until the calls are all there."""
    ledger = Ledger(path)
    turn.wait()  # type: ignore[attr-defined]
    fired = []
    while True:
        last = done.is_set()  # type: ignore[attr-defined]
        fired += [
            (alert.id, *keys((alert,))[0], alert.crossing.line)
            for alert in look_for_alerts(ledger, EVERYTHING, NOON + HOUR_MS)
        ]
        if last:
            break
    ledger.close()
    found.put(fired)  # type: ignore[attr-defined]


def test_two_processes_never_fire_the_same_alert_twice(file: Path) -> None:
    lay_out(file)
    context = multiprocessing.get_context("fork")
    turn, done, found = context.Barrier(3), context.Event(), context.Queue()
    processes = [context.Process(target=watch, args=(file, turn, done, found)) for _ in range(2)]
    for process in processes:  # before this one has opened the ledger, which must not be taken into another
        process.start()
    watched = Watched(file, EVERYTHING)
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "dig", parent="ses_1")
    turn.wait()
    for n in range(120):
        tools = [*[("grep", "src")] * 8, ("edit", "a.ts")]
        turn_id = f"turn_{n // 20}"
        watched.call(f"ses_{1 + n % 2}", "0.02", at=NOON + n, turn=turn_id, tools=tools, agent=f"agent_{n % 3}")
    done.set()
    reports = [found.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    fired = [each for report in reports for each in report]
    log = alert_log.alerts(watched.ledger.connection, most=1000)
    assert sorted(each[0] for each in fired) == sorted(alert.id for alert in log)
    assert max(Counter(each[1:] for each in fired).values()) == 1
    once = Counter(each[1:5] for each in fired if not each[1].startswith("every_"))
    assert max(once.values()) == 1
    assert {"day", "session", "subagent", "same_file", "same_call", "spend.agents", "every_calls"} <= {
        each[1] for each in fired
    }
    assert watched.look(NOON + HOUR_MS) == ()


def test_a_crossing_that_another_process_fired_in_between_gives_nothing(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.90", at=NOON)
    (alert,) = watched.look()
    with watched.ledger.writing() as connection:
        assert alert_log.fire(connection, [(alert.crossing, alert.cause, alert.text)], NOON) == ()
    assert alert_log.alerts(watched.ledger.connection) == (alert,)


# In any order


MINUTES = st.integers(0, 3 * 24 * 60)
CALLS = st.lists(st.tuples(MINUTES, st.integers(1, 4), st.integers(1, 120)), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(calls=CALLS, looks=st.lists(st.booleans(), min_size=30, max_size=30), ordered=st.booleans())
def test_any_order_of_looks_fires_each_once(
    calls: list[tuple[int, int, int]], looks: list[bool], ordered: bool
) -> None:
    """Calls of three days, read in order of time or out of it, looked at by two processes now and then."""
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(Path(folder) / "ledger.db", EVERYTHING)
        watched.session("ses_1")
        watched.session("ses_2", parent="ses_1")
        other = Ledger(watched.path)
        fired: list[Alert] = []
        for (minute, session, cents), is_looked_at in zip(sorted(calls) if ordered else calls, looks, strict=False):
            watched.call(f"ses_{session}", f"{cents / 100}", at=DAY_START + minute * MINUTE, context=cents * 800)
            if is_looked_at:
                fired += watched.look()
                fired += look_for_alerts(other, EVERYTHING, watched.now, Limits())
        fired += look_for_alerts(other, EVERYTHING, watched.now, Limits())
        other.close()
        once = Counter(
            (*key, alert.crossing.line if alert.crossing.kind == "every" else 0)
            for alert, key in zip(fired, keys(tuple(fired)), strict=True)
            if alert.crossing.period
        )
        anew = Counter((*keys((alert,))[0], alert.crossing.at_ms) for alert in fired if not alert.crossing.period)
        assert all(count == 1 for count in [*once.values(), *anew.values()])
        assert len(fired) == len(alert_log.alerts(watched.ledger.connection, most=10**6))
        assert watched.look() == ()
        watched.ledger.close()
