"""`quota` and `accounts`: what they print, and that nothing leaves this machine unless it is turned on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.accounts import asking, fetching
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from tests.stores import V1
from tests.support.ledgers import lay_out
from tests.support.opencode_services import (
    AUTH,
    BILLING,
    COOKIE,
    MODELS,
    PAGE,
    SECRET,
    USAGE,
    OpenCodeServices,
    Reply,
    models,
    opencode_services,
    usage,
)
from tests.support.shell import Shell, ago, assert_one_sentence, at

NOW = at("14:23")
KIMI, GLM, CLAUDE = "opencode-go/kimi-k2.6", "opencode-go/glm-5", "opencode/claude-opus-4-5"

WINDOW_KEYS = {"window", "start_at", "resets_at", "cap", "used", "calls", "percent", "percent_now", "lower_bound"}
WINDOW_KEYS |= {"official", "per_hour", "full_at", "models", "sessions", "elsewhere_percent"}
ACCOUNTS_KEYS = {"schema_version", "taken_at", "period", "spend_usd", "lower_bound", "accounts", "makers", "zen"}
ACCOUNTS_KEYS |= {"console", "problems"}


@pytest.fixture(scope="module")
def running() -> Iterator[OpenCodeServices]:
    with opencode_services() as found:
        yield found


@pytest.fixture
def server(running: OpenCodeServices) -> OpenCodeServices:
    running.replies.clear()
    running.asked.clear()
    week, month = (31, at("00:00") + 5 * 86_400_000), (20, at("09:00", ago(-10)))
    running.replies |= {USAGE: Reply(body=usage((83, at("16:00")), week, month)), MODELS: Reply(body=models("a", "b"))}
    running.replies[AUTH] = Reply(302, headers={"Location": "/workspace/wrk_01ABC"})
    page = PAGE.format(balance=1_234_567_890, usage=150_000_000, updated="2026-05-12T11:11:07.000Z")
    running.replies[BILLING] = Reply(body=page.encode())
    return running


@pytest.fixture
def go(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """$4.50 on Go in the block that was opened at 11:00, and OpenCode's sign-ins."""
    for name in ("common", "quota", "accounts", "alerts"):
        monkeypatch.setattr(f"opencode_tui.cli.{name}.now_ms", lambda: NOW)
    lay_out(shell.ledger)
    store = V1(shell.home)
    with store.database.connection():
        first = store.session("Fix [header]", created=at("11:00"))
        store.call(first, cost="3.00", model=KIMI, at=at("11:00"))
        dig = store.session("dig", parent=first, created=at("13:30"))
        store.call(dig, cost="0.50", model=GLM, at=at("13:40"))
        second = store.session("Cart", created=at("12:00"))
        store.call(second, cost="1.00", model=KIMI, at=at("13:50"))
        for minute in range(3):
            store.call(second, cost="0.10", model=CLAUDE, at=at(f"10:0{minute}"))
    auth = shell.data_dir / "auth.json"
    auth.write_text(json.dumps({"opencode-go": {"type": "api", "key": SECRET}, "anthropic": {"type": "oauth"}}))
    auth.chmod(0o600)
    return shell


def turn_on(shell: Shell, server: OpenCodeServices, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """Write a config.toml that turns everything on."""
    file = shell.home / "config.toml"
    network = {"opencode_go": True, "zen": True, "opencode_go_url": f"{server.url}/go"}
    network |= {"zen_url": f"{server.url}/zen", "console_url": server.url, **more}
    file.write_text("[network]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in network.items()))
    monkeypatch.setenv("OPENCODE_TUI_CONFIG_FILE", str(file))
    monkeypatch.setenv("OPENCODE_TUI_CONSOLE_COOKIE", COOKIE)


def test_without_the_network_the_meters_are_lower_bounds_and_nothing_is_asked(
    go: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_Exchange", lambda *_: pytest.fail("nothing may be asked"))
    assert go.said("quota") == (
        """\
opencode-go: not asked ([network] turns it on)
  5h     ▰▰▰▰▱▱▱▱▱▱▱▱  ≥37%  $4.50 of $12.00  resets 16:00
  week   ▰▱▱▱▱▱▱▱▱▱▱▱  ≥15%  $4.50 of $30.00  resets Mon 18 May 00:00
  month  ▰▱▱▱▱▱▱▱▱▱▱▱   ≥7%  $4.50 of $60.00  full at Mon 25 May 22:23, 6 d 1 h before the reset
  ≥ is a lower bound: some models count more than their price, and calls elsewhere are not known here
  what each session took of the 5 hours:
      29.2%  $3.50  Fix [header] ({first})
       8.3%  $1.00  Cart ({second})
  what each session took of the week:
      11.7%  $3.50  Fix [header] ({first})
       3.3%  $1.00  Cart ({second})
"""
    ).format(**ids(go))


def ids(shell: Shell) -> dict[str, str]:
    sessions = shell.json("sessions", "--period", "all")
    return {{"Fix [header]": "first", "Cart": "second"}[each["title"]]: each["id"] for each in sessions}


def test_the_json_of_quota_is_a_contract(go: Shell, server: OpenCodeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    turn_on(go, server, monkeypatch)
    told = go.json("quota")
    assert server.paths() == [USAGE], "quota asks about the quota alone"
    assert told.keys() == {"schema_version", "taken_at", "lower_bound", "plans"}
    (plan,) = told["plans"]
    assert plan.keys() == {"name", "unit", "providers", "service", "windows", "weights", "advice"}
    assert (plan["name"], plan["unit"], plan["providers"]) == ("opencode-go", "usd", ["opencode-go"])
    assert plan["service"] == {
        "state": "ok",
        "detail": "",
        "asked_at": "2026-05-13T14:23:00.000+00:00",
        "answered_at": "2026-05-13T14:23:00.000+00:00",
        "next_at": "2026-05-13T14:24:00.000+00:00",
    }
    block, week, month = plan["windows"]
    assert set(block) == WINDOW_KEYS
    assert (block["window"], block["cap"], block["used"], block["percent"]) == ("5h", 12.0, 4.5, 83)
    assert block["official"] == {"percent": 83, "limited": False, "at": "2026-05-13T14:23:00.000+00:00"}
    assert (block["start_at"], block["resets_at"]) == (
        "2026-05-13T11:00:00.000+00:00",
        "2026-05-13T16:00:00.000+00:00",
    )
    assert [week["percent"], month["percent"], week["lower_bound"]] == [31, 20, False]
    assert plan["advice"] == {
        "model": CLAUDE,
        "until_at": "2026-05-13T16:00:00.000+00:00",
        "usd_per_call": 0.1,
        "same_plan": False,
    }
    assert [each["title"] for each in block["sessions"]] == ["Fix [header]", "Cart"]
    shares = sum(each["percent"] for each in block["sessions"]) + block["elsewhere_percent"]
    assert shares == pytest.approx(83, abs=1.5)


def test_accounts_has_both_views_zen_and_the_console(
    go: Shell, server: OpenCodeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_on(go, server, monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai-secret")
    out = go.said("accounts")
    assert server.paths() == [MODELS, AUTH, BILLING]
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "$4.80 (month)"
    assert "OpenCode Go (opencode-go) Moonshot AI $4.00 2 key in auth.json (OpenCode Go)" in lines
    assert "· Z.ai $0.50 1" in lines
    assert "OpenCode Zen (opencode) Anthropic $0.30 3 no sign-in is known" in lines
    assert "OpenAI (openai) $0.00 0 key in OPENAI_API_KEY" in lines
    assert "Anthropic OpenCode Zen $0.30 3 claude-opus-4-5" in lines
    assert lines[-2] == "Zen: ok, 0 s ago; 2 models"
    assert lines[-1] == (
        "Console: balance $12.35, $1.50 of $100.00 this month, reloads $20.00 below $5.00, subscribed to OpenCode Go,"
        " ok, 0 s ago"
    )
    told = go.json("accounts")
    assert told.keys() == ACCOUNTS_KEYS
    assert told["spend_usd"] == sum(each["spend_usd"] for each in told["makers"]) == 4.8
    assert told["zen"]["models"] == ["a", "b"]
    assert (told["console"]["balance_usd"], told["console"]["reload"]) == (12.3456789, True)
    assert (told["console"]["month_usd"], told["console"]["month_limit_usd"]) == (1.5, 100.0)
    assert len(server.paths()) == 3, "within 30 s the last answers are shown"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401), "opencode-go: the key was refused (401), asked again from 14:24 on"),
        (Reply(403), "opencode-go: the key has no subscription to OpenCode Go (403), asked again from 14:24 on"),
        (Reply(429, headers={"Retry-After": "600"}), "opencode-go: asked too often (429), asked again from 14:33 on"),
        (Reply(500), "opencode-go: it answered 500, asked again from 14:24 on"),
        (Reply(200, b"{"), "opencode-go: its answer is not the JSON that was expected, asked again from 14:24 on"),
    ],
)
def test_a_service_that_does_not_answer_is_said_and_the_ledgers_meters_stay(
    reply: Reply, words: str, go: Shell, server: OpenCodeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_on(go, server, monkeypatch)
    server.replies[USAGE] = reply
    out = go.said("quota")
    assert out.splitlines()[0] == words
    assert "≥37%  $4.50 of $12.00" in out


def test_an_older_answer_says_of_when_it_is_and_what_it_is_by_now(
    go: Shell, server: OpenCodeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_on(go, server, monkeypatch)
    go.said("quota")
    server.replies[USAGE] = Reply(500)
    for name in ("common", "quota"):
        monkeypatch.setattr(f"opencode_tui.cli.{name}.now_ms", lambda: at("14:43"))
    out = go.said("quota").splitlines()
    assert out[0] == "opencode-go: it answered 500, asked again from 14:44 on; its last answer is of 14:23"
    assert "83%  $4.50 of $12.00 in the ledger  full at " in out[1] and out[1].endswith("; 83% reported 14:23")


def test_no_secret_is_printed_or_written_whatever_happens(
    go: Shell, server: OpenCodeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    turn_on(go, server, monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai-secret")

    def broken(*_: object) -> None:
        raise RuntimeError("nobody expected this")

    said = ""
    for step in range(3):
        if step == 1:
            server.replies |= dict.fromkeys((USAGE, MODELS, BILLING), Reply(500, SECRET.encode()))
        if step == 2:
            monkeypatch.setattr(asking.ZEN_MODELS, "ask", broken)
        for name in ("common", "quota", "accounts"):
            monkeypatch.setattr(f"opencode_tui.cli.{name}.now_ms", lambda step=step: NOW + step * 7_200_000)
        for command in ("quota", "accounts"):
            for options in ((), ("--json",)):
                _, out, err = go.run(command, *options)
                said += out + err
    assert "its answer cannot be used (RuntimeError)" in said
    said += "".join(file.read_bytes().decode("latin-1") for file in go.ledger.parent.iterdir())
    for secret in (SECRET, COOKIE, "sk-openai-secret"):
        assert secret not in said
    assert SECRET in str(server.asked) and COOKIE in str(server.asked)


def test_a_ledger_without_a_quota_says_how_to_have_one(shell: Shell, store: V1) -> None:
    assert shell.said("quota").startswith("no quota is known: ")
    assert shell.json("quota")["plans"] == []


def test_a_period_that_is_none_is_one_sentence(go: Shell) -> None:
    code, _, err = go.run("accounts", "--period", "soon")
    assert code == EXIT_USAGE
    assert_one_sentence(err, "'soon' is no period")
    assert go.run("accounts", "--period", "30d")[0] == EXIT_OK


def test_a_broken_auth_file_is_a_line_and_no_failure(go: Shell) -> None:
    (go.data_dir / "auth.json").write_text(f'{{"opencode": "{SECRET}')
    out = go.said("accounts")
    assert "auth.json is not the JSON that OpenCode writes" in out and SECRET not in out
