"""Each difference between OpenCode's figures and the ledger's has its cause, or is called unexplained."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from opencode_tui.clock import EVER
from opencode_tui.config.settings import CustomPrice, Pricing, Settings
from opencode_tui.ledger.period_work_queries import shares_of_sessions
from opencode_tui.money import nano_from_usd
from opencode_tui.readings.undone_settling import settle_undone
from opencode_tui.records.calls import Tokens
from tests.stores import V1, V2, Files, Store
from tests.support.ledgers import Reader, reader
from tests.support.paths import SAMPLES
from tests.support.reconciled import causes_of, compared, figure, reconciled
from tests.support.records import replace

CENT = 10_000_000
GLM = "opencode/glm-5"


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    """A ledger of ours over the store under tmp_path."""
    opened: list[Reader] = []

    def ours(**settings: object) -> Reader:
        opened.append(reader(tmp_path / "opencode", **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield ours
    for each in opened:
        each.close()


def change(store: Store, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:  # type: ignore[attr-defined]
        connection.execute(sql, values)


def tamper(ours: Reader, sql: str) -> None:
    with ours.ledger.writing() as connection:
        connection.execute(sql)


def back_up(store: V1 | V2) -> None:
    store.close()
    shutil.copyfile(store.path, store.path.with_name("opencode-backup.db"))


def test_forks_and_forks_of_forks_are_left_out_of_the_ledger_once_each(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store = V1(tmp_path)
    first = store.session("one")
    store.call(first, cost="0.02")
    fork = store.fork(first)
    store.call(fork, cost="0.03")
    store.fork(fork)
    found = reconciled(ours())
    assert found.is_whole
    for name in ("stats", "sessions", "messages"):
        assert figure(found, name).opencode_nano == 12 * CENT
        assert causes_of(found, name) == {"forks": -7 * CENT}
    (explained,) = found.figures[0].explained
    assert explained.calls == 3


def test_what_opencode_1_took_back_and_deleted_stays_in_the_ledger(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store, reader = V1(tmp_path), ours()
    kept, gone = store.session("kept"), store.session("gone")
    store.call(kept, cost="0.02")
    undone = store.prompt(kept)
    store.call(kept, cost="0.04", turn=undone)
    store.call(gone, cost="0.05")
    reader.poll()
    store.revert(kept, undone)
    store.delete(gone)
    found = reconciled(reader)
    assert found.is_whole
    assert causes_of(found) == {"deleted": 5 * CENT, "undone": 4 * CENT}


@pytest.mark.parametrize("make", [V1, V2])
def test_what_was_undone_in_a_session_that_was_deleted_later_is_undone_for_insights_as_well(
    make: type[V1] | type[V2], tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store, reader = make(tmp_path), ours()
    gone = store.session("gone")
    store.call(gone, cost="0.05")
    undone = store.prompt(gone)
    store.call(gone, cost="0.04", turn=undone)
    store.call(store.session("kept"), cost="0.01")
    reader.poll()
    store.revert(gone, undone)
    reader.poll()
    settle_undone(reader.ledger, reader.sync.answers)
    store.delete(gone)
    found = reconciled(reader)
    assert found.is_whole
    assert causes_of(found) == {"deleted": 5 * CENT, "undone": 4 * CENT}
    (share,) = (each for each in shares_of_sessions(reader.ledger.connection, EVER) if each.is_deleted)
    assert (share.nano, share.undone_nano) == (9 * CENT, 4 * CENT)


@pytest.mark.parametrize("version", ["1.14.48", "1.18.34"])
def test_a_session_whose_calls_were_all_taken_back_is_not_deleted(
    version: str, tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store, reader = V1(tmp_path, version=version), ours()
    session = store.session("one")
    undone = store.prompt(session)
    store.call(session, cost="0.04", turn=undone)
    reader.poll()
    store.revert(session, undone)
    assert causes_of(reconciled(reader)) == {"undone": 4 * CENT}


def test_before_1_15_stats_adds_up_the_messages(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store = V1(tmp_path, version="1.2.27")
    first = store.session("one")
    store.call(first, cost="0.02")
    store.fork(first)
    found = reconciled(ours())
    assert [each.name for each in found.figures] == ["stats", "messages"]
    assert figure(found).opencode_nano == 4 * CENT
    assert causes_of(found) == {"forks": -2 * CENT}


def test_what_opencode_2_bills_without_a_row_is_explained_by_kind(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store = V2(tmp_path)
    first = store.session("one")
    store.call(first, cost="0.02")
    store.title(first, cost="0.01", tokens=Tokens(input=300, output=9))
    store.compaction(first, cost="0.03")
    fork = store.fork(first)
    store.call(fork, cost="0.05")
    reader = ours()
    reader.poll()
    undone = store.prompt(first)
    store.call(first, cost="0.04", turn=undone)
    store.revert(first, undone)
    store.prompt(first)
    found = reconciled(reader)
    assert found.is_whole
    assert figure(found).opencode_nano == 7 * CENT  # neither copies, nor compactions, nor what has no row
    assert causes_of(found) == {"undone": 4 * CENT, "compactions": 3 * CENT, "titles": CENT}
    assert figure(found, "sessions").opencode_nano == figure(found).ledger_nano == 15 * CENT
    assert causes_of(found, "sessions") == {}
    assert causes_of(found, "messages") == {"forks": -5 * CENT, "undone": 4 * CENT, "titles": CENT}


def test_a_copy_whose_original_is_deleted_is_money_that_stats_no_longer_shows(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store = V2(tmp_path)
    first = store.session("one")
    store.call(first, cost="0.02")
    fork = store.fork(first)
    store.call(fork, cost="0.05")
    store.delete(first)
    found = reconciled(ours())
    assert found.is_whole
    assert causes_of(found) == causes_of(found, "sessions") == {"deleted": 2 * CENT}
    assert causes_of(found, "messages") == {}


def test_what_stats_cannot_see_yet_is_dated_ahead(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store = V2(tmp_path)
    store.call(store.session("one"), cost="0.02")
    found = reconciled(ours(clock=lambda: store.now - 5_000))
    assert found.is_whole
    assert causes_of(found) == {"dated ahead": 2 * CENT}


@pytest.mark.parametrize("cost", ["0.05", "0.0024"], ids=["at another price", "at the same"])
def test_own_and_list_prices_and_reasoning_charged_twice_are_told_apart(
    cost: str, tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    """Per token: input 1,000 nano-dollars, output and reasoning 2,000."""
    store = Files(tmp_path, version="1.1.65")
    tokens = Tokens(input=1000, output=500, reasoning=100)
    store.call(store.session("one"), cost=cost, tokens=tokens)
    own = Settings(pricing=Pricing(custom={"opencode/kimi-k2.6": (CustomPrice(10**9, 2 * 10**9, 0, 0),)}))
    found = reconciled(ours(settings=own))
    assert found.is_whole
    ledger = 1000 * 1000 + 600 * 2000
    recorded = nano_from_usd(cost)
    assert figure(found).difference_nano == ledger - recorded
    own_price = {"custom price": ledger + 200_000 - recorded} if cost == "0.05" else {}
    assert causes_of(found) == {"reasoning counted twice": -200_000, **own_price}


def test_a_running_call_and_one_written_meanwhile_are_running(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store, reader = V1(tmp_path), ours()
    session = store.session("one")
    call = store.call(session, completed=False)
    reader.poll()
    change(store, "UPDATE message SET data = json_set(data, '$.cost', 0.03) WHERE id = ?", call)
    change(store, "UPDATE session SET cost = 0.03")
    found = compared(reader)
    assert found.is_whole
    assert causes_of(found) == {"running": -3 * CENT}


def test_what_another_process_is_still_importing_is_not_called_unexplained(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store, reader = V2(tmp_path), ours()
    session = store.session("one")
    store.call(session, cost="0.02")
    reader.poll()
    store.call(session, cost="0.03")
    (key,) = reader.sync._known.states
    reader.sync._known.states[key] = replace(reader.sync._known.states[key], state="importing")
    found = compared(reader)
    assert found.is_whole
    assert causes_of(found) == {"running": -3 * CENT}


@pytest.mark.parametrize("broken", ["x", '{"role":"assistant","cost":0.02', "null"])
def test_a_row_that_cannot_be_read_is_in_opencodes_sum_alone(
    broken: str, tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store = V1(tmp_path)
    session = store.session("one")
    store.call(session, cost="0.03")
    lost = store.call(session, cost="0.02")
    change(store, "UPDATE message SET data = ? WHERE id = ?", broken, lost)
    change(store, "DELETE FROM event")
    found = reconciled(ours())
    assert found.is_whole
    assert causes_of(found) == {"unreadable": -2 * CENT}
    assert causes_of(found, "messages") == {"unreadable": 0}


def test_the_older_generation_and_a_second_store_are_no_second_spend(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    files = Files(tmp_path)
    only_in_files = files.session("old")
    files.call(only_in_files, cost="0.02")
    store = V1(tmp_path)
    store.call(store.session("new"), cost="0.03")
    store.close()
    shutil.copyfile(store.path, store.path.with_name("opencode-dev.db"))
    found = reconciled(ours())
    assert found.is_whole
    assert figure(found).opencode_nano == 6 * CENT
    assert causes_of(found) == {"several stores": -3 * CENT, "older stores": 2 * CENT}


def test_a_session_deleted_after_an_upgrade_is_deleted_though_the_older_store_still_has_it(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    """The report of the same ledger calls all of it deleted. Only who has seen it there can tell."""
    files = Files(tmp_path)
    gone = files.session("gone")
    files.call(gone, cost="0.02")
    store, reader = V1(tmp_path, version="1.2.27", imported=files), ours()
    store.call(gone, cost="0.05")
    reader.poll()
    store.delete(gone)
    found = reconciled(reader)
    assert found.is_whole
    assert causes_of(found) == {"deleted": 7 * CENT}
    assert figure(found).explained[0].calls == 2


def test_in_an_upgraded_file_too_a_deleted_session_is_deleted(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    old = V1(tmp_path)
    gone = old.session("gone")
    old.call(gone, cost="0.02")
    store, reader = V2(tmp_path, upgraded=old), ours()
    reader.poll()
    store.delete(gone)
    found = reconciled(reader)
    assert found.is_whole
    assert causes_of(found) == {"deleted": 2 * CENT}


def test_what_was_deleted_before_the_last_upgrade_stays_deleted(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    """From the JSON files over 1.2 to 2.x, deleted in the middle: only the files still have it."""
    files, reader = Files(tmp_path), ours()
    gone = files.session("gone")
    files.call(gone, cost="0.02")
    store = V1(tmp_path, version="1.2.27", imported=files)
    reader.poll()
    store.delete(gone)
    store.call(store.session("kept"), cost="0.05")
    reader.poll()
    V2(tmp_path, upgraded=store)
    found = reconciled(reader)
    assert found.is_whole
    assert causes_of(found) == {"deleted": 2 * CENT}


def test_a_session_deleted_in_one_data_directory_was_not_undone_where_another_still_has_it(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    """It was exported from one and imported into the other, and went on in the first."""
    one, reader = V1(tmp_path), ours()
    session = one.session("moved")
    one.call(session, cost="0.02")
    one.close()
    other = one.path.with_name("opencode-dev.db")
    shutil.copyfile(one.path, other)
    one.call(session, cost="0.05")
    reader.poll()
    one.delete(session)
    found = reconciled(reader)
    assert found.is_whole
    assert causes_of(found) == {"deleted": 5 * CENT}


def test_what_only_a_backup_copy_has_is_of_the_backup(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store = V1(tmp_path)
    gone = store.session("gone")
    store.call(gone, cost="0.02")
    back_up(store)
    store.delete(gone)
    store.call(store.session("new"), cost="0.03")
    found = reconciled(ours())
    assert found.is_whole
    assert causes_of(found) == {"backups": 2 * CENT}


def test_a_sum_has_what_was_undone_before_it_was_read_but_for_a_copy_that_stands_in_a_backup(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store = V2(tmp_path)
    first = store.session("one")
    store.prompt(first)
    store.call(first, cost="0.02")
    fork = store.fork(first)
    undone = store.prompt(fork)
    store.call(fork, cost="0.03", turn=undone)
    store.call(fork, cost="0.05", turn=undone)
    back_up(store)
    store.revert(fork, store.sessions[fork].messages[0].id)
    found = reconciled(ours())
    assert found.is_whole
    assert figure(found, "sessions").ledger_nano == 10 * CENT


def test_a_sum_may_have_some_of_the_calls_that_stand_in_a_backup(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store = V2(tmp_path)
    session = store.session("one")
    store.call(session, cost="0.02")
    undone = store.prompt(session)
    store.call(session, cost="0.03", turn=undone)
    store.call(session, cost="0.05", turn=undone)
    back_up(store)
    store.revert(session, undone)
    change(store, "UPDATE session_v2 SET cost = cost - 0.05")  # that call was made in the copied store alone
    found = reconciled(ours())
    assert found.is_whole
    assert causes_of(found, "sessions") == {"backups": 5 * CENT}


def test_a_store_that_is_gone_leaves_its_money_in_other_places(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    store, reader = V1(tmp_path), ours()
    store.call(store.session("one"), cost="0.02")
    reader.poll()
    store.close()
    store.path.unlink()
    found = reconciled(reader)
    assert found.is_whole
    assert figure(found).opencode_nano == 0
    assert causes_of(found) == {"other places": 2 * CENT}


@pytest.mark.parametrize("kind", [V1, V2])
def test_fractions_of_a_nano_dollar_are_a_rounding(
    kind: type[V1 | V2], tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    """OpenCode adds them up unrounded: in each session's sum, and over all sessions or messages."""
    store = kind(tmp_path)
    for cost in ("0.0000000104", "0.0000000203"):
        session = store.session(cost)
        for _ in range(4):
            store.call(session, cost=Decimal(cost))
    found = reconciled(ours())
    assert found.is_whole
    for name in ("stats", "sessions", "messages"):
        assert (figure(found, name).opencode_nano, figure(found, name).ledger_nano) == (123, 120)
        assert causes_of(found, name) == {"rounding": -3}


@pytest.mark.parametrize(
    ("costs", "nano", "rounding"),
    [
        (("0.0000000102", "0.0000000099"), 20, {}),
        (("0.0000000105", "0.000000001"), 12, {"rounding": -1}),
        (("0.0000000105", "0.000000002"), 12, {}),
    ],
    ids=["none", "a half, to even", "a half that is even"],
)
def test_a_figure_is_rounded_once(
    costs: tuple[str, ...], nano: int, rounding: dict[str, int], tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store = Files(tmp_path)
    session = store.session("one")
    for cost in costs:
        store.call(session, cost=Decimal(cost))
    found = reconciled(ours())
    assert found.is_whole
    assert figure(found).opencode_nano == nano
    assert causes_of(found) == rounding


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE call SET amount_nano = amount_nano + 1 WHERE rowid = 1",
        "UPDATE call SET amount_nano = amount_nano - 1, recorded_nano = recorded_nano - 1 WHERE rowid = 1",
        "DELETE FROM call WHERE rowid = 1",
        "UPDATE call SET copied_from = 'nobody' WHERE rowid = 1",
        "UPDATE call SET basis = 'list', amount_nano = 3 WHERE rowid = 1",
    ],
)
@pytest.mark.parametrize("kind", [V1, V2])
def test_a_ledger_that_is_wrong_is_not_explained(
    sql: str, kind: type[V1 | V2], tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store = kind(tmp_path)
    session = store.session("one")
    store.call(session, cost="0.02")
    store.call(session, cost="0.03")
    reader = ours()
    reader.poll()
    tamper(reader, sql)
    found = compared(reader)
    assert not found.is_whole
    assert figure(found).unexplained_nano == figure(found).difference_nano != 0


def test_a_sum_of_opencode_2_that_the_ledger_does_not_reach_is_not_explained(
    tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    store, reader = V2(tmp_path), ours()
    store.call(store.session("one"), cost="0.02")
    reader.poll()
    change(store, "UPDATE session_v2 SET cost = cost + 0.000000001")
    found = compared(reader)
    assert figure(found).unexplained_nano == 0
    assert figure(found, "sessions").unexplained_nano == -1


@pytest.mark.parametrize(
    ("name", "spent"),
    [
        ("opencode-1.18.34-before-upgrade", 211_965_910),
        ("opencode-2.0.15-just-upgraded", 198_363_860),
        ("opencode-2.0.15-fresh", 1_223_033_830),
    ],
)
def test_stores_of_the_real_opencode_are_explained(
    name: str, spent: int, tmp_path: Path, ours: Callable[..., Reader]
) -> None:
    (tmp_path / "opencode").mkdir()
    (tmp_path / "opencode" / "opencode.db").write_bytes(gzip.decompress((SAMPLES / f"{name}.db.gz").read_bytes()))
    found = reconciled(ours())
    assert found.is_whole
    assert {each.ledger_nano for each in found.figures} == {spent}


@pytest.mark.parametrize("name", ["opencode-0.5", "opencode-0.5-by-1.0"])
def test_files_of_the_real_opencode_are_explained(name: str, tmp_path: Path, ours: Callable[..., Reader]) -> None:
    shutil.copytree(SAMPLES / name, tmp_path / "opencode")
    found = reconciled(ours())
    assert found.is_whole
    assert found.figures[0].difference_nano == 0
    assert found.figures[0].ledger_nano > 0


def test_without_any_store_there_is_nothing_to_explain(tmp_path: Path, ours: Callable[..., Reader]) -> None:
    (tmp_path / "opencode").mkdir()
    found = reconciled(ours())
    assert found.is_whole
    assert [(each.opencode_nano, each.ledger_nano) for each in found.figures] == [(0, 0), (0, 0)]
