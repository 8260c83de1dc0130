"""The guard's files and commands: what is written, whose file is left alone, and what a person is told."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.clock import DAY_MS, Calendar, calendar_for
from opencode_tui.config.settings import Budget, CustomPrice, GuardCaps, Pricing, Settings
from opencode_tui.guard.control import lift, lift_end, raise_cutoff, unraise
from opencode_tui.guard.install import (
    MARK,
    PluginError,
    build,
    install_plugin,
    installed_state,
    plugin_file,
    plugin_text,
    remove_plugin,
    waits_for_npm,
)
from opencode_tui.guard.price_rows import rows_of
from opencode_tui.guard.prices import refresh_list_prices
from opencode_tui.guard.state import (
    GuardState,
    Raised,
    StateError,
    change,
    limits_of,
    read_state,
    refresh,
    seen_file,
    state_file,
    trouble_file,
    warned_file,
    write_state,
)
from opencode_tui.guard.status import guard_status
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO
from opencode_tui.pricing.book import PriceBook
from opencode_tui.report.guard_words import guard_words
from tests.support.records import replace

CENT = NANO // 100
NOON = int(datetime(2026, 5, 13, 12, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = NOON + 12 * 3_600_000
UTC_DAYS = Calendar(UTC)
FULL = GuardState(
    "/somewhere/ledger.db",
    "Europe/Berlin",
    80 * CENT,
    150 * CENT,
    {"/srv/shop": 50 * CENT},
    {"explore": 20 * CENT},
    NOON,
    Raised(250 * CENT, MIDNIGHT),
    ("python", "-m", "opencode_tui", "sync"),
    "/somewhere",
    {"OPENCODE_TUI_MACHINE": "laptop"},
    days=(MIDNIGHT - DAY_MS, MIDNIGHT),
    plugin="/home/ada/plugin.js",
)


# The state file


def test_what_was_written_is_read_again_and_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "guard.json"
    write_state(file, FULL)
    assert read_state(file) == FULL
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["guard.json"]


def test_a_reader_never_sees_half_a_state(tmp_path: Path) -> None:
    file = tmp_path / "guard.json"
    write_state(file, FULL)
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            for cents in range(50):
                write_state(file, replace(FULL, agents={f"agent{n}": CENT for n in range(cents)}))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(500):
            assert read_state(file).ledger == FULL.ledger
    finally:
        over.set()
        writer.join()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"version": 1}',
        '{"version": 2}',
        "[" * 100_000,
        "\x00",
        '{"version": 1, "raised": 1}',
        '{"version": 1, "ledger": "/l", "raised": null, "sync": [], "new": 1}',
        '{"version": 1, "ledger": 5, "raised": null, "sync": []}',
    ],
)
def test_a_broken_state_is_reported_in_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "guard.json"
    file.write_text(text)
    with pytest.raises(StateError, match=r"guard\.json is broken .*; run `opencode-tui guard install`$"):
        read_state(file)


@pytest.mark.parametrize("field", ["cutoff_nano", "warning_nano", "lifted_until_ms"])
def test_an_amount_that_is_no_number_breaks_the_state(tmp_path: Path, field: str) -> None:
    file = tmp_path / "guard.json"
    write_state(file, FULL)
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: "much"}))
    with pytest.raises(StateError, match="an amount is no number"):
        read_state(file)


def test_changes_from_many_sides_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "guard.json"
    write_state(file, replace(FULL, agents={}))

    def name(agent: str) -> Callable[[GuardState], GuardState]:
        return lambda state: replace(state, agents={**state.agents, agent: CENT})

    threads = [
        threading.Thread(target=lambda i=i: [change(file, name(f"{i} {n}")) for n in range(20)]) for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_state(file).agents) == 80


def test_refresh_takes_the_limits_of_the_settings_and_leaves_what_a_person_did(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    settings = Settings(timezone="UTC", budget=Budget(CENT, 2 * CENT), guard=GuardCaps({str(tmp_path): 5}, {"a": 6}))
    sources = (Path("/home/ada/config.toml"), {"OPENCODE_TUI_MACHINE": "laptop", "PATH": "/bin"}, lambda: NOON)
    assert not refresh(settings, ledger, *sources)
    assert list(tmp_path.iterdir()) == []
    write_state(state_file(ledger), FULL)
    assert refresh(settings, ledger, *sources)
    assert not refresh(settings, ledger, *sources)
    days = tuple(MIDNIGHT + each * DAY_MS for each in range(-2, 62))
    limits = replace(FULL, timezone="UTC", warning_nano=CENT, cutoff_nano=2 * CENT)
    held = read_state(state_file(ledger)).held
    expected = replace(limits, days=days, projects={str(tmp_path): 5}, agents={"a": 6}, held=held)
    assert read_state(state_file(ledger)) == expected
    # The next day is known from the first look on it on.
    assert refresh(settings, ledger, *sources[:2], lambda: NOON + DAY_MS)
    assert read_state(state_file(ledger)).days == tuple(each + DAY_MS for each in days)


def test_a_shell_in_another_time_zone_does_not_move_the_days(tmp_path: Path) -> None:
    ledger, config = tmp_path / "ledger.db", Path("/home/ada/config.toml")
    here = {"TZ": "UTC"}
    write_state(state_file(ledger), replace(FULL, timezone="", config=str(config), environment=here))
    assert not refresh(Settings(), ledger, config, {"TZ": "Asia/Tokyo"})
    assert not refresh(Settings(), ledger, config, {})
    assert refresh(Settings(), ledger, config, here)


def test_what_the_plugin_prices_by_is_that_of_the_settings(tmp_path: Path) -> None:
    pricing = Pricing("list", {"opencode/glm-5": (CustomPrice(1, 2, 3, 4),)})
    limits = limits_of(Settings(pricing=pricing), NOON)
    assert limits["prices"] == {"prefer": "list", "custom": {"opencode/glm-5": [[-1, 1, 2, 3, 4]]}, "list": {}}
    before = replace(FULL, prices=limits["prices"] | {"list": {"p": {"m": [[-1, 1, 2, 3, 4]]}}})
    assert limits_of(Settings(pricing=pricing), NOON, before)["prices"] == before.prices
    assert limits_of(Settings(), NOON, before)["prices"]["list"] == {}


def test_prices_of_some_time_go_to_the_plugin_by_the_moments_at_which_they_change(tmp_path: Path) -> None:
    first, later = CustomPrice(1), CustomPrice(2, from_=datetime.fromtimestamp(NOON / 1000 + 86_400, UTC).date())
    settings = Settings(timezone="UTC", pricing=Pricing(custom={"a/b": (first, later), "c/d": (first,)}))
    limits = limits_of(settings, NOON)
    days, prices = limits["days"], limits["prices"]
    assert prices["custom"] == {"c/d": [[-1, 1, 0, 0, 0]]}
    assert prices["changes"] == {"a/b": [[days[0], [[-1, 1, 0, 0, 0]]], [days[2], [[-1, 2, 0, 0, 0]]]]}
    file = state_file(tmp_path / "ledger.db")
    write_state(file, replace(FULL, prices=prices))
    assert read_state(file).prices == prices
    assert limits_of(settings, NOON + 60_000) == limits


def test_list_prices_of_the_models_in_use_go_to_the_plugin(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.connection.execute("INSERT INTO machine (id, name) VALUES (1, 'm')")
    ledger.connection.execute("INSERT INTO store (id, key) VALUES (1, '/data/opencode.db#message')")
    ledger.connection.execute(
        "INSERT INTO call (id, session_id, machine_id, store_id, provider, model, agent, directory, created_ms, input,"
        " output, reasoning, cache_read, cache_write, recorded_nano, amount_nano, basis, copied) VALUES"
        " ('c', 's', 1, 1, 'opencode', 'glm-5', 'build', '/', ?, 1, 1, 0, 0, 0, 0, 0, 'recorded', 0)",
        (NOON - DAY_MS,),
    )
    book = PriceBook(Pricing("list"), {}, tmp_path)
    file = state_file(ledger.path)
    assert not refresh_list_prices(ledger.path, ledger.connection, book, NOON)
    write_state(file, FULL)
    assert not refresh_list_prices(ledger.path, ledger.connection, book, NOON)
    write_state(file, replace(FULL, prices={"prefer": "list", "custom": {}, "list": {}}))
    assert refresh_list_prices(ledger.path, ledger.connection, book, NOON)
    assert not refresh_list_prices(ledger.path, ledger.connection, book, NOON)
    rates = book.lookup("opencode", "glm-5")
    assert rates
    assert read_state(file).prices["list"] == {"": {"opencode": {"glm-5": rows_of(rates)}}}
    ledger.close()


def test_refresh_leaves_a_broken_state_to_the_status(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    state_file(ledger).write_text("{")
    assert not refresh(Settings(), ledger, tmp_path / "config.toml", {})
    assert state_file(ledger).read_text() == "{"


@pytest.mark.parametrize(
    ("config", "environ", "moves"),
    [
        ("/home/ada/config.toml", {"PATH": "/bin"}, True),
        ("/home/ada/other.toml", {}, False),
        ("/home/ada/config.toml", {"OPENCODE_TUI_BUDGET__CUTOFF_USD": "9"}, False),
    ],
)
def test_only_the_sources_that_it_was_installed_with_move_a_guards_limits(
    tmp_path: Path, config: str, environ: dict[str, str], moves: bool
) -> None:
    ledger = tmp_path / "ledger.db"
    write_state(state_file(ledger), replace(FULL, config="/home/ada/config.toml", environment={}))
    settings = Settings(budget=Budget(CENT, 900 * CENT))
    assert refresh(settings, ledger, Path(config), environ) == moves
    assert (read_state(state_file(ledger)).cutoff_nano == 900 * CENT) == moves


def test_projects_are_named_as_opencode_names_them(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    limits = limits_of(Settings(guard=GuardCaps({str(tmp_path / "link"): 5})), NOON)
    assert limits["projects"] == {str((tmp_path / "real").resolve()): 5}


# Lifting and raising


@pytest.mark.parametrize(
    ("text", "end"),
    [("90s", NOON + 90_000), ("30m", NOON + 1_800_000), ("2h", NOON + 7_200_000), ("today", MIDNIGHT)],
)
def test_a_lift_ends_when_it_was_said_to(text: str, end: int) -> None:
    assert lift_end(text, UTC_DAYS, NOON) == end


@pytest.mark.parametrize(
    "text", ["", "30", "m", "0m", "-5m", "1.5h", "30 m", "30M", "1d", "169h", "9999999s", "٣m", "for ever"]
)
def test_another_text_is_no_time_to_lift_for(text: str) -> None:
    with pytest.raises(ValueError, match="write 90s, 30m, 2h or today"):
        lift_end(text, UTC_DAYS, NOON)


def test_a_day_that_changes_its_clock_ends_at_its_own_midnight() -> None:
    berlin = calendar_for("Europe/Berlin")
    spring = int(datetime(2026, 3, 29, 0, 30, tzinfo=UTC).timestamp() * 1000)
    assert lift_end("today", berlin, spring) == int(datetime(2026, 3, 29, 22, tzinfo=UTC).timestamp() * 1000)


def test_a_raised_cutoff_holds_for_its_day_and_has_to_be_higher(tmp_path: Path) -> None:
    file = tmp_path / "guard.json"
    write_state(file, replace(FULL, raised=None))
    with pytest.raises(ValueError, match=r"\$1\.50 is not above the cutoff \$1\.50; name a higher amount"):
        raise_cutoff(file, 150 * CENT, 0, UTC_DAYS, NOON)
    with pytest.raises(ValueError, match=r"\$2\.00 is not above what is spent today, \$2\.10; name a higher amount"):
        raise_cutoff(file, 200 * CENT, 210 * CENT, UTC_DAYS, NOON)
    raise_cutoff(file, 250 * CENT, 210 * CENT, UTC_DAYS, NOON)
    state = read_state(file)
    assert (state.cutoff_at(NOON), state.cutoff_at(MIDNIGHT - 1), state.cutoff_at(MIDNIGHT)) == (
        250 * CENT,
        250 * CENT,
        150 * CENT,
    )
    assert raise_cutoff(file, 220 * CENT, 0, UTC_DAYS, NOON).cutoff_at(NOON) == 220 * CENT, "it was raised too high"
    assert unraise(file).cutoff_at(NOON) == 150 * CENT
    with pytest.raises(ValueError, match=r"a cutoff is below \$1,000,000\.00; name a lower amount"):
        raise_cutoff(file, 10**400, 0, UTC_DAYS, NOON)


def test_who_stands_still_in_a_change_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_tui.guard.state._PATIENCE_S", 0.1)
    file = tmp_path / "guard.json"
    write_state(file, FULL)
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(StateError, match=r"^another process holds .*; try again once that has ended$"):
        lift(file, NOON)
    os.close(handle)
    assert lift(file, NOON).lifted_until_ms == NOON


# The plugin's file


def environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}


def test_the_plugin_stands_in_opencodes_own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    name = Path("opencode/plugin/opencode-tui-guard.js")
    assert plugin_file({}) == tmp_path / ".config" / name
    assert plugin_file({"XDG_CONFIG_HOME": "/elsewhere"}) == Path("/elsewhere") / name


@pytest.mark.parametrize("name", ["guard.json", 'a "quoted" \\ name', "naïve\u2028.json"])
def test_installing_twice_leaves_one_plugin_that_names_its_state(tmp_path: Path, name: str) -> None:
    plugin = plugin_file(environ(tmp_path))
    for _ in range(2):
        install_plugin(plugin, tmp_path / name)
    assert installed_state(plugin) == tmp_path / name
    assert [file.name for file in plugin.parent.iterdir()] == [plugin.name]


def test_an_older_plugin_of_ours_is_brought_up_to_date(tmp_path: Path) -> None:
    plugin, state = plugin_file(environ(tmp_path)), tmp_path / "guard.json"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(f'{MARK} of long ago\nconst STATE_FILE = "/gone/guard.json"\n')
    assert installed_state(plugin) == Path("/gone/guard.json")
    install_plugin(plugin, state)
    assert plugin.read_text() == plugin_text(state)


def test_removing_takes_the_state_and_its_notes_and_nothing_else(tmp_path: Path) -> None:
    plugin, state = plugin_file(environ(tmp_path)), tmp_path / "guard.json"
    install_plugin(plugin, state)
    other = plugin.with_name("somebody.js")
    kept = (other, tmp_path / "ledger.db")
    for file in (state, trouble_file(state), warned_file(state), *kept):
        file.write_text("{}")
    assert remove_plugin(plugin)
    assert not remove_plugin(plugin)
    assert {file for file in tmp_path.rglob("*") if file.is_file()} == set(kept)


def test_a_file_that_is_not_ours_is_neither_written_nor_removed(tmp_path: Path) -> None:
    plugin = plugin_file(environ(tmp_path))
    plugin.parent.mkdir(parents=True)
    plugin.write_text("export default async () => ({})")
    with pytest.raises(PluginError, match=r"is not a file of opencode-tui's; move it away$"):
        install_plugin(plugin, tmp_path / "guard.json")
    assert not remove_plugin(plugin)
    assert plugin.read_text() == "export default async () => ({})"


def test_a_ledger_whose_path_javascript_cannot_name_is_refused(tmp_path: Path) -> None:
    plugin = plugin_file(environ(tmp_path))
    with pytest.raises(PluginError, match=r"^the ledger's path is not UTF-8; name another one with --ledger$"):
        install_plugin(plugin, tmp_path / os.fsdecode(b"\xff") / "guard.json")
    assert not plugin.exists()


def test_opencode_waits_for_npm_until_it_has_its_package(tmp_path: Path) -> None:
    config = plugin_file(environ(tmp_path)).parent.parent
    assert waits_for_npm(environ(tmp_path))
    (config / "node_modules").mkdir(parents=True)
    assert waits_for_npm(environ(tmp_path))
    (config / "package-lock.json").write_text(
        '{"packages": {"": {"dependencies": {"@opencode-ai/plugin": "1.18.34"}}}}'
    )
    assert not waits_for_npm(environ(tmp_path))


# How it is doing


@dataclass
class Machine:
    home: Path

    @property
    def ledger(self) -> Path:
        return self.home / "ours" / "ledger.db"

    @property
    def state(self) -> Path:
        return state_file(self.ledger)

    @property
    def environ(self) -> Mapping[str, str]:
        return environ(self.home)

    @property
    def plugin(self) -> Path:
        return plugin_file(self.environ)

    def install(self, **changes: Any) -> None:
        self.ledger.parent.mkdir(exist_ok=True)
        write_state(self.state, replace(GuardState(str(self.ledger), "UTC", 80 * CENT, 150 * CENT), **changes))
        install_plugin(self.plugin, self.state)

    def tell(self, reason: str, held: bool) -> None:
        trouble_file(self.state).write_text(json.dumps({"at_ms": NOON - 60_000, "held": held, "reason": reason}))

    def said(self) -> tuple[bool, str, str]:
        status = guard_status(Settings(timezone="UTC"), self.ledger, self.environ, NOON)
        return status.guarded, guard_words(status.record, Calendar(UTC), NOON), status.detail


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_plugin_nothing_is_guarded(machine: Machine) -> None:
    assert machine.said() == (False, "not guarded", "`opencode-tui guard install` puts a guard into OpenCode")


def test_with_it_calls_are_held(machine: Machine) -> None:
    machine.install()
    assert machine.said() == (True, "guarded", "OpenCode's next call past the cutoff is refused")


def test_somebody_elses_file_is_no_guard(machine: Machine) -> None:
    machine.plugin.parent.mkdir(parents=True)
    machine.plugin.write_text("export default async () => ({})")
    guarded, words, detail = machine.said()
    assert (guarded, words) == (False, "not guarded")
    assert "is not a file of opencode-tui's; move it away" in detail


def test_a_guard_of_another_ledger_is_not_this_ones(machine: Machine) -> None:
    machine.install()
    install_plugin(machine.plugin, machine.home / "other" / "guard.json")
    guarded, words, detail = machine.said()
    assert (guarded, words) == (False, "not guarded")
    assert "holds another ledger's limits" in detail


def test_a_guard_that_lost_its_state_holds_nothing(machine: Machine) -> None:
    machine.install()
    machine.state.unlink()
    guarded, words, detail = machine.said()
    assert (guarded, words) == (False, "not guarded")
    assert detail.endswith("guard.json cannot be read (No such file or directory); run `opencode-tui guard install`")


@pytest.mark.parametrize(
    ("until", "words"),
    [(NOON + 1_800_000, "lifted until 12:30"), (MIDNIGHT + 3_600_000, "lifted until Thu 14 May 01:00")],
)
def test_a_lifted_guard_says_until_when(machine: Machine, until: int, words: str) -> None:
    machine.install()
    lift(machine.state, until)
    assert machine.said() == (False, words, f"the guard is {words}; `opencode-tui guard lift --off` ends that")
    lift(machine.state, 0)
    assert machine.said()[:2] == (True, "guarded")


def test_a_lift_and_a_raise_of_a_clock_that_was_ahead_hold_no_more(machine: Machine) -> None:
    year_ms = 365 * DAY_MS
    machine.install(lifted_until_ms=NOON + year_ms, raised=Raised(9 * NANO, NOON + year_ms))
    status = guard_status(Settings(), machine.ledger, machine.environ, NOON)
    assert (status.guarded, status.lifted_until_ms, status.cutoff_nano) == (True, None, 150 * CENT)


def test_what_the_plugin_cannot_do_is_shown(machine: Machine) -> None:
    machine.install()
    machine.tell("the ledger cannot be read\x1b[31m", held=False)
    guarded, words, detail = machine.said()
    assert (guarded, words) == (False, "not guarded")
    assert detail == "the ledger cannot be read[31m (at 11:59); `opencode-tui guard install` may put it right"
    machine.tell("the sync failed", held=True)
    status = guard_status(Settings(), machine.ledger, machine.environ, NOON)
    assert (status.guarded, status.trouble) == (True, "the sync failed")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"reason": "x"}'])
def test_a_broken_note_of_trouble_is_no_trouble(machine: Machine, text: str) -> None:
    machine.install()
    trouble_file(machine.state).write_text(text)
    assert machine.said()[0]


def test_which_opencodes_have_loaded_it_is_said(machine: Machine) -> None:
    machine.install()
    note = {"at_ms": NOON - 60_000, "version": "2.0.15", "build": build()}
    seen_file(machine.state, 2).write_text(json.dumps(note))
    seen_file(machine.state, 1).write_text(json.dumps(note | {"version": "1.18.34\x1b", "build": "old"}))
    status = guard_status(Settings(), machine.ledger, machine.environ, NOON)
    assert [(seen.version, seen.current) for seen in status.seen] == [("1.18.34", False), ("2.0.15", True)]
    for text in ("", "{", "[]", '{"version": 2, "at_ms": 1}', "[" * 100_000):
        seen_file(machine.state, 2).write_text(text)
        assert len(guard_status(Settings(), machine.ledger, machine.environ, NOON).seen) == 1


def test_a_plugin_that_is_gone_from_where_it_was_installed_is_trouble(machine: Machine) -> None:
    machine.install(plugin=str(machine.plugin))
    machine.plugin.unlink()
    guarded, words, detail = machine.said()
    assert (guarded, words) == (False, "not guarded")
    assert detail.endswith("is gone; `opencode-tui guard install` puts it right")
    machine.plugin.write_text("export default async () => ({})")
    assert "is not a file of opencode-tui's; move it away" in machine.said()[2]


def test_a_shell_with_another_configuration_directory_sees_the_same_guard(machine: Machine) -> None:
    machine.install(plugin=str(machine.plugin))
    other = {"HOME": str(machine.home), "XDG_CONFIG_HOME": "/elsewhere"}
    assert guard_status(Settings(), machine.ledger, other, NOON).guarded


@pytest.mark.parametrize("which", ["state", "plugin"])
def test_files_that_others_can_change_are_said_and_mended(machine: Machine, which: str) -> None:
    machine.install()
    file = machine.state if which == "state" else machine.plugin
    file.chmod(0o666)
    status = guard_status(Settings(), machine.ledger, machine.environ, NOON)
    assert status.guarded
    assert "(mode 0666)" in status.trouble
    machine.install()
    assert stat.S_IMODE(file.stat().st_mode) == (0o600 if which == "state" else 0o644)
    assert guard_status(Settings(), machine.ledger, machine.environ, NOON).troubles == ()


def test_a_state_that_others_can_change_does_not_become_ours(machine: Machine) -> None:
    machine.install()
    machine.state.chmod(0o622)
    with pytest.raises(StateError, match=r"can be changed by others \(mode 0622\)"):
        lift(machine.state, NOON)
    assert stat.S_IMODE(machine.state.stat().st_mode) == 0o622


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_mode_of_our_files_is_not_the_umasks(machine: Machine, umask: int) -> None:
    before = os.umask(umask)
    try:
        machine.install()
    finally:
        os.umask(before)
    assert stat.S_IMODE(machine.plugin.stat().st_mode) == 0o644
    assert stat.S_IMODE(machine.state.stat().st_mode) == 0o600


@pytest.mark.parametrize("which", ["state", "plugin", "note", "seen"])
@pytest.mark.parametrize("what", ["fifo", "directory", "huge", "closed"])
def test_what_is_no_file_of_ours_ends_in_a_sentence(machine: Machine, which: str, what: str) -> None:
    machine.install(plugin=str(machine.plugin))
    note, seen = trouble_file(machine.state), seen_file(machine.state, 1)
    file = {"state": machine.state, "plugin": machine.plugin, "note": note, "seen": seen}[which]
    file.unlink(missing_ok=True)
    if what == "fifo":
        os.mkfifo(file)
    elif what == "directory":
        file.mkdir()
    else:
        file.write_text("x")
        os.truncate(file, 20 << 20) if what == "huge" else file.chmod(0)
    guarded, _, detail = machine.said()
    assert guarded == (which in ("note", "seen"))
    assert which in ("note", "seen") or "guard install" in detail


def test_each_trouble_that_the_plugin_notes_is_one_line_with_its_cause(machine: Machine) -> None:
    machine.install()
    notes = [
        {"cause": "sync", "reason": "the sync failed", "held": True, "at_ms": NOON - 90_000},
        {"cause": "ledger", "reason": "the ledger is broken", "held": False, "at_ms": NOON - 30_000},
        {"cause": 5},
        "no note",
    ]
    trouble_file(machine.state).write_text(json.dumps({"troubles": notes}))
    status = guard_status(Settings(timezone="UTC"), machine.ledger, machine.environ, NOON)
    assert not status.guarded
    assert [(each.cause, each.held) for each in status.troubles] == [("ledger", False), ("sync", True)]
    assert status.detail.startswith("the ledger is broken (at 11:59)")


def test_what_keeps_the_guard_from_holding_is_an_alert_once(machine: Machine) -> None:
    machine.install()
    machine.ledger.parent.mkdir(exist_ok=True)
    ledger = Ledger(machine.ledger)

    def fired(now_ms: int = NOON) -> list[tuple[str, str, str]]:
        troubles = guard_status(Settings(), machine.ledger, machine.environ, now_ms).troubles
        found = look_for_alerts(ledger, Settings(timezone="UTC"), now_ms, guard=troubles)
        return [(alert.crossing.rule, alert.crossing.level, alert.text) for alert in found]

    assert fired() == []
    machine.tell("the ledger cannot be read", held=False)
    text = "the guard does not hold: the ledger cannot be read; `opencode-tui guard install` may put it right"
    assert fired() == [("guard", "warning", text)]
    assert fired() == [] == fired(NOON + DAY_MS)
    trouble_file(machine.state).unlink()
    assert fired() == []
    trouble_file(machine.state).write_text(json.dumps({"at_ms": NOON + 1, "held": False, "reason": "again"}))
    assert [level for _, level, _ in fired(NOON + 1)] == ["warning"]
    trouble_file(machine.state).write_text(json.dumps({"at_ms": NOON, "held": True, "reason": "the sync failed"}))
    assert fired(NOON + 59_999) == []
    assert [level for _, level, _ in fired(NOON + 60_000)] == ["notice"]
    machine.state.unlink()
    (alert,) = (text for _, level, text in fired(NOON + 70_000) if level == "warning")
    assert "guard.json cannot be read" in alert
    ledger.close()


def test_the_status_has_the_limits_in_force(machine: Machine) -> None:
    machine.install(agents={"explore": CENT}, projects={"/srv": 2 * CENT})
    raise_cutoff(machine.state, 3 * NANO, 0, UTC_DAYS, NOON)
    status = guard_status(Settings(), machine.ledger, machine.environ, NOON)
    assert (status.warning_nano, status.cutoff_nano, status.raised) == (80 * CENT, 3 * NANO, True)
    assert (status.agents, status.projects, status.outdated) == ({"explore": CENT}, {"/srv": 2 * CENT}, False)
    machine.plugin.write_text(machine.plugin.read_text() + "\n")
    assert guard_status(Settings(), machine.ledger, machine.environ, NOON).outdated
