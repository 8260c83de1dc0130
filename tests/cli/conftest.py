"""A person's machine with a store, and a clock that stands still where a test asks for it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.stores import V1
from tests.stores.store_copy import StoreCopy
from tests.support.ledgers import lay_out
from tests.support.shell import GPT, GPT_TOKENS, OPUS, OPUS_TOKENS, Shell, ago, at


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    for name in list(os.environ):
        if name.startswith(("OPENCODE", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for command in ("today", "usage"):
        monkeypatch.setattr(f"opencode_tui.cli.{command}.now_ms", lambda: at("14:23"))
    with ExitStack() as at_end, _machine_in_utc():
        yield Shell(tmp_path, capsys, at_end)


@contextmanager
def _machine_in_utc() -> Iterator[None]:
    """Not by a variable of ours, which each command would read through pydantic, at several milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def store(shell: Shell) -> V1:
    """Today $0.50 in two sessions, $0.40 on Monday, and $9.99 on the Sunday before, which is another week."""
    lay_out(shell.ledger)
    return _week().at(shell.home)


@cache
def _week() -> StoreCopy:
    with TemporaryDirectory() as place:
        store = V1(Path(place))
        with store.database.connection():
            first = store.session("Fix header", created=at("10:00", ago(3)))
            store.call(first, cost="9.99", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01", ago(3)))
            store.call(first, cost="0.40", model=OPUS, tokens=OPUS_TOKENS, at=at("10:01", ago(2)))
            for minute in range(6):
                store.call(first, cost="0.05", model=OPUS, tokens=OPUS_TOKENS, at=at(f"10:0{minute}"))
            second = store.session("Renew cart", created=at("11:00"), directory="/home/dev/cart", agent="plan")
            for minute in range(2):
                store.call(second, cost="0.10", model=GPT, tokens=GPT_TOKENS, at=at(f"11:0{minute}"))
        return StoreCopy(store)


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the commands that tell alerts: it is 14:23 on the day, as it always is for `today` and `usage`."""
    for command in ("check", "status", "alerts", "watch"):
        monkeypatch.setattr(f"opencode_tui.cli.{command}.now_ms", lambda: at("14:23"))
