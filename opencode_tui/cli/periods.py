"""The periods that commands take: checked before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from opencode_tui.analysis.periods import days_of_text
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble

_ANY_DAY = date(2000, 1, 1)


def check_period(text: str) -> None:
    """Raises Trouble for a text that is no period. Whether a range ends before it begins can depend on the ledger."""
    with refused():
        for part in text.split(".."):
            days_of_text(part, _ANY_DAY, _ANY_DAY)


@contextmanager
def refused() -> Iterator[None]:
    """A ValueError in this block is about the command line, and becomes Trouble."""
    try:
        yield
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
