"""What the tests of check, status, watch and alerts share: spend, and a channel that leaves marks."""

from __future__ import annotations

from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.alerts import Alert
from tests.stores import V1
from tests.support.shell import Shell, at

AROUND_NOON = "2026-05-13T14:23"


def spend(store: V1, cost: str, time: str = "14:20") -> None:
    store.call(next(iter(store.sessions)), cost=cost, at=at(time))


def configure(shell: Shell, text: str) -> list[str]:
    (shell.home / "my.toml").write_text(text)
    return ["--config", str(shell.home / "my.toml")]


def log(shell: Shell) -> tuple[Alert, ...]:
    ledger = Ledger(shell.ledger)
    found = alert_log.alerts(ledger.connection)
    ledger.close()
    return found


def marking(shell: Shell, code: int = 0) -> list[str]:
    """Settings with a command that writes a line for each alert."""
    program = shell.home / "program.sh"
    program.write_text(f'#!/bin/sh\necho "$ALERT_RULE $ALERT_LEVEL" >> "{shell.home}/told"\nexit {code}\n')
    program.chmod(0o755)
    channels = f'[channels]\ncommand = "warning"\ncommand_line = ["{program}"]\n'
    return configure(
        shell, channels + "[alerts.session]\nnotice_usd = 'off'\nwarning_usd = 'off'\n[alerts]\nsame_file = 'off'\n"
    )


def told(shell: Shell) -> list[str]:
    file = shell.home / "told"
    return file.read_text().splitlines() if file.exists() else []
