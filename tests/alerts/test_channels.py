"""What goes out by each channel, what must never go out, and what is said when it fails."""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import socket
import sys
import threading
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import pytest

from opencode_tui.alerts.channels import CHANNELS, Route, all_off, levels
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.alerts.channels.command import Command, variables
from opencode_tui.alerts.channels.desktop import Desktop, osascript, osc
from opencode_tui.alerts.channels.message import alert_fields, plain
from opencode_tui.alerts.channels.webhook import BACKOFF_S, Webhook, address_of
from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Channels
from opencode_tui.records.alerts import Alert, Cause, Crossing, Level
from tests.support.chat import SECRET, Chat
from tests.support.options import channel_settings
from tests.support.paths import ROOT
from tests.support.records import replace
from tests.support.watched import NOON

TEXT = '$0.83 is past the warning $0.80: 4× edits of Button.tsx in "Fix header", about $0.20 a round'
CROSSING = Crossing("day", "spend", "warning", "", "2026-05-13", 830_000_000, 800_000_000, NOON, "ses_1")
ALERT = Alert(7, NOON, CROSSING, Cause("4× edits", "ses_1", "msg_1", 800_000_000), TEXT)


def titled(text: str) -> Alert:
    return replace(ALERT, text=text)


@dataclass
class Waits:
    pauses: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


# webhook


def test_the_webhook_posts_a_text_and_the_fields(chat: Chat) -> None:
    assert Webhook(lambda: chat.address).send(ALERT) == "answered 200"
    (body,) = chat.bodies
    assert body["text"] == f"OpenCode: warning: {TEXT}"
    fields = {key: body[key] for key in ("level", "rule", "value", "line", "unit", "session", "crossed_at")}
    assert fields == {
        "level": "warning",
        "rule": "day",
        "value": 0.83,
        "line": 0.8,
        "unit": "usd",
        "session": "ses_1",
        "crossed_at": "2026-05-13T12:00:00.000+00:00",
    }


def test_a_title_calls_nobody_in_the_chat(chat: Chat) -> None:
    Webhook(lambda: chat.address).send(titled("in <!channel> & <http://evil|here>"))
    assert chat.bodies[0]["text"] == "OpenCode: warning: in &lt;!channel&gt; &amp; &lt;http://evil|here&gt;"


def test_it_tries_again_after_a_failure_of_the_server(chat: Chat) -> None:
    chat.statuses, waits = [500, 503], Waits()
    assert Webhook(lambda: chat.address, wait=waits).send(ALERT) == "answered 200, after answered 503"
    assert (len(chat.bodies), waits.pauses) == (3, list(BACKOFF_S))


def test_it_gives_up_after_three_tries(chat: Chat) -> None:
    chat.statuses, waits = [500, 429, 502], Waits()
    with pytest.raises(ChannelError, match=r"^answered 502, 3 times$"):
        Webhook(lambda: chat.address, wait=waits).send(ALERT)
    assert len(chat.bodies) == 3


@pytest.mark.parametrize("status", [302, 400, 404])
def test_what_another_try_cannot_mend_is_tried_once(chat: Chat, status: int) -> None:
    chat.statuses = [status]
    with pytest.raises(ChannelError, match=f"^answered {status}$"):
        Webhook(lambda: chat.address, wait=Waits()).send(ALERT)
    assert len(chat.bodies) == 1


def test_a_server_that_never_answers_is_given_up(chat: Chat) -> None:
    chat.hold.clear()
    with pytest.raises(ChannelError, match=r"^no answer within 0.2 s$"):
        Webhook(lambda: chat.address, timeout_s=0.2, wait=Waits()).send(ALERT)
    assert len(chat.bodies) <= 1  # the alert may have arrived: it is not sent again


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"http://127.0.0.1:1/{SECRET}", "no connection, 3 times"),
        (f"ftp://127.0.0.1/{SECRET}", "the address is not one of http or https"),
        (f"{SECRET}", "the address is not one of http or https"),
        (f"http://127.0.0.1:port/{SECRET}", "the address is not one of http or https"),
        (f"http://127.0.0.1/\x00{SECRET}", "the address is not one of http or https"),
    ],
)
def test_no_failure_shows_the_address(
    address: str, said: str, chat: Chat, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook = Webhook(lambda: address, wait=Waits())
    with pytest.raises(ChannelError) as caught:
        webhook.send(ALERT)
    error = caught.value
    assert str(error) == said
    assert (error.__cause__, error.__context__) == (None, None)
    assert SECRET not in repr(error) + repr(webhook) + caplog.text + "".join(capfd.readouterr())


def test_success_does_not_log_the_address_either(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Webhook(lambda: chat.address).send(ALERT)
    assert SECRET not in caplog.text


def test_the_address_is_that_of_the_file_else_of_the_variable(tmp_path: Path) -> None:
    file, environ = tmp_path / "url", {"OPENCODE_TUI_WEBHOOK_URL": "https://variable"}
    file.write_text("https://file\n")
    assert address_of(file, environ) == "https://file"
    assert address_of(None, environ) == "https://variable"
    with pytest.raises(ChannelError, match="cannot be read"):
        address_of(tmp_path / "none", environ)
    with pytest.raises(ChannelError, match="there is no address"):
        address_of(None, {})


@dataclass
class Odd:
    """A server of its own kind: what it answers to whoever connects, one after the other, and who did."""

    answer: Callable[[socket.socket], None]
    requests: int = 0

    def __enter__(self) -> Odd:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/{SECRET}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.requests += 1
                with connection, suppress(OSError):
                    connection.recv(65_536)
                    self.answer(connection)


def drip(before: bytes) -> Callable[[socket.socket], None]:
    """A byte now and then for ever, until the other side has gone."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(b"x")
            sleep(0.02)

    return answer


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 3, b"HTTP/1.1 2"])
def test_a_server_that_drips_its_answer_is_cut_off(before: bytes, chat: Chat) -> None:
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        try:
            drip(before)(connection)
        finally:
            ended.set()

    with Odd(answer) as odd, pytest.raises(ChannelError, match=r"no answer within|the connection failed"):
        Webhook(lambda: odd.address, timeout_s=0.5, wait=Waits()).send(ALERT)
    assert ended.wait(30)  # it is not left dripping into a thread of ours either


@pytest.mark.parametrize("length", [b"Content-Length: 9999999999", b"Transfer-Encoding: chunked", b"X: y"])
def test_no_more_of_an_answer_is_read_than_its_status(length: bytes, chat: Chat) -> None:
    sent = 0

    def answer(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65_536)

    with Odd(answer) as odd:
        assert Webhook(lambda: odd.address).send(ALERT) == "answered 200"
    assert sent < 64 * 1024 * 1024  # what the system's buffers took


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, chat: Chat) -> None:
    def answer(connection: socket.socket) -> None:
        place = f"Location: {chat.address}\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(f"HTTP/1.1 {status} Elsewhere\r\n{place}".encode())

    with Odd(answer) as odd, pytest.raises(ChannelError, match=f"^answered {status}$"):
        Webhook(lambda: odd.address, wait=Waits()).send(ALERT)
    assert (odd.requests, chat.bodies) == (1, [])


# command


def script(tmp_path: Path, source: str) -> list[str]:
    file = tmp_path / "program.py"
    file.write_text(source)
    return [sys.executable, str(file)]


def test_a_command_has_the_alert_in_its_environment_and_on_its_input(tmp_path: Path) -> None:
    source = "import json, os, sys; json.dump([dict(os.environ), sys.stdin.read()], open(sys.argv[1], 'w'))"
    command = [*script(tmp_path, source), str(tmp_path / "out"), "$(touch hit)"]
    told = Command(command, {"PATH": os.environ["PATH"], "OPENCODE_TUI_WEBHOOK_URL": SECRET}).send(ALERT)
    environ, given = json.loads((tmp_path / "out").read_text())
    assert told == "exit code 0"
    assert json.loads(given) == alert_fields(ALERT)
    assert {name: text for name, text in environ.items() if name.startswith("ALERT_")} == {
        "ALERT_ID": "7",
        "ALERT_LEVEL": "warning",
        "ALERT_RULE": "day",
        "ALERT_KIND": "spend",
        "ALERT_TEXT": TEXT,
        "ALERT_CAUSE": "4× edits",
        "ALERT_SESSION": "ses_1",
        "ALERT_PERIOD": "2026-05-13",
        "ALERT_VALUE": "0.83",
        "ALERT_LINE": "0.8",
        "ALERT_TRY": "1",
        "ALERT_SPENT_USD": "0.830000000",
        "ALERT_LINE_USD": "0.800000000",
    }
    assert SECRET not in json.dumps(environ)


def test_a_command_of_a_rule_that_counts_has_no_amounts() -> None:
    counted = replace(ALERT, crossing=replace(CROSSING, kind="edits", rule="same_file", value=4, line=4))
    given = variables(counted, {})
    assert (given["ALERT_VALUE"], given["ALERT_LINE"]) == ("4", "4")
    assert "ALERT_SPENT_USD" not in given


def test_a_nul_in_a_title_does_not_keep_a_command_from_starting(tmp_path: Path) -> None:
    assert Command(script(tmp_path, ""), os.environ).send(titled("a\0b\x1b[31m")) == "exit code 0"


def test_a_command_that_fails_says_its_code_and_the_head_of_what_it_complained(tmp_path: Path) -> None:
    source = "import sys; sys.stderr.write('no\\x1b[31m route\\n' + 'x' * 10**6); sys.exit(3)"
    with pytest.raises(ChannelError, match=r"^exit code 3: no \[31m route x+…$") as caught:
        Command(script(tmp_path, source), os.environ).send(ALERT)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((), "channels.command_line names no program"),
        (("no-such-program-anywhere",), "no-such-program-anywhere cannot be started"),
        (("a\0b",), "channels.command_line cannot be run"),
    ],
)
def test_a_command_that_cannot_be_started_says_why(command: tuple[str, ...], said: str) -> None:
    with pytest.raises(ChannelError, match=said):
        Command(command, os.environ).send(ALERT)


# desktop

NASTY = 'in "a\\n<b>$(touch hit)`touch hit`; \x1b]0;x\x07 \u202eend" -- "\nwith title "x'


def notify_send(tmp_path: Path, then: str = "") -> dict[str, str]:
    """A PATH with a notify-send that keeps its arguments, one a line."""
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/arguments"\n{then}\n')
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


def test_notify_send_shows_it(tmp_path: Path) -> None:
    environ = notify_send(tmp_path)
    assert Desktop(environ, platform="linux", terminal=tmp_path / "none").send(ALERT) == "shown by notify-send"
    assert (tmp_path / "arguments").read_text().splitlines() == [
        "--app-name=opencode-tui",
        "--urgency=normal",
        "--",
        "OpenCode: warning",
        TEXT,
    ]


def test_notify_send_gets_somebodys_text_as_text(tmp_path: Path) -> None:
    Desktop(notify_send(tmp_path), platform="linux").send(titled(NASTY))
    *_, body = (tmp_path / "arguments").read_text().splitlines()
    assert body == 'in "a\\\\n&lt;b&gt;$(touch hit)`touch hit`; ]0;x end" -- " with title "x'


def test_osascript_gets_somebodys_text_as_an_argument_and_never_as_script() -> None:
    harmless, nasty = osascript("/usr/bin/osascript", ALERT), osascript("/usr/bin/osascript", titled(NASTY))
    assert nasty[:-1] == harmless[:-1]
    assert nasty[-1] == plain(NASTY)
    assert nasty[1:7:2] == ["-e"] * 3


def test_without_notify_send_the_terminal_is_reported(tmp_path: Path) -> None:
    terminal = tmp_path / "tty"
    terminal.touch()
    desktop = Desktop({"PATH": str(tmp_path)}, platform="linux", terminal=terminal)
    assert desktop.send(titled(NASTY)) == "there is no notify-send; handed to the terminal"
    said = terminal.read_bytes()
    assert said.startswith(b"\x1b]9;OpenCode: warning: in ")
    assert said.endswith(b"\x07")
    assert all(byte >= 0x20 for byte in said[1:-1])


def test_a_notify_send_that_fails_leaves_it_to_the_terminal(tmp_path: Path) -> None:
    environ = notify_send(tmp_path, "echo no bus >&2; exit 1")
    (tmp_path / "tty").touch()
    told = Desktop(environ, platform="linux", terminal=tmp_path / "tty").send(ALERT)
    assert told == "notify-send failed with exit code 1 (no bus); handed to the terminal"


def test_without_a_terminal_either_it_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="there is no notify-send, and no terminal to show it"):
        Desktop({"PATH": str(tmp_path)}, platform="linux", terminal=tmp_path / "none").send(ALERT)


def test_the_terminals_notice_is_wrapped_for_tmux() -> None:
    assert osc(titled("hi"), {"TMUX": "/tmp/tmux", "TERM": "tmux-256color"}) == (
        b"\x1bPtmux;\x1b\x1b]9;OpenCode: warning: hi\x07\x1b\\"
    )


@pytest.mark.parametrize("environ", [{"TERM": "foot"}, {"TERM": "xterm-256color", "VTE_VERSION": "7006"}])
def test_terminals_of_the_other_kind_get_a_title_and_a_body(environ: dict[str, str]) -> None:
    assert osc(titled("a; b"), environ) == b"\x1b]777;notify;OpenCode: warning;a, b\x07"


# The channels that there are


def test_nothing_is_on_by_default_that_goes_beyond_the_screen() -> None:
    assert levels(Channels()) == {}
    loud = channel_settings(**{channel.name: "notice" for channel in CHANNELS})
    assert list(levels(loud)) == [channel.name for channel in CHANNELS]
    assert all_off(loud) == Channels()


@pytest.mark.parametrize("name", [channel.name for channel in CHANNELS])
def test_a_channel_is_documented_in_the_example(name: str) -> None:
    example = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))
    assert example["channels"][name] == "off"


def test_the_readme_lists_only_channels_that_exist_and_points_to_the_example_for_all() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("`[channels]` where it goes")[2].partition("\n#")[0]
    listed = re.findall(r"(?m)^- `(\w+)`: ", section)
    assert {"desktop", "webhook", "command"} <= set(listed) <= {channel.name for channel in CHANNELS}
    assert "[`config.example.toml`](config.example.toml) has all channels" in section


# Who is told what


class Kept:
    def send(self, alert: Alert) -> str:
        return ""


@pytest.mark.parametrize(
    ("level", "taken"),
    [("notice", ["notice", "warning", "cutoff"]), ("warning", ["warning", "cutoff"]), ("cutoff", ["cutoff"])],
)
def test_a_channel_takes_what_reaches_its_level(level: Level, taken: list[str]) -> None:
    route = Route("webhook", Kept(), level)
    levels: tuple[Level, ...] = ("notice", "warning", "cutoff")
    each = [replace(ALERT, crossing=replace(CROSSING, level=level)) for level in levels]
    assert [alert.crossing.level for alert in each if route.takes(alert)] == taken


def test_what_was_crossed_long_ago_interrupts_nobody_unless_it_is_a_cutoff() -> None:
    late = replace(ALERT, fired_ms=NOON + 2 * HOUR_MS)
    cutoff = replace(late, crossing=replace(CROSSING, level="cutoff"))
    assert Route("desktop", Kept(), "notice", interrupts=True).silenced(late)
    assert not Route("desktop", Kept(), "notice", interrupts=True).silenced(cutoff)
    assert not Route("webhook", Kept(), "notice").silenced(late)
    assert not Route("desktop", Kept(), "notice", interrupts=True).silenced(ALERT)


def test_what_is_snoozed_goes_nowhere() -> None:
    snoozed = replace(ALERT, snoozed_until_ms=NOON + HOUR_MS)
    assert all(Route(name, Kept(), "notice").silenced(snoozed) for name in ("desktop", "webhook"))


def test_no_object_holds_the_address_after_it_was_used(chat: Chat) -> None:
    webhook = Webhook(lambda: chat.address)
    webhook.send(ALERT)
    gc.collect()
    assert not any(SECRET in str(value) for value in vars(webhook).values())
