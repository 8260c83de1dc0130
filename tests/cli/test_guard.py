"""`opencode-tui guard`: one sentence for each thing done, one for each that cannot be, and the exit codes."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, main
from opencode_tui.guard.install import build, installed_state, plugin_file
from opencode_tui.guard.state import GuardState, read_state, seen_file, trouble_file
from opencode_tui.guard.status import NOT_HELD
from opencode_tui.money import NANO
from tests.stores import V1
from tests.support.shell import Shell as Machine

NOON = int(datetime(2026, 5, 13, 12, tzinfo=UTC).timestamp() * 1000)
HINT = "opencode-tui: there is no guard in OpenCode; `opencode-tui guard install` puts one there\n"


class Shell(Machine):
    """`guard` on a machine whose day has cost $1.00 by noon; OpenCode has been online there."""

    @property
    def plugin(self) -> Path:
        return plugin_file(os.environ)

    @property
    def state(self) -> GuardState:
        file = installed_state(self.plugin)
        assert file
        return read_state(file)

    def run(self, *argv: str, places: Sequence[str] | None = None) -> tuple[int, str, str]:
        return super().run("guard", *argv, places=places or ["--data-dir", str(self.data_dir)])


@pytest.fixture
def shell(shell: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr("opencode_tui.cli.guard.now_ms", lambda: NOON)
    monkeypatch.setattr("opencode_tui.guard.state.now_ms", lambda: NOON)
    store = V1(tmp_path)
    store.call(store.session("Fix header", created=NOON - 7_200_000), cost="1.00", at=NOON - 3_600_000)
    (tmp_path / ".config" / "opencode" / "node_modules").mkdir(parents=True)
    (tmp_path / ".config" / "opencode" / "package-lock.json").write_text('"@opencode-ai/plugin"')
    return Shell(shell.home, shell.capsys, shell.at_end)


def test_install_says_where_and_how_much_and_holds_from_then_on(shell: Shell) -> None:
    assert shell.said("install") == (
        "The guard is installed in ~/.config/opencode/plugin/opencode-tui-guard.js: OpenCode is held to $1.50 a day,"
        " OpenCode 1 from its next start on.\n"
    )
    ledger = shell.home / ".local" / "share" / "opencode-tui" / "ledger.db"
    assert (shell.state.ledger, shell.state.cutoff_nano) == (str(ledger), 1_500_000_000)
    command = ("-m", "opencode_tui", "sync", "--ledger", str(ledger), "--data-dir", str(shell.home / "opencode"))
    assert shell.state.sync == (sys.executable, *command)
    assert shell.said("status").startswith("guarded: ")


def test_install_shows_what_opencode_will_wait_for(shell: Shell) -> None:
    (shell.home / ".config" / "opencode" / "package-lock.json").unlink()
    assert "OpenCode fetches @opencode-ai/plugin from npm" in shell.said("install")


def test_the_settings_of_the_installing_shell_go_to_the_sync_and_its_secrets_do_not(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = shell.home / "mine.toml"
    config.write_text("[budget]\ncutoff_usd = 3\n")
    monkeypatch.setenv("OPENCODE_TUI_CONFIG_FILE", str(config))
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "UTC")
    monkeypatch.setenv("OPENCODE_TUI_WEBHOOK_URL", "https://hooks.example/secret")
    shell.said("install")
    assert shell.state.sync[-2:] == ("--config", str(config))
    assert shell.state.environment == {"OPENCODE_TUI_TIMEZONE": "UTC"}
    assert shell.state.cutoff_nano == 3 * NANO


def test_installing_again_takes_the_new_limits_and_keeps_what_was_lifted_and_raised(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.said("install")
    shell.said("lift", "--for", "30m")
    shell.said("raise", "2.50")
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__CUTOFF_USD", "2")
    assert "is held to $2.50 a day" in shell.said("install")
    assert (shell.state.cutoff_nano, shell.state.lifted_until_ms) == (2 * NANO, NOON + 1_800_000)


def test_install_forgets_the_trouble_that_it_puts_right(shell: Shell) -> None:
    shell.said("install")
    trouble_file(installed_state(shell.plugin) or Path()).write_text('{"at_ms": 0, "held": false, "reason": "old"}')
    assert shell.said("status").startswith("not guarded: old")
    shell.said("install")
    assert shell.said("status").startswith("guarded: ")


def test_an_install_that_fails_leaves_nothing_behind(shell: Shell) -> None:
    (shell.plugin.parent.parent / "plugin").write_text("in the way")
    code, _, err = shell.run("install")
    assert code == EXIT_TROUBLE and "cannot be written" in err
    assert not list((shell.home / ".local" / "share" / "opencode-tui").glob("guard*"))


def test_a_raise_can_be_ended(shell: Shell) -> None:
    shell.said("install")
    shell.said("raise", "250")
    assert shell.said("raise", "--off") == "The cutoff is $1.50 again.\n"
    assert shell.state.raised is None


@pytest.mark.parametrize("amount", ["1e400", "1e4400", "1000000", "-1", "0", "x"])
def test_what_no_cutoff_can_be_raised_to_is_said(amount: str, shell: Shell) -> None:
    shell.said("install")
    code, out, err = shell.run("raise", f"--={amount}" if amount == "-" else amount)
    assert (code, out, shell.state.raised) == (EXIT_USAGE, "", None)
    assert err.count("\n") <= 2


def test_the_next_command_after_an_edit_of_the_settings_moves_the_limits(shell: Shell) -> None:
    shell.said("install")
    config = shell.home / ".config" / "opencode-tui" / "config.toml"
    config.parent.mkdir()
    config.write_text("[budget]\ncutoff_usd = 3\n")
    assert main(["today", "--data-dir", str(shell.home / "opencode")]) == EXIT_OK
    assert shell.state.cutoff_nano == 3 * NANO


def test_the_lines_of_one_check_are_not_the_guards(shell: Shell) -> None:
    shell.said("install")
    assert main(["check", "--warn", "0.1", "--cutoff", "0.2", "--data-dir", str(shell.home / "opencode")]) == 0
    assert shell.state.cutoff_nano == 1_500_000_000


def test_a_guard_moves_with_its_ledger_and_leaves_nothing_behind(shell: Shell) -> None:
    shell.said("install")
    before = installed_state(shell.plugin)
    shell.said("install", "--ledger", str(shell.home / "other" / "ledger.db"))
    assert shell.state.ledger == str(shell.home / "other" / "ledger.db")
    assert before and not before.exists()


def test_a_plugin_of_somebody_elses_stops_install_and_stays(shell: Shell) -> None:
    shell.plugin.parent.mkdir()
    shell.plugin.write_text("mine")
    code, out, err = shell.run("install")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert err == f"opencode-tui: {shell.plugin} is not a file of opencode-tui's; move it away\n"
    assert shell.said("remove") == "There is no guard in OpenCode.\n"
    assert shell.plugin.read_text() == "mine"


def test_remove_takes_it_out(shell: Shell) -> None:
    shell.said("install")
    assert shell.said("remove") == "The guard is removed: OpenCode's calls are not held any more.\n"
    assert shell.said("status").startswith("not guarded: ")
    assert not shell.plugin.exists()


def test_lift_and_off(shell: Shell) -> None:
    shell.said("install")
    assert shell.said("lift", "--for", "30m") == "The guard is lifted until 12:30.\n"
    assert shell.said("status").startswith("lifted until 12:30: ")
    assert shell.said("lift", "--for", "today") == "The guard is lifted until Thu 14 May 00:00.\n"
    assert shell.said("lift", "--off") == "The guard holds again: the cutoff is $1.50.\n"
    assert shell.said("status").startswith("guarded: ")


HELD = """
[guard]
calls_a_minute = 30
hour_usd = 2
identical_calls = 8
subagent_usd = 0.5
[guard.rates.explorers]
scope = "agent"
calls_a_minute = 20
[budgets.web]
scope = "project"
only = "/srv/web"
period = "week"
owner = "Anna"
cutoff_usd = 5
"""


@pytest.fixture
def held(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The same machine with a guard that holds rates, loops, subagents and a budget."""
    config = shell.home / "held.toml"
    config.write_text(HELD)
    monkeypatch.setenv("OPENCODE_TUI_CONFIG_FILE", str(config))
    shell.said("install")
    return shell


def test_each_limit_has_a_lift_of_its_own_and_status_says_it(held: Shell) -> None:
    assert held.said("lift", "rate", "--for", "30m") == "The guard does not hold rates until 12:30.\n"
    assert held.said("lift", "loop", "--for", "1h") == "The guard does not hold loops until 13:00.\n"
    assert held.said("lift", "subagent", "--for", "1h").startswith("The guard does not hold subagents' caps until")
    assert (
        held.said("lift", "budget", "web", "--for", "2h") == "The guard does not hold the budget “web” until 14:00.\n"
    )
    ends = {"rate": NOON + 1_800_000, "loop": NOON + 3_600_000, "subagent": NOON + 3_600_000}
    assert held.state.lifts == ends | {"budget web": NOON + 7_200_000}
    assert held.state.lifted_until_ms == 0
    lines = held.said("status").splitlines()
    assert lines[0].startswith("guarded: ")
    for line in (
        "rate of all calls: 30 calls a minute, $2.00 an hour",
        "rate of each agent: 20 calls a minute",
        "loops: stopped after 8 identical tool calls with nothing changed in between",
        "cap of each subagent: $0.50",
        "budgets: web (`opencode-tui budget` shows them)",
        "rates: not held until 12:30",
        "the budget “web”: not held until 14:00",
    ):
        assert line in lines
    assert held.said("lift", "rate", "--off") == "The guard holds rates again.\n"
    assert "rate" not in held.state.lifts
    found = json.loads(held.said("status", "--json"))
    assert (found["identical_calls"], found["subagent_usd"], found["budgets"]) == (8, 0.5, ["web"])
    assert found["rates"][1] == {
        "name": "explorers",
        "scope": "agent",
        "only": "",
        "calls_a_minute": 20,
        "hour_usd": None,
    }
    assert set(found["lifts"]) == {"loop", "subagent", "budget web"}


def test_a_lift_that_has_ended_is_forgotten(held: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    held.said("lift", "rate", "--for", "30m")
    monkeypatch.setattr("opencode_tui.cli.guard.now_ms", lambda: NOON + 1_800_000)
    assert "not held until" not in held.said("status")
    held.said("lift", "loop", "--for", "30m")
    assert set(held.state.lifts) == {"loop"}


def test_installing_again_keeps_the_lifts_of_single_limits(held: Shell) -> None:
    held.said("lift", "loop", "--for", "30m")
    held.said("install")
    assert held.state.lifts == {"loop": NOON + 1_800_000}
    assert held.state.held["identical_calls"] == 8


def test_the_weeks_and_months_of_the_state_hold_today(held: Shell) -> None:
    limits = held.state.held
    week, month = datetime(2026, 5, 11, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    assert limits["weeks"][0] == int(week.timestamp() * 1000)
    assert limits["months"][0] == int(month.timestamp() * 1000)
    assert limits["weeks"][-1] > held.state.days[-1] and limits["months"][-1] > held.state.days[-1]


def test_of_a_teams_file_that_is_broken_the_guard_keeps_what_it_had(
    held: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = held.home / "budgets.toml"
    team.write_text('[budgets.all]\nowner = "Bo"\ncutoff_usd = 9\n')
    monkeypatch.setenv("OPENCODE_TUI_TEAM__BUDGETS_FILE", str(team))
    held.said("install")
    assert [each["name"] for each in held.state.held["budgets"]] == ["web", "team:all"]
    before = held.state.held["team_version"]
    team.write_text("[budgets.all]\nowner = ")
    os.utime(team, (NOON / 1000 - 30,) * 2)
    assert "budgets.toml" not in held.said("status")  # it may still be being copied
    os.utime(team, (NOON / 1000 - 60,) * 2)
    status = held.said("status")
    assert "budgets.toml: line 2, column 9: invalid value; correct the TOML there; the team's budgets that" in status
    assert status.startswith("guarded: ")
    assert [each["name"] for each in held.state.held["budgets"]] == ["web", "team:all"]
    assert held.state.held["team_version"] not in ("", before)
    team.write_text("")
    held.said("status")
    assert [each["name"] for each in held.state.held["budgets"]] == ["web"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("lift", "speed", "--for", "30m"), "'speed' cannot be lifted; name one of rate, loop, subagent, budget"),
        (("lift", "loop", "web", "--for", "30m"), "loop has no names; leave 'web' out"),
        (("lift", "budget", "wob", "--for", "30m"), "there is no budget 'wob' here (none is set); name one of them"),
        (("lift", "--for", "soon"), "'soon' is not a time to lift the guard for; write 90s, 30m, 2h or today"),
        (("raise", "much"), "'much' is not an amount in USD; write one such as 2.50"),
        (("raise", "nan"), "'nan' is not an amount in USD; write one such as 2.50"),
        (("raise", "1.50"), "$1.50 is not above the cutoff $1.50; name a higher amount"),
        (("lift",), "one of the arguments --for --off is required"),
        (("lift", "--for", "30m", "--off"), "not allowed with argument"),
        (("raise",), "one of the arguments USD --off is required"),
        (("hold",), "invalid choice: 'hold'"),
    ],
)
def test_a_wrong_command_line_changes_nothing(shell: Shell, argv: tuple[str, ...], said: str) -> None:
    shell.said("install")
    before = shell.state
    code, out, err = shell.run(*argv)
    assert (code, out) == (EXIT_USAGE, "")
    assert said in err
    assert shell.state == before


def test_raise_has_to_be_above_what_is_spent(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__WARNING_USD", "0.10")
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__CUTOFF_USD", "0.20")
    shell.said("install")
    code, _, err = shell.run("raise", "0.90")
    assert (code, err) == (
        EXIT_USAGE,
        "opencode-tui: $0.90 is not above what is spent today, $1.00; name a higher amount\n",
    )
    assert shell.said("raise", "$1.10") == "The cutoff is $1.10 for today.\n"
    assert "today: $1.00 (warning $0.10, cutoff $1.10, raised for today)\n" in shell.said("status")


def test_a_raised_cutoff_is_the_one_of_every_command(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("check", "status", "today"):
        monkeypatch.setattr(f"opencode_tui.cli.{command}.now_ms", lambda: NOON)
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__WARNING_USD", "0.10")
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__CUTOFF_USD", "0.20")
    places = ["--data-dir", str(shell.data_dir)]

    def run(*argv: str) -> tuple[int, str]:
        code, out, _ = Machine.run(shell, *argv, places=places)
        return code, out

    shell.said("install")
    assert run("check")[0] == 2
    shell.said("raise", "1.50")
    assert run("check")[0] == 1
    assert run("check", "--cutoff", "0.90")[0] == 2
    assert "of $1.50" in run("status")[1]
    assert "cutoff $1.50" in run("today")[1]
    assert json.loads(run("check", "--json")[1])["cutoff_usd"] == 1.5
    assert json.loads(run("today", "--json")[1])["cutoff_usd"] == 1.5
    assert shell.state.cutoff_nano == 200_000_000  # the settings' own
    shell.said("raise", "--off")
    assert run("check")[0] == 2


@pytest.mark.parametrize("argv", [("lift", "--for", "30m"), ("lift", "--off"), ("raise", "5")])
def test_without_a_guard_there_is_nothing_to_lift_or_raise(shell: Shell, argv: tuple[str, ...]) -> None:
    assert shell.run(*argv) == (EXIT_TROUBLE, "", HINT)


def test_a_guard_without_its_state_says_how_to_get_it_back(shell: Shell) -> None:
    shell.said("install")
    file = installed_state(shell.plugin)
    assert file
    file.unlink()
    code, out, err = shell.run("lift", "--for", "30m")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert err == (
        f"opencode-tui: {file} cannot be read (No such file or directory); run `opencode-tui guard install`\n"
    )
    shell.said("install")
    assert shell.said("lift", "--for", "30m") == "The guard is lifted until 12:30.\n"


def test_status_says_all_of_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_GUARD__AGENTS", '{"explore": 0.25}')
    shell.said("install")
    assert shell.said("status") == (
        "guarded: OpenCode's next call past the cutoff is refused\n"
        "today: $1.00 (warning $0.80, cutoff $1.50)\n"
        "cap of agent explore: $0.25\n"
        "plugin: ~/.config/opencode/plugin/opencode-tui-guard.js, its limits:"
        " ~/.local/share/opencode-tui/guard.json\n"
        "no OpenCode has started since with it\n" + "".join(f"not held: {what}\n" for what in NOT_HELD)
    )


def test_status_as_json(shell: Shell) -> None:
    shell.said("install")
    shell.said("lift", "--for", "30m")
    status: dict[str, Any] = json.loads(shell.said("status", "--json"))
    assert status == {
        "schema_version": 1,
        "guarded": False,
        "condition": "lifted",
        "words": "lifted until 12:30",
        "detail": "the guard is lifted until 12:30; `opencode-tui guard lift --off` ends that",
        "spent_usd": 1.0,
        "lower_bound": False,
        "warning_usd": 0.8,
        "cutoff_usd": 1.5,
        "raised": False,
        "lifted_until": "2026-05-13T12:30:00.000+00:00",
        "trouble": "",
        "troubles": [],
        "loaded_by": [],
        "not_held": list(NOT_HELD),
        "outdated": False,
        "plugin": str(shell.plugin),
        "state_file": str(installed_state(shell.plugin)),
        "projects": {},
        "agents": {},
        "rates": [],
        "identical_calls": None,
        "subagent_usd": None,
        "budgets": [],
        "lifts": {},
    }


def test_status_says_that_a_sum_is_a_lower_bound(shell: Shell) -> None:
    (shell.home / "opencode" / "opencode-dev.db").mkdir()
    code, out, err = shell.run("status")
    assert (code, out.splitlines()[1]) == (0, "today: ≥$1.00 (warning $0.80, cutoff $1.50)")
    assert "opencode-dev.db cannot be read" in err
    assert json.loads(shell.run("status", "--json")[1])["lower_bound"] is True


def test_status_of_a_locked_ledger_says_what_it_has(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.common.WAIT_S", 0.05)
    shell.said("install")
    with closing(sqlite3.connect(shell.state.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, out, err = shell.run("status")
    assert (code, out.splitlines()[0]) == (0, "guarded: OpenCode's next call past the cutoff is refused")
    assert "locked by another process" in err


def test_status_says_which_opencode_has_loaded_it_and_each_trouble(shell: Shell) -> None:
    shell.said("install")
    file = installed_state(shell.plugin)
    assert file
    seen_file(file, 2).write_text(json.dumps({"at_ms": NOON, "version": "2.0.15", "build": build()}))
    seen_file(file, 1).write_text(json.dumps({"at_ms": NOON, "version": "1.18.34", "build": "another"}))
    file.chmod(0o666)
    said = shell.said("status").splitlines()
    assert "OpenCode 2.0.15 has loaded it (12:00)" in said
    assert "OpenCode 1.18.34 has loaded the plugin of another version (12:00); start it again" in said
    assert any(line.startswith("trouble: others can change ") for line in said)


class Asked(BaseHTTPRequestHandler):
    answer: object = None
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers['authorization']}")
        body = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def opencode_2(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Asked]]:
    """A server that OpenCode 2 has noted for its clients."""
    handler = type("Handler", (Asked,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("XDG_STATE_HOME", str(shell.home / "state"))
        file = shell.home / "state" / "opencode" / "service.json"
        file.parent.mkdir(parents=True)
        url = f"http://127.0.0.1:{server.server_address[1]}"
        file.write_text(json.dumps({"url": url, "password": "pw"}))
        yield handler
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"data": [{"id": "opencode-tui-guard", "state": {"status": "active"}}]}, "the plugin is active"),
        ({"data": [{"id": "opencode-tui-guard", "state": {"status": "failed"}}]}, "the plugin is failed"),
        ({"data": [{"id": "other"}, 5]}, "it has not loaded the plugin"),
        ({"data": 5}, "it has not loaded the plugin"),
        ([], "it does not answer as OpenCode 2 does"),
    ],
)
def test_status_asks_opencode_2_only_when_asked_to(
    shell: Shell, opencode_2: type[Asked], answer: object, said: str
) -> None:
    shell.said("install")
    opencode_2.answer = answer
    shell.said("status")
    assert opencode_2.seen == []
    assert shell.said("status", "--ask").endswith(f"server: {said}\n")
    assert opencode_2.seen == ["/api/plugin Basic b3BlbmNvZGU6cHc="]
    assert json.loads(shell.said("status", "--ask", "--json"))["server"] == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://192.0.2.1:80", "192.0.2.1 is not this machine, so it is not asked"),
        ("https://127.0.0.1:1", "127.0.0.1 is not this machine, so it is not asked"),
        ("http://127.0.0.1.example.org", "127.0.0.1.example.org is not this machine, so it is not asked"),
        ("http://127.0.0.1:9", "it does not answer (ConnectionRefusedError)"),
        ("http://[", "that is no address of a server"),
        ("nonsense", "that is not this machine, so it is not asked"),
    ],
)
def test_nobody_but_this_machine_is_asked(shell: Shell, url: str, said: str) -> None:
    shell.said("install")
    assert shell.said("status", "--server", url).endswith(f"server: {said}\n")


def test_without_a_server_that_is_known_nobody_is_asked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.said("install")
    monkeypatch.setenv("XDG_STATE_HOME", str(shell.home))
    for text in (None, "", "[]", "{"):
        if text is not None:
            (shell.home / "opencode" / "service.json").write_text(text)
        assert shell.said("status", "--ask").endswith(
            "server: no OpenCode 2 is known to run; name its address with --server\n"
        )


def test_status_says_how_the_guard_is_where_the_ledger_cannot_be_used(shell: Shell) -> None:
    shell.said("install")
    ledger = Path(shell.state.ledger)
    for file in ledger.parent.glob("ledger.db*"):
        file.unlink()
    ledger.write_text("this is no database, and long enough to be taken for one" * 20)
    code, out, err = shell.run("status")
    assert code == EXIT_TROUBLE
    assert "today: not known (warning" in out
    assert err.startswith("opencode-tui: calls are held to what each OpenCode itself has spent: the ledger ")
