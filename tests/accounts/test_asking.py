"""What is asked of OpenCode's services, when, and what their answers and their failures come to."""

from __future__ import annotations

import json
import logging
import pickle
import sqlite3
import traceback
from pathlib import Path

import pytest

from opencode_tui.accounts import asking, fetching
from opencode_tui.accounts.asking import CONSOLE, GO_USAGE, SERVICES, ZEN_MODELS
from opencode_tui.accounts.secret import Secret
from opencode_tui.accounts.service import Service
from opencode_tui.clock import HOUR_MS, MINUTE_MS
from opencode_tui.ledger.quota_readings import last_reading, readings_of
from tests.accounts.conftest import Asker
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
    usage,
)
from tests.support.watched import NOON

PATHS = {GO_USAGE: USAGE, ZEN_MODELS: MODELS, CONSOLE: BILLING}
RESET = NOON + HOUR_MS
TO_WORKSPACE = Reply(302, headers={"Location": "/workspace/wrk_01ABC"})


def page(balance: int = 1_234_567_890, used: int = 8_501_160_325, updated: str = "2026-05-12T11:11:07.000Z") -> bytes:
    return PAGE.format(balance=balance, usage=used, updated=updated).encode()


def answering(server: OpenCodeServices) -> OpenCodeServices:
    week, month = (12, NOON + 100 * HOUR_MS), (3, NOON + 500 * HOUR_MS)
    server.replies |= {USAGE: Reply(body=usage((41, RESET), week, month)), MODELS: Reply(body=models("kimi", "glm"))}
    server.replies |= {AUTH: TO_WORKSPACE, BILLING: Reply(body=page())}
    return server


def everything_in(place: Path) -> bytes:
    return b"".join(file.read_bytes() for file in place.rglob("*") if file.is_file() and file.name != "auth.json")


# What is asked


def test_each_answer_is_kept_and_the_key_goes_in_a_header_alone(asker: Asker) -> None:
    asker.watched.call(model="opencode-go/kimi-k2.6", cost="4.00", at=NOON - HOUR_MS)
    asker.watched.now = NOON
    answering(asker.server)
    asker.ask()
    assert asker.server.paths() == [USAGE, MODELS, AUTH, BILLING]
    headers = dict(asker.server.asked)
    assert headers[USAGE]["authorization"] == headers[MODELS]["authorization"] == f"Bearer {SECRET}"
    assert "cookie" not in headers[USAGE] and headers[BILLING]["cookie"] == f"auth={COOKIE}"
    assert "authorization" not in headers[BILLING]
    assert json.loads(asker.kept(ZEN_MODELS).answer) == {"models": ["glm", "kimi"]}
    assert json.loads(asker.kept(CONSOLE).answer) == {
        "balance_nano": 12_345_678_900,
        "month_nano": 85_011_603_250,
        "limit_nano": 100 * 10**9,
        "reloads": True,
        "reload_nano": 20 * 10**9,
        "trigger_nano": 5 * 10**9,
        "subscription": "OpenCode Go",
    }
    reading = last_reading(asker.watched.ledger.connection, "opencode-go", "5h")
    assert reading is not None
    assert (reading.percent, reading.resets_ms, reading.at_ms, reading.is_limited) == (41, RESET, NOON, False)
    assert reading.sums == {"kimi-k2.6": 4_000_000_000}


def test_nothing_is_asked_that_is_not_turned_on_or_has_no_key(asker: Asker) -> None:
    answering(asker.server)
    asker.network, asker.environ = {}, {}
    asker.ask()
    asker.network = {"opencode_go": True, "zen": True}
    asker.sign_in({"anthropic": {"type": "oauth", "refresh": SECRET}, "opencode": {"type": "oauth", "key": SECRET}})
    asker.ask(after_ms=HOUR_MS)
    assert asker.server.paths() == []


def test_only_the_services_that_a_command_is_about_are_asked(asker: Asker) -> None:
    answering(asker.server)
    asker.ask(ZEN_MODELS)
    assert asker.server.paths() == [MODELS]


@pytest.mark.parametrize(
    ("environ", "entries", "key"),
    [
        ({"OPENCODE_API_KEY": "one", "ZEN_API_KEY": "two"}, {"opencode-go": "three"}, "one"),
        ({"OPENCODE_API_KEY": " ", "ZEN_API_KEY": "two"}, {"opencode-go": "three"}, "two"),
        ({}, {"opencode": "four", "opencode-go": "three"}, "three"),
        ({}, {"opencode": "four"}, "four"),
    ],
)
def test_the_environments_key_goes_before_the_files(
    environ: dict[str, str], entries: dict[str, str], key: str, asker: Asker
) -> None:
    asker.environ = environ
    asker.sign_in({name: {"type": "api", "key": each} for name, each in entries.items()})
    asker.ask(GO_USAGE)
    assert asker.server.asked[0][1]["authorization"] == f"Bearer {key}"


# When


@pytest.mark.parametrize(("service", "wait_s"), [(GO_USAGE, 60), (ZEN_MODELS, 30), (CONSOLE, 300)])
def test_a_service_is_asked_no_sooner_than_its_time(service: Service, wait_s: int, asker: Asker) -> None:
    answering(asker.server)
    asker.ask(service)
    count = len(asker.server.asked)
    asker.ask(service, after_ms=wait_s * 1000 - 1)
    other = Asker(asker.watched.restarted(), asker.server, asker.directory)
    other.ask(service)  # another process
    assert len(asker.server.asked) == count
    other.ask(service, after_ms=1)
    assert len(asker.server.asked) == 2 * count
    asker.watched = other.watched


def test_two_at_once_ask_once(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(asker.server)
    due = list(asking.due_services(asker.watched.ledger, asker.settings.network, asker.source, NOON))
    asker.ask(ZEN_MODELS)
    monkeypatch.setattr(asking, "due_services", lambda *_: iter(due))  # it had looked before the first one asked
    asker.ask(ZEN_MODELS)
    assert asker.server.paths() == [MODELS]


def test_each_failure_doubles_the_wait_to_an_hour_and_an_answer_ends_that(asker: Asker) -> None:
    waits = []
    asker.server.replies[MODELS] = Reply(500)
    for _ in range(9):
        asker.ask(ZEN_MODELS)
        waits.append((asker.kept(ZEN_MODELS).next_ms - asker.watched.now) // 1000)
        asker.watched.now = asker.kept(ZEN_MODELS).next_ms
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    answering(asker.server)
    asker.ask(ZEN_MODELS)
    assert (asker.kept(ZEN_MODELS).state, asker.kept(ZEN_MODELS).failures) == ("ok", 0)


@pytest.mark.parametrize(("text", "wait_s"), [("900", 900), ("5", 60), ("999999999", 3600), ("soon", 60), ("-5", 60)])
def test_a_service_may_ask_to_be_left_alone_for_longer(text: str, wait_s: int, asker: Asker) -> None:
    asker.server.replies[USAGE] = Reply(429, headers={"Retry-After": text})
    asker.ask(GO_USAGE)
    kept = asker.kept(GO_USAGE)
    assert (kept.state, kept.next_ms - asker.watched.now) == ("limited", wait_s * 1000)


def test_another_key_is_tried_without_that_wait_but_not_at_once(asker: Asker) -> None:
    asker.environ["OPENCODE_API_KEY"] = "wrong"
    asker.ask(ZEN_MODELS)
    asker.ask(ZEN_MODELS, after_ms=MINUTE_MS)
    assert (asker.kept(ZEN_MODELS).state, asker.kept(ZEN_MODELS).failures) == ("auth", 2)
    del asker.environ["OPENCODE_API_KEY"]
    answering(asker.server)
    asker.ask(ZEN_MODELS, after_ms=29_999)
    assert asker.kept(ZEN_MODELS).state == "auth"
    asker.ask(ZEN_MODELS, after_ms=1)
    assert asker.kept(ZEN_MODELS).state == "ok"


def test_a_clock_that_was_ahead_stops_nothing(asker: Asker) -> None:
    answering(asker.server)
    asker.watched.now += 1000 * HOUR_MS
    asker.ask(ZEN_MODELS)
    asker.ask(ZEN_MODELS, after_ms=-1000 * HOUR_MS)
    assert len(asker.server.asked) == 2


# What goes wrong


FAILURES = {
    "refused": (Reply(401, b'{"error":"no"}'), "auth", "refused"),
    "forbidden": (Reply(403), "auth", "403|refused|subscription"),
    "limited": (Reply(429), "limited", "429"),
    "error": (Reply(500, b"<html>oops"), "failed", "it answered 500"),
    "gone": (Reply(404), "failed", "it answered 404"),
    "empty": (Reply(200, b""), "failed", "its"),
    "broken": (Reply(200, b'{"usage": {"rolling": '), "failed", "its"),
    "list": (Reply(200, b"[1, 2]"), "failed", "its"),
    "deep": (Reply(200, b"[" * 100_000), "failed", "its"),
    "other": (Reply(200, b'{"usage": {"rolling": 5}, "data": {"id": 3}}'), "failed", "its"),
    "binary": (Reply(200, bytes(range(256))), "failed", "its"),
    "huge": (Reply(200, b" " * (5 << 20)), "failed", "its answer is too large"),
    "cut": (Reply(200, b"{", {"Content-Length": "100"}), "failed", "the connection failed"),
    "hangs up": (Reply(0), "failed", "the connection failed"),
    "no http": (Reply(200, b"{}", {"Content-Encoding": "gzip"}), "failed", "the connection failed"),
}


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_a_state_with_a_few_words_and_the_last_answer_stays(
    name: str, service: Service, asker: Asker
) -> None:
    answering(asker.server)
    asker.ask(service)
    before = asker.kept(service)
    assert before.state == "ok"
    reply, state, words = FAILURES[name]
    asker.server.replies[PATHS[service]] = reply
    asker.ask(service, after_ms=HOUR_MS)
    kept = asker.kept(service)
    expected = "no subscription" if (name, service) == ("forbidden", GO_USAGE) else state
    assert kept.state == expected, kept
    assert any(word in kept.detail for word in words.split("|")), kept.detail
    assert (kept.answer, kept.answered_ms) == (before.answer, before.answered_ms)
    assert kept.next_ms > asker.watched.now


@pytest.mark.parametrize("service", [GO_USAGE, ZEN_MODELS], ids=lambda each: each.name)
def test_no_redirect_is_followed(service: Service, asker: Asker) -> None:
    asker.server.replies[PATHS[service]] = Reply(302, headers={"Location": f"{asker.server.url}/elsewhere"})
    asker.ask(service)
    assert asker.server.paths() == [PATHS[service]]
    assert asker.kept(service).detail == "it answered 302"


@pytest.mark.parametrize(
    "location",
    [
        "https://auth.example/authorize",
        "//evil.example/workspace/wrk_01ABC",
        "/login",
        "/workspace/../etc",
        "\u00ff",
        "",
    ],
)
def test_the_consoles_cookie_goes_nowhere_else(location: str, asker: Asker) -> None:
    asker.server.replies[AUTH] = Reply(302, headers={"Location": location})
    asker.ask(CONSOLE)
    assert asker.server.paths() == [AUTH]
    assert asker.kept(CONSOLE).state == "auth" and "sign in to the console" in asker.kept(CONSOLE).detail


def test_a_slow_answer_and_one_that_never_ends_are_given_up(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ASK_TIMEOUT_S", 0.1)
    asker.server.replies[MODELS] = Reply(200, b" " * 1000, chunks=(0.02, 100))
    asker.ask(ZEN_MODELS)
    assert asker.kept(ZEN_MODELS).state == "failed"
    assert asker.kept(ZEN_MODELS).detail in ("no answer within 0.1 s", "it answers too slowly", "no answer in time")


def test_where_nobody_listens_there_is_no_connection(asker: Asker) -> None:
    asker.network |= {"zen_url": "http://127.0.0.1:1/zen"}
    asker.ask(ZEN_MODELS)
    assert (asker.kept(ZEN_MODELS).state, asker.kept(ZEN_MODELS).detail) == ("failed", "no connection")


def test_a_key_that_no_header_can_hold_is_not_sent(asker: Asker) -> None:
    asker.environ["OPENCODE_API_KEY"] = "sk-é\nX-Other: 1"
    asker.ask(ZEN_MODELS)
    assert asker.server.paths() == []
    assert asker.kept(ZEN_MODELS).detail == "the key has characters that no key has"


# What the answers say


@pytest.mark.parametrize(
    ("body", "windows"),
    [
        (usage((120, RESET)), {"5h": 100}),
        (b'{"usage": {"rolling": {"percent": 41.9, "resetsAt": "2026-05-13T15:00:00+02:00"}}}', {"5h": 41}),
        (b'{"usage": {"weekly": {"percent": -3, "resetsAt": "2026-05-18T00:00:00"}}}', {"week": 0}),
        (b'{"usage": {"rolling": {"percent": true, "resetsAt": "2026-05-13T13:00:00Z"}}}', {}),
        (b'{"usage": {"rolling": {"percent": 1e999, "resetsAt": "2026-05-13T13:00:00Z"}}}', {}),
        (b'{"usage": {"rolling": {"percent": 5, "resetsAt": "9999-12-31T23:59:59-12:00"}}}', {}),
        (b'{"usage": {"rolling": {"percent": 5, "resetsAt": "1970-01-01T00:00:00Z"}}}', {}),
        (b'{"usage": {"rolling": {"percent": 5, "resetsAt": 17}}}', {}),
    ],
)
def test_a_window_that_makes_no_sense_is_left_out(body: bytes, windows: dict[str, int], asker: Asker) -> None:
    asker.server.replies[USAGE] = Reply(body=body)
    asker.ask(GO_USAGE)
    found = readings_of(asker.watched.ledger.connection, "opencode-go")
    assert {each.window: each.percent for each in found if each.percent or each.window == "week"} == windows
    assert asker.kept(GO_USAGE).state == ("ok" if windows else "failed")


def test_a_reading_that_tells_nothing_new_is_kept_once(asker: Asker) -> None:
    answering(asker.server)
    for second in range(3):
        asker.server.replies[USAGE] = Reply(body=usage((41, RESET + second * 1000)))
        asker.ask(GO_USAGE, after_ms=MINUTE_MS)
    (reading,) = [each for each in readings_of(asker.watched.ledger.connection, "opencode-go") if each.window == "5h"]
    assert (reading.at_ms, reading.resets_ms) == (asker.watched.now, RESET), "of now, with the reset as first told"
    asker.watched.call(model="opencode-go/glm-5", cost="1.00", at=asker.watched.now)
    asker.ask(GO_USAGE, after_ms=MINUTE_MS)
    assert len([e for e in readings_of(asker.watched.ledger.connection, "opencode-go") if e.window == "5h"]) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (page(updated="2026-04-30T23:59:59.000Z"), {"month_nano": 0}),
        (b'{"balance": -5, "monthlyUsage": null, "reload": false}', {"balance_nano": -50, "reloads": False}),
        (b'x={balance:7,subscription:$R[3]={plan:"black"}}', {"balance_nano": 70, "subscription": "black"}),
        (b"x={balance:7,monthlyLimit:1e99,reloadAmount:99999999999999999999}", {"balance_nano": 70}),
        (b'x={balance:3,note:"monthlyUsage"},{monthlyUsage:9}', {"balance_nano": 30}),
    ],
)
def test_the_console_says_what_it_says(text: bytes, told: dict[str, object], asker: Asker) -> None:
    asker.server.replies |= {AUTH: TO_WORKSPACE, BILLING: Reply(body=text)}
    asker.ask(CONSOLE)
    kept = json.loads(asker.kept(CONSOLE).answer)
    if text.startswith(b"<html"):
        assert kept | told == kept
    else:
        nothing = dict.fromkeys(kept) | {"subscription": ""}
        assert kept == nothing | told


def test_the_cookie_can_stand_in_a_file_and_whole(asker: Asker, tmp_path: Path) -> None:
    answering(asker.server)
    file = tmp_path / "cookie"
    file.write_text(f"auth={COOKIE}\nmore\n")
    asker.environ, asker.network = {}, {"console_cookie_file": file}
    asker.ask()
    assert asker.server.paths() == [AUTH, BILLING]
    file.write_bytes(b"\xff\xfe")
    asker.ask(after_ms=HOUR_MS)
    asker.network = {"console_cookie_file": tmp_path}
    asker.ask(after_ms=HOUR_MS)
    assert len(asker.server.asked) == 2


# Secrets


@pytest.mark.parametrize("name", ["fine", *FAILURES])
def test_no_secret_is_in_a_log_or_in_a_file(
    name: str, asker: Asker, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answering(asker.server)
    if name != "fine":
        asker.server.replies |= dict.fromkeys(PATHS.values(), FAILURES[name][0])
    asker.ask()
    assert SECRET in str(asker.server.asked) and COOKIE in str(asker.server.asked)
    out, err = capfd.readouterr()
    asker.watched.ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for said in (caplog.text, out, err, everything_in(tmp_path).decode("latin-1")):
        assert SECRET not in said and COOKIE not in said


def test_no_secret_is_in_an_error_that_nobody_expected(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("opencode_tui.ledger.services.note_answer", broken)
    answering(asker.server)
    with pytest.raises(sqlite3.OperationalError) as caught:
        asker.ask()
    stack = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in stack.stack if "/opencode_tui/" in frame.filename and "/tests/" not in frame.filename]
    said = str([frame.locals for frame in ours])
    assert "DueService" in said and "SignInSource" in said
    assert COOKIE not in said and SECRET not in said


def test_a_secret_cannot_be_written() -> None:
    secret = Secret("sk-1")
    assert [f"{secret}", f"{secret!r}", str([secret])] == ["Secret(…)", "Secret(…)", "[Secret(…)]"]
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret.reveal() == "sk-1"
