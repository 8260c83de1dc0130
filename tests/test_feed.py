"""A poll gives a picture when there is another one to see, and nothing when there is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from opencode_tui.clock import Calendar, calendar_for
from opencode_tui.config.settings import Budget, CustomPrice, Pricing, Settings
from opencode_tui.feed import LedgerFeed
from opencode_tui.guard.control import raise_cutoff
from opencode_tui.guard.setup import SyncProgram
from opencode_tui.guard.state import GuardState, read_state, state_file, write_state
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.ledger import Ledger, LedgerError
from opencode_tui.money import NANO
from opencode_tui.readings.answering import answer
from opencode_tui.readings.context import Context
from opencode_tui.records.accounts import Accounts
from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import Answer, InsightList
from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.day import Snapshot
from opencode_tui.records.outcomes import GuardInstalled
from opencode_tui.records.quotas import Quotas
from opencode_tui.records.reconciliation import Reconciliation
from opencode_tui.records.requests import (
    AccountsRequest,
    BreakdownRequest,
    InsightsRequest,
    InstallGuard,
    QuotasRequest,
    ReconcileRequest,
    Request,
    SessionRequest,
    SessionsRequest,
)
from opencode_tui.records.sessions import SessionList, SessionRow
from opencode_tui.records.work import NOT_KNOWN
from opencode_tui.source import sqlite_store
from tests.stores import V1, Tokens
from tests.support.ledgers import reader
from tests.support.prices import write
from tests.support.records import replace

DAY = date(2026, 5, 13)
CENT = NANO // 100


def at(time: str, day: date = DAY) -> int:
    return int(datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=UTC).timestamp() * 1000)


class StoppedClock:
    """Shows a time until it is set to another."""

    def __init__(self, time: str) -> None:
        self.now_ms = at(time)

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock("14:23")


@pytest.fixture
def store(tmp_path: Path) -> V1:
    """A call of $0.70 yesterday and one of $0.20 today."""
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("11:00", DAY.replace(day=12)))
    store.call(session, cost="0.70", at=at("12:00", DAY.replace(day=12)))
    store.call(session, cost="0.20", at=at("12:00"))
    return store


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ours" / "ledger.db"


@pytest.fixture
def feed(store: V1, ledger: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerFeed]:
    """A feed that keeps no answer because the machine was slow."""
    monkeypatch.setattr("opencode_tui.feed._PATIENCE", 0)
    environ = {f"XDG_{kind}_HOME": str(ledger.parent / "none") for kind in ("CONFIG", "CACHE", "DATA")}
    settings = Settings(data_dirs=(store.data_dir,), timezone="UTC", machine="laptop")
    feed = LedgerFeed(lambda: Ledger(ledger), settings, environ, clock)
    yield feed
    feed.close()


def poll(feed: LedgerFeed) -> Snapshot | None:
    return feed.poll(lambda _: None)


def seen(feed: LedgerFeed) -> Snapshot:
    """The picture of a poll that has to give one."""
    snapshot = poll(feed)
    assert snapshot is not None
    return snapshot


def session_of(store: V1) -> str:
    return next(iter(store.sessions))


def test_the_first_poll_gives_a_picture_of_today(feed: LedgerFeed, clock: StoppedClock) -> None:
    assert feed.read_ms is None
    first = seen(feed)
    assert (first.day, first.spent_nano, first.machine) == (DAY, 20 * CENT, "laptop")
    assert first.taken_ms == first.read_ms == feed.read_ms == clock.now_ms
    assert [state.state for state in first.stores] == ["live"]


def test_a_poll_that_finds_nothing_new_gives_nothing(feed: LedgerFeed) -> None:
    seen(feed)
    assert poll(feed) is None
    assert poll(feed) is None


def test_a_new_call_gives_a_new_picture_once(feed: LedgerFeed, store: V1) -> None:
    seen(feed)
    store.call(session_of(store), cost="0.05", at=at("14:22"))
    assert seen(feed).spent_nano == 25 * CENT
    assert poll(feed) is None


def test_a_call_that_completes_gives_a_new_picture(feed: LedgerFeed, store: V1) -> None:
    call = store.call(session_of(store), completed=False, at=at("14:22"))
    assert seen(feed).running_calls == 1
    store.finish(call, cost="0.05")
    after = seen(feed)
    assert (after.running_calls, after.spent_nano) == (0, 25 * CENT)


def test_nothing_new_still_says_when_the_stores_were_read(feed: LedgerFeed, clock: StoppedClock) -> None:
    seen(feed)
    clock.now_ms += 2_000
    assert poll(feed) is None
    assert feed.read_ms == clock.now_ms


def test_another_day_is_shown_from_the_next_poll_on(feed: LedgerFeed) -> None:
    seen(feed)
    feed.select_day(DAY.replace(day=12))
    past = seen(feed)
    assert (past.day, past.is_today, past.spent_nano) == (DAY.replace(day=12), False, 70 * CENT)
    assert poll(feed) is None
    feed.select_day(None)
    assert seen(feed).day == DAY


def test_selecting_the_day_that_is_shown_changes_nothing(feed: LedgerFeed) -> None:
    seen(feed)
    feed.select_day(None)
    assert poll(feed) is None


def test_what_another_reader_writes_into_the_ledger_gives_a_new_picture(
    feed: LedgerFeed, ledger: Path, tmp_path: Path
) -> None:
    seen(feed)
    elsewhere = V1(tmp_path / "elsewhere")
    elsewhere.call(elsewhere.session("Somewhere else", created=at("13:00")), cost="0.11", at=at("13:01"))
    other = reader(elsewhere.data_dir, ledger)
    other.poll()
    other.close()
    assert seen(feed).spent_nano == 31 * CENT
    assert poll(feed) is None


def test_a_price_of_ones_own_counts_for_calls_of_the_next_poll_on(feed: LedgerFeed, store: V1) -> None:
    before = seen(feed).spent_nano
    price = CustomPrice(input=3_000_000_000)
    feed.use(Settings(pricing=Pricing(custom={"gw/m": (price,)})))
    store.call(session_of(store), cost="0.25", model="gw/m", tokens=Tokens(input=1_000_000), at=at("12:01"))
    after = seen(feed).spent_nano
    assert after == before + 3_000_000_000


def test_after_a_minute_there_is_a_new_picture_because_the_rate_has_changed(
    feed: LedgerFeed, clock: StoppedClock
) -> None:
    clock.now_ms = at("12:59:00")
    assert seen(feed).rate_nano == 20 * CENT
    clock.now_ms += 59_999
    assert poll(feed) is None
    clock.now_ms += 1
    assert seen(feed).rate_nano == 0
    assert poll(feed) is None


def test_a_clock_that_was_set_back_gives_a_new_picture(feed: LedgerFeed, clock: StoppedClock) -> None:
    seen(feed)
    clock.now_ms -= 1
    assert seen(feed).taken_ms == clock.now_ms


def test_at_midnight_today_is_another_day(feed: LedgerFeed, clock: StoppedClock) -> None:
    clock.now_ms = at("23:59:59.999")
    assert seen(feed).spent_nano == 20 * CENT
    clock.now_ms += 1
    after = seen(feed)
    assert (after.day, after.is_today, after.spent_nano) == (DAY.replace(day=14), True, 0)
    assert poll(feed) is None


def test_at_midnight_a_chosen_day_stays(feed: LedgerFeed, clock: StoppedClock) -> None:
    clock.now_ms = at("23:59:59.999")
    feed.select_day(DAY)
    assert seen(feed).is_today
    clock.now_ms += 1
    assert poll(feed) is None
    clock.now_ms += 60_000
    later = seen(feed)
    assert (later.day, later.is_today) == (DAY, False)


def test_a_store_in_trouble_gives_a_new_picture_that_says_so(feed: LedgerFeed, store: V1) -> None:
    seen(feed)
    store.path.unlink()
    for left in store.data_dir.glob("opencode.db-*"):
        left.unlink()
    gone = seen(feed)
    assert [state.state for state in gone.stores] == ["gone"]
    assert gone.spent_nano == 20 * CENT


def test_a_long_import_reports_pictures_on_the_way(
    feed: LedgerFeed, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 1)
    monkeypatch.setattr(sqlite_store, "_STEP", 1)
    monkeypatch.setattr("opencode_tui.sync.batch_writer._LARGE", -1)
    monkeypatch.setattr("opencode_tui.feed._REPORT_S", 0.0)
    reported: list[Snapshot] = []
    last = feed.poll(reported.append)
    assert {state.state for snapshot in reported for state in snapshot.stores} == {"importing"}
    days = [(each.week_days[-2].spend_nano, each.spent_nano) for each in reported]
    assert (0, 20 * CENT) in days  # the newest is read first: today is right before yesterday is there
    assert (70 * CENT, 0) not in days
    right = [each for each in reported if (each.stores[0].left_from_ms or each.taken_ms) < each.day_start_ms]
    assert right and all(each.spent_nano == 20 * CENT for each in right), "today is said to be right when it is"
    assert last is not None
    assert (last.week_days[-2].spend_nano, last.spent_nano) == (70 * CENT, 20 * CENT)
    assert [state.state for state in last.stores] == ["live"]


def test_a_ledger_that_cannot_be_opened_is_reported_by_every_poll_until_it_can(
    store: V1, tmp_path: Path, clock: StoppedClock
) -> None:
    place = tmp_path / "ledger.db"
    place.mkdir()
    feed = LedgerFeed(lambda: Ledger(place), Settings(data_dirs=(store.data_dir,), timezone="UTC"), {}, clock)
    for _ in range(2):
        with pytest.raises(LedgerError, match=r"cannot be opened .*; name another file"):
            poll(feed)
    place.rmdir()
    assert seen(feed).spent_nano == 20 * CENT
    feed.close()


def test_a_poll_that_failed_is_made_up_for_by_the_next(
    feed: LedgerFeed, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(feed)
    store.call(session_of(store), cost="0.20", at=at("12:05"))

    def fails(*_: object, **__: object) -> Snapshot:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr("opencode_tui.feed.read_day", fails)
        with pytest.raises(sqlite3.Error):
            poll(feed)
    assert seen(feed).calls == 2


def test_what_the_ledger_says_is_read_once_until_the_next_snapshot(
    feed: LedgerFeed, store: V1, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Request] = []

    def counted(request: Request, context: Context) -> Answer:
        read.append(request)
        return answer(request, context)

    monkeypatch.setattr("opencode_tui.feed.answer", counted)
    week, everything, session = SessionsRequest("week"), SessionsRequest("all"), SessionRequest(session_of(store))
    seen(feed)
    for request in (week, everything, week, everything):
        feed.answer(request)
    assert poll(feed) is None
    assert feed.answer(week) is feed.answer(week)
    assert read == [week, everything]
    feed.answer(session)
    feed.answer(session)
    assert read[2:] == [session, session], "it holds what only OpenCode's store knows"
    store.call(session_of(store), cost="0.20", at=at("12:05"))
    seen(feed)
    found = feed.answer(week)
    assert isinstance(found, SessionList) and found.rows[0].total_nano == 110 * CENT
    clock.now_ms += 60_000
    seen(feed)
    feed.answer(week)
    assert read[4:] == [week, week]


def test_lists_hold_a_row_once_while_it_stays_the_same(feed: LedgerFeed, store: V1) -> None:
    other = store.session("Other", created=at("13:00"))
    store.call(other, cost="0.01", at=at("13:00"))

    def rows(period: str) -> dict[str, SessionRow]:
        found = feed.answer(SessionsRequest(period))
        assert isinstance(found, SessionList)
        return {row.title: row for row in found.rows}

    seen(feed)
    before = rows("all")
    assert rows("week")["Other"] is before["Other"] and rows("week")["Fix header"] is before["Fix header"]
    assert rows("today")["Other"] is before["Other"]
    assert rows("today")["Fix header"].total_nano == 20 * CENT
    store.call(other, cost="0.05", at=at("13:05"))
    seen(feed)
    assert rows("all")["Other"].total_nano == 6 * CENT
    assert rows("week")["Fix header"] is rows("all")["Fix header"]


def test_long_lists_are_read_ahead_and_have_each_call_that_comes_later(
    feed: LedgerFeed, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_tui.readings.keeping.MANY", 0)
    requests = (SessionsRequest.first("all"), BreakdownRequest(("session",), "all", details=False))
    other = store.session("Other", created=at("13:00"))
    for number in range(1, 4):
        store.call(other, cost="0.01", at=at(f"13:0{number}"))
        seen(feed)
        while feed.catch_up():
            feed.poll(lambda _: None)
        sessions, by_session = feed.answer(requests[0]), feed.answer(requests[1])
        assert isinstance(sessions, SessionList) and isinstance(by_session, Breakdown)
        assert {row.title: row.total_nano for row in sessions.rows} == {"Fix header": 90 * CENT, "Other": number * CENT}
        assert sum(row.measures.spend_nano for row in by_session.rows) == by_session.totals.spend_nano
        assert by_session.totals.spend_nano == (90 + number) * CENT


def test_the_guard_is_installed_and_the_next_picture_is_guarded(
    store: V1, ledger: Path, clock: StoppedClock, tmp_path: Path
) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    settings = Settings(data_dirs=(store.data_dir,), timezone="UTC", budget=Budget(cutoff_nano=2 * NANO))
    used: list[Settings] = []
    feed = LedgerFeed(
        lambda: Ledger(ledger),
        settings,
        environ,
        clock,
        use_channels=used.append,
        program=lambda ledger: SyncProgram(("sync", str(ledger)), str(tmp_path), tmp_path / "config.toml"),
    )
    before = seen(feed)
    assert before.guard is not None and before.guard.condition == "absent"
    outcome = feed.act(InstallGuard())
    plugin = tmp_path / "config" / "opencode" / "plugin" / "opencode-tui-guard.js"
    assert isinstance(outcome, GuardInstalled)
    assert (outcome.plugin, outcome.cutoff_nano) == (plugin, 2 * NANO) and plugin.is_file()
    assert read_state(state_file(ledger)).sync == ("sync", str(ledger))
    after = seen(feed)
    assert after.guard is not None and after.guard.condition == "guarded"
    feed.use(replace(settings, budget=Budget(warning_nano=CENT), data_dirs=()))
    later = seen(feed)
    assert (later.warning_nano, later.spent_nano) == (CENT, 20 * CENT), "the store stays the same"
    assert [alert.crossing.line for alert in later.alerts if alert.crossing.rule == "day"] == [CENT]
    assert [each.budget.warning_nano for each in used] == [CENT]
    feed.close()


def test_without_a_program_no_guard_is_installed(feed: LedgerFeed) -> None:
    seen(feed)
    with pytest.raises(ValueError, match="start without --demo"):
        feed.act(InstallGuard())


def test_a_cutoff_raised_in_another_terminal_is_that_of_the_next_picture_and_of_the_alerts(
    feed: LedgerFeed, store: V1, ledger: Path, clock: StoppedClock
) -> None:
    fired: list[Alert] = []
    feed._notify = fired.append

    def cutoffs() -> list[int]:
        return [alert.crossing.line for alert in fired if alert.crossing.level == "cutoff"]

    store.call(session_of(store), cost="1.40", at=at("14:20"))
    assert seen(feed).band == "cutoff"
    assert cutoffs() == [150 * CENT]
    file = state_file(ledger)
    write_state(file, GuardState(str(ledger), warning_nano=80 * CENT, cutoff_nano=150 * CENT))
    raise_cutoff(file, 250 * CENT, 160 * CENT, calendar_for("UTC"), clock.now_ms)
    after = seen(feed)
    assert (after.cutoff_nano, after.band) == (250 * CENT, "warning")
    assert poll(feed) is None
    store.call(session_of(store), cost="1.00", at=at("14:22"))
    assert seen(feed).band == "cutoff"
    assert cutoffs() == [150 * CENT, 250 * CENT]
    clock.now_ms = at("00:10", DAY.replace(day=14))
    assert seen(feed).cutoff_nano == 150 * CENT


def test_a_slow_answer_is_read_on_another_thread_over_connections_of_its_own(feed: LedgerFeed, store: V1) -> None:
    seen(feed)
    store.call(session_of(store), cost="0.05", at=at("14:22"))
    with ThreadPoolExecutor(1) as other:
        found = other.submit(feed.answer_apart, ReconcileRequest()).result()
    assert isinstance(found, Reconciliation)
    assert (found.figures[0].ledger_nano, found.is_whole, found.is_up_to_date) == (95 * CENT, True, True)
    assert seen(feed).spent_nano == 25 * CENT, "the next poll shows what it has read"


def test_what_the_day_was_for_stands_a_poll_later_and_no_poll_waits_for_it(
    feed: LedgerFeed, store: V1, ledger: Path
) -> None:
    first = feed.poll(lambda _: None)
    assert first is not None and [each.key for each in first.tasks] == [NOT_KNOWN]
    assert feed.catch_up()
    second = feed.poll(lambda _: None)
    assert second is not None and [(each.key, each.spend_nano) for each in second.tasks] == [
        ("conversation", 20 * CENT)
    ]
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        assert sessions_behind(other, "tasks")
        feed.catch_up()
        assert not sessions_behind(other, "tasks")
    assert feed.poll(lambda _: None) is None, "what is shown is the same by the sums by task"
    assert not feed.catch_up(), "nothing is left"
    assert feed.poll(lambda _: None) is None


def test_another_context_limit_has_the_dashboard_look_again(
    feed: LedgerFeed, ledger: Path, clock: StoppedClock
) -> None:
    def limit(context: int) -> None:
        models = {"kimi-k2.6": {"limit": {"context": context}}}
        write(ledger.parent / "none" / "opencode" / "models.json", {"opencode": {"models": models}})

    limit(100_000)
    for _ in range(3):
        poll(feed)
        feed.catch_up()
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        limit(99_999)
        clock.now_ms += 60_000
        poll(feed)
        feed.catch_up()
        assert not sessions_behind(other, "findings")
        stamp = other.execute("SELECT stamp FROM work_stamp WHERE part = 'limits'").fetchone()
    assert "99999" in stamp[0]


def test_insights_and_tasks_are_up_to_date_when_they_are_asked_for(feed: LedgerFeed, store: V1) -> None:
    feed.poll(lambda _: None)
    by_task = feed.answer(BreakdownRequest(("task",), "all"))
    assert isinstance(by_task, Breakdown) and [row.keys for row in by_task.rows] == [("conversation",)]
    found = feed.answer(InsightsRequest("all"))
    assert isinstance(found, InsightList) and (found.sessions_left, found.spend_nano) == (0, 90 * CENT)


def test_nobody_looks_for_insights_while_a_store_is_imported(feed: LedgerFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.sync.batch_writer._LARGE", -1)
    monkeypatch.setattr("opencode_tui.feed._REPORT_S", 0.0)
    looked: list[str] = []
    monkeypatch.setattr("opencode_tui.feed.settle_insights", lambda *_, **__: looked.append("looked"))

    def report(_: Snapshot) -> None:
        looked.append("reported")
        feed.answer(InsightsRequest("all"))

    feed.poll(report)
    feed.answer(InsightsRequest("all"))
    assert looked[0] == "reported" and looked.index("looked") == len(looked) - 1


def test_services_are_asked_after_each_poll_and_when_somebody_looks_at_quotas_or_accounts(
    store: V1, ledger: Path, clock: StoppedClock
) -> None:
    asked: list[bool] = []
    settings = Settings(data_dirs=(store.data_dir,), timezone="UTC")
    feed = LedgerFeed(lambda: Ledger(ledger), settings, {}, clock, ask_services=asked.append)
    try:
        poll(feed)
        poll(feed)
        assert asked == [False, False]
        quotas = feed.answer(QuotasRequest())
        accounts = feed.answer(AccountsRequest())
        feed.answer(SessionsRequest())
        assert asked == [False, False, True, True]
        assert isinstance(quotas, Quotas) and quotas.plans == ()
        assert isinstance(accounts, Accounts) and sum(each.spend_nano for each in accounts.accounts) == 90 * CENT
    finally:
        feed.close()


def test_past_weeks_are_summed_while_nothing_else_is_left_and_not_looked_for_again(
    feed: LedgerFeed, store: V1, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []

    def counted(ledger: Ledger, now_ms: int, calendar: Calendar) -> bool:
        made.append(make_bucket(ledger, now_ms, calendar))
        return made[-1]

    monkeypatch.setattr("opencode_tui.feed.make_bucket", counted)
    clock.now_ms = at("14:23", date(2026, 7, 13))
    for _ in range(5):
        feed.poll(lambda _: None)
        feed.catch_up()
    assert made == [True] * 8 + [False]
    store.call(session_of(store), cost="1.00", at=at("14:22"))
    for _ in range(5):
        feed.poll(lambda _: None)
        feed.catch_up()
    assert made[9:] == [True] * 8 + [False], "the weeks of a late call are summed again"
    by_model = feed.answer(BreakdownRequest(("model",), "all"))
    assert isinstance(by_model, Breakdown) and by_model.totals.spend_nano == 190 * CENT
