"""What a format is given to write, and the kinds of formats there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from opencode_tui.clock import Calendar
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.exports import ExportedCall, SpendCounters


class ExportError(Exception):
    """The export cannot be made. The message is one sentence."""


class Tally:
    """Passes calls on, and counts them, the copies of forks apart, and what they cost."""

    def __init__(self, calls: Iterable[ExportedCall]) -> None:
        self._calls = calls
        self.calls = self.copies = self.cost_nano = 0

    def __iter__(self) -> Iterator[ExportedCall]:
        for call in self._calls:
            self.copies += call.is_copy
            self.calls += not call.is_copy
            self.cost_nano += call.cost_nano
            yield call


class CallRequest(Struct, frozen=True):
    """Calls to be written, oldest first."""

    calls: Tally
    calendar: Calendar
    titles: bool
    """Whether the sessions' titles are asked for."""


class SendRequest(Struct, frozen=True):
    """Calls to be sent: those of the ledger that were never sent before."""

    ledger: Ledger
    since_ms: int
    titles: bool
    environ: Mapping[str, str]
    clock: Callable[[], int]


class CallsAsText(Struct, frozen=True):
    """Goes to a file or to standard output."""

    write: Callable[[CallRequest, TextIO], None]


class CallsAsFile(Struct, frozen=True):
    """Is no text, and makes a file at a path where there is none."""

    write: Callable[[CallRequest, Path], None]


class SumsAsText(Struct, frozen=True):
    """Has no single call, and so no session and no title."""

    write: Callable[[SpendCounters], str]


class CallsSent(Struct, frozen=True):
    """Goes over the network. The function returns what was done, in one sentence. Raises ExportError."""

    send: Callable[[SendRequest], str]


Format = CallsAsText | CallsAsFile | SumsAsText | CallsSent
