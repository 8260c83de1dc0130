"""Signal handling for commands, so that no program that a channel runs is left behind."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


def ending_signals() -> list[signal.Signals]:
    """SIGTERM, and SIGHUP unless it is ignored (nohup)."""
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM] if is_ignored else [signal.SIGTERM, signal.SIGHUP]


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A context manager in which SIGTERM and SIGHUP raise SystemExit with the shell's exit code."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ended_by_signals() -> Iterator[Event]:
    """An event that SIGTERM, SIGHUP (a closed pane) and ctrl+c set instead of ending the process."""
    ended = Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (*ending_signals(), signal.SIGINT)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
