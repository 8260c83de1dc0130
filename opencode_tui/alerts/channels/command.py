"""Runs a program of the user's: the alert is in its environment as ALERT_…, and as JSON on its standard input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

from opencode_tui.alert_records import Alert
from opencode_tui.alerts.channels.channel import ChannelError
from opencode_tui.alerts.channels.message import alert_fields, plain
from opencode_tui.paths import WEBHOOK_VARIABLE
from opencode_tui.settings import Settings

TIMEOUT_S = 30.0
_HEAD = 200
# Not OPENCODE_TUI_…: those are settings, and an opencode-tui that the program starts would refuse to know them.
_PREFIX = "ALERT_"
_VARIABLES = ("id", "level", "rule", "kind", "text", "cause", "session", "period", "value", "line")


class Command:
    def __init__(
        self, command_line: Sequence[str], environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._command_line, self._environ, self._timeout_s = tuple(command_line), environ, timeout_s

    def tell(self, alert: Alert) -> str:
        if not self._command_line:
            raise ChannelError("channels.command_line names no program; set it, or channels.command to off")
        # Files and not pipes: what the program leaves running in the background must not hold us.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(json.dumps(alert_fields(alert), ensure_ascii=False).encode() + b"\n")
            given.seek(0)
            code = self._run(alert, given, said)
            said.seek(0)
            head = plain(said.read(_HEAD * 4).decode(errors="replace"), _HEAD)
        outcome = f"exit code {code}" + (f": {head}" if head else "")
        if code:
            raise ChannelError(outcome)
        return outcome

    def _run(self, alert: Alert, given: IO[bytes], said: IO[bytes]) -> int:
        program = self._command_line[0]
        try:
            process = subprocess.Popen(
                self._command_line,
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=variables(alert, self._environ),
                start_new_session=True,
            )
        except OSError as error:
            raise ChannelError(f"{program} cannot be started ({error.strerror}); see channels.command_line") from error
        except ValueError as error:
            raise ChannelError(f"channels.command_line cannot be run ({error})") from error
        try:
            return process.wait(self._timeout_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise ChannelError(f"{program} did not end within {self._timeout_s:g} s and was stopped")


def variables(alert: Alert, environ: Mapping[str, str]) -> dict[str, str]:
    """Our environment without the webhook's address, and the alert: ALERT_TEXT, ALERT_SPENT_USD and so on."""
    fields = alert_fields(alert)
    ours = {_PREFIX + name.upper(): "" if fields[name] is None else str(fields[name]) for name in _VARIABLES}
    if fields["unit"] == "usd":
        ours |= {_PREFIX + "SPENT_USD": f"{fields['value']:.9f}", _PREFIX + "LINE_USD": f"{fields['line']:.9f}"}
    return {name: text for name, text in environ.items() if name != WEBHOOK_VARIABLE} | ours


def make(settings: Settings, environ: Mapping[str, str]) -> Command:
    return Command(settings.channels.command_line, environ)
