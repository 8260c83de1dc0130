"""Desktop notifications by notify-send, on macOS by osascript, else by the terminal.

An alert's text holds session titles, so that it is passed as an argument, never as part of a script.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from opencode_tui.alerts.channels.channel import ChannelError, ChannelType
from opencode_tui.alerts.channels.message import body, plain, title
from opencode_tui.config.settings import Settings
from opencode_tui.records.alerts import Alert, Level

DESKTOP_TIMEOUT_S = 10.0
TERMINAL = Path("/dev/tty")
_LONGEST = 250
_URGENCY: Mapping[Level, str] = {"notice": "low", "warning": "normal", "cutoff": "critical"}
_APPLESCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


class Desktop:
    def __init__(self, environ: Mapping[str, str], *, platform: str = sys.platform, terminal: Path = TERMINAL) -> None:
        self._environ, self._platform, self._terminal = environ, platform, terminal

    def send(self, alert: Alert) -> str:
        from shutil import which

        name = "osascript" if self._platform == "darwin" else "notify-send"
        program = which(name, path=self._environ.get("PATH"))
        trouble = f"there is no {name}"
        if program:
            made = osascript if self._platform == "darwin" else notify_send
            trouble = self._run(made(program, alert))
            if not trouble:
                return f"shown by {name}"
        try:
            self._write(osc(alert, self._environ))
        except OSError as error:
            raise ChannelError(f"{trouble}, and no terminal to show it ({error.strerror})") from error
        return f"{trouble}; handed to the terminal"

    def _run(self, command: list[str]) -> str:
        """The error message; empty on success."""
        from opencode_tui.alerts.running import run_program

        name = Path(command[0]).name
        try:
            ended = run_program(command, b"", self._environ, DESKTOP_TIMEOUT_S)
        except OSError as error:
            return f"{name} cannot be started ({error.strerror})"
        if ended.code is None:
            return f"{name} {ended.stopped}"
        if not ended.code:
            return ""
        message = plain(ended.stderr.decode(errors="replace"), 120)
        return f"{name} failed with exit code {ended.code}" + (f" ({message})" if message else "")

    def _write(self, sequence: bytes) -> None:
        handle = os.open(self._terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(handle, sequence)  # in one write, so that no other output comes between
        finally:
            os.close(handle)


def notify_send(program: str, alert: Alert) -> list[str]:
    import html

    # notify-send interprets escapes such as \n in the body, and the desktop interprets markup such as <b>.
    text = html.escape(body(alert, _LONGEST), quote=False).replace("\\", "\\\\")
    urgency = _URGENCY[alert.crossing.level]
    return [program, "--app-name=opencode-tui", f"--urgency={urgency}", "--", title(alert), text]


def osascript(program: str, alert: Alert) -> list[str]:
    script = [part for line in _APPLESCRIPT for part in ("-e", line)]
    return [program, *script, title(alert), body(alert, _LONGEST)]


def osc(alert: Alert, environ: Mapping[str, str]) -> bytes:
    """The terminal's notification sequence: OSC 777 for rxvt, foot and VTE terminals, OSC 9 for others."""
    text = body(alert, _LONGEST)
    if environ.get("TERM", "").startswith(("rxvt", "foot")) or environ.get("VTE_VERSION"):
        sequence = f"\x1b]777;notify;{title(alert)};{text.replace(';', ',')}\x07"
    else:
        sequence = f"\x1b]9;{title(alert)}: {text}\x07"
    if environ.get("TMUX"):
        # tmux passes a sequence wrapped like this to the terminal if `allow-passthrough` is on.
        sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence.encode()


def make(settings: Settings, environ: Mapping[str, str]) -> Desktop:
    return Desktop(environ)


CHANNEL = ChannelType("desktop", make, interrupts=True, rank=10)
