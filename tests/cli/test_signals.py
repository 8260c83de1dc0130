"""A command that waits for a channel's program stops it when it is told to end."""

from __future__ import annotations

import signal

import pytest

from opencode_tui.clock import now_ms
from tests.stores import V1
from tests.support.processes import noted, runs, until
from tests.support.shell import PIPES, Shell, spawn


def hear_all_signals() -> None:
    """Under nohup, a hang-up is ignored by all that the tests start."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("command", "number"),
    [("alerts test", signal.SIGTERM), ("alerts test", signal.SIGHUP), ("watch --once", signal.SIGTERM)],
)
def test_one_is_stopped_when_the_command_that_waits_for_it_is_interrupted(
    shell: Shell, store: V1, command: str, number: signal.Signals
) -> None:
    pids, config = shell.home / "pids", shell.home / "config.toml"
    script = f"sleep 600 & echo $$ $! > {pids}; wait"
    config.write_text(f"[channels]\ncommand = 'notice'\ncommand_line = ['sh', '-c', '{script}']\n")
    store.call(store.session("Fix header"), cost="9.00", at=now_ms())
    words = [*command.split(), *shell.places, "--config", str(config)]
    process = spawn(shell, "-m", "opencode_tui", *words, **PIPES, preexec_fn=hear_all_signals)
    left = noted(pids)
    assert all(map(runs, left))
    process.send_signal(number)
    process.communicate(timeout=30)  # `watch --once` itself would wait for 45 s
    assert process.returncode == (128 + number if command == "alerts test" else 0)
    until(lambda: not any(map(runs, left)))
