"""A person's machine with a store that has all that an export can be wrong about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import shell, store
from tests.stores import V1
from tests.support.ledgers import lay_out
from tests.support.shell import GPT, GPT_TOKENS, OPUS, OPUS_TOKENS, Shell, ago, at, forked

__all__ = ["history", "shell", "store", "whole"]


@dataclass
class History(Shell):
    """A machine on which tests only read, so that its store is made and read into the ledger once."""

    store: V1


def write_history(home: Path) -> V1:
    """Copies, a call not billed, one nano-dollar, an odd fraction, a subagent, an error, and one still running."""
    store = V1(home)
    with store.database.connection():
        first = store.session("Fix header", created=at("10:00", ago(3)))
        store.call(first, cost="9.99", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01", ago(3)))
        store.call(first, cost="0.40", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01", ago(2)))
        store.call(first, cost="0.30", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01"))
        second = store.session("Renew cart", created=at("11:00"), directory="/home/dev/cart", agent="plan")
        store.call(second, cost="0.20", model=GPT, tokens=GPT_TOKENS, at=at("11:01"))
    forked(store)
    store.call(first, error="MessageAbortedError", at=at("12:06"))
    store.call(first, at=at("12:07"), completed=False)
    return store


@pytest.fixture
def whole(shell: Shell) -> V1:
    """The history on a machine of the test's own, for tests that go on with it."""
    lay_out(shell.ledger)
    return write_history(shell.home)


@pytest.fixture(scope="session")
def _machine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, V1]:
    home = tmp_path_factory.mktemp("history")
    lay_out(home / "ours" / "ledger.db")
    return home, write_history(home)


@pytest.fixture
def history(
    _machine: tuple[Path, V1], shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[History]:
    home, store = _machine
    monkeypatch.setenv("HOME", str(home))
    for command in ("export", "metrics"):
        monkeypatch.setattr(f"opencode_tui.cli.{command}.now_ms", lambda: at("14:23"))
    with ExitStack() as at_end:
        yield History(home, capsys, at_end, store)
