"""Runs the user's command with the alert in its environment as ALERT_… and as JSON on its standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from opencode_tui.alerts.channels.channel import ChannelError, ChannelType
from opencode_tui.alerts.channels.message import alert_fields, plain
from opencode_tui.config.alert_values import command_line
from opencode_tui.config.options import ValueOption
from opencode_tui.config.settings import Settings
from opencode_tui.paths import WEBHOOK_VARIABLE
from opencode_tui.records.alerts import Alert

COMMAND_TIMEOUT_S = 30.0
_HEAD = 200
_NO_PROGRAM = "channels.command_line names no program; set it"
# Not OPENCODE_TUI_…: those are settings, and an opencode-tui that the command starts would reject unknown ones.
_PREFIX = "ALERT_"
_VARIABLES = ("id", "level", "rule", "kind", "text", "cause", "session", "period", "value", "line", "try")


class Command:
    def __init__(
        self, command_line: Sequence[str], environ: Mapping[str, str], *, timeout_s: float = COMMAND_TIMEOUT_S
    ) -> None:
        self._command_line, self._environ, self._timeout_s = tuple(command_line), environ, timeout_s

    def send(self, alert: Alert) -> str:
        from opencode_tui.alerts.running import run_program

        if not self._command_line:
            raise ChannelError(f"{_NO_PROGRAM}, or channels.command to off")
        program = self._command_line[0]
        given = json.dumps(alert_fields(alert), ensure_ascii=False).encode(errors="replace") + b"\n"
        try:
            ended = run_program(self._command_line, given, variables(alert, self._environ), self._timeout_s)
        except OSError as error:
            raise ChannelError(f"{program} cannot be started ({error.strerror}); see channels.command_line") from error
        except ValueError as error:
            raise ChannelError(f"channels.command_line cannot be run ({error})") from error
        if ended.code is None:
            raise ChannelError(f"{program} {ended.stopped} and was stopped")
        head = plain(ended.stderr.decode(errors="replace"), _HEAD)
        outcome = f"exit code {ended.code}" + (f": {head}" if head else "")
        if ended.code:
            raise ChannelError(outcome)
        return outcome


def variables(alert: Alert, environ: Mapping[str, str]) -> dict[str, str]:
    """Our environment without the webhook's address, plus the alert: ALERT_TEXT, ALERT_SPENT_USD and so on."""
    fields = alert_fields(alert)
    ours = {_PREFIX + name.upper(): "" if fields[name] is None else str(fields[name]) for name in _VARIABLES}
    if fields["unit"] == "usd":
        ours |= {_PREFIX + "SPENT_USD": f"{fields['value']:.9f}", _PREFIX + "LINE_USD": f"{fields['line']:.9f}"}
    return {name: text for name, text in environ.items() if name != WEBHOOK_VARIABLE} | ours


def make(settings: Settings, environ: Mapping[str, str]) -> Command:
    return Command(COMMAND_LINE.of(settings.channels), environ)


def _lacks(settings: Settings, environ: Mapping[str, str]) -> str:
    has_program = bool(COMMAND_LINE.of(settings.channels))
    return "" if has_program else f'{_NO_PROGRAM}, such as command_line = ["notify-send", "OpenCode"]'


COMMAND_LINE = ValueOption[tuple[str, ...]]("command_line", (), command_line)
"""The program and its arguments."""
CHANNEL = ChannelType("command", make, options=(COMMAND_LINE,), lacks=_lacks, rank=30)
