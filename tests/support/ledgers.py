"""Ledgers filled by the real sync, for tests that read what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opencode_tui.clock import Span, now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import queries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.usage import Totals
from opencode_tui.sync import Sync
from tests.stores import Truth
from tests.support.records import replace

EVER = Span(0, 10**15)


@dataclass
class Reader:
    """One process of ours: a ledger and a sync over one data directory."""

    ledger: Ledger
    sync: Sync

    def poll(self, report: Callable[[], None] = lambda: None) -> bool:
        return self.sync.poll(report)

    @property
    def totals(self) -> Totals:
        return queries.totals(self.ledger.connection, EVER, 0)

    def spend_by(self, key: str) -> dict[str, int]:
        """Nano-dollars by one of SLICE_KEYS, without those that cost nothing."""
        slices = queries.slices(self.ledger.connection, EVER, key)
        return {slice.key: slice.spend_nano for slice in slices if slice.spend_nano}

    def rows(self, sql: str, *values: object) -> list[Any]:
        return self.ledger.connection.execute(sql, values).fetchall()

    def contents(self) -> dict[str, list[Any]]:
        """All that the ledger holds but how it came there: equal for any order of syncs."""
        call = "id, session_id, turn_id, provider, model, agent, created_ms, completed_ms, input, output, reasoning,"
        call += " cache_read, cache_write, recorded_nano, cost_nano, copied, copied_from, finish, error"
        return {
            "call": self.rows(f"SELECT {call} FROM call ORDER BY id"),
            "session": self.rows("SELECT id, parent_id, title, project, created_ms, present FROM session ORDER BY id"),
            "tool": self.rows("SELECT call_id, name, target, ok FROM tool ORDER BY call_id, name, target"),
            "unreadable": self.rows("SELECT kind, id, reason FROM unreadable ORDER BY 1, 2"),
        }

    def close(self) -> None:
        self.sync.close()
        self.ledger.close()


@cache
def _empty_ledger() -> bytes:
    """The file of a new ledger, made once a process."""
    with TemporaryDirectory() as place:
        path = Path(place) / "ledger.db"
        Ledger(path).close()
        return path.read_bytes()


def lay_out(file: Path) -> None:
    """Put an empty ledger where there is none: a copy takes a tenth of the time of a creation.

    It appears as a whole, so that a process may be killed here, and never in place of another process's.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = file.with_name(f"{file.name}.{os.getpid()}")
        new.write_bytes(_empty_ledger())
        with suppress(FileExistsError):
            file.hardlink_to(new)
        new.unlink()


def reader(
    data_dir: Path, ledger: Path | None = None, *, settings: Settings | None = None, clock: Callable[[], int] = now_ms
) -> Reader:
    """A reader of a data directory; its ledger stands beside it unless named."""
    file = ledger or data_dir.parent / "ours" / "ledger.db"
    lay_out(file)
    opened = Ledger(file)
    # No variable of this machine may leak in: neither its stores nor its prices.
    environ = {f"XDG_{kind}_HOME": str(file.parent / "none") for kind in ("CONFIG", "CACHE", "DATA")}
    return Reader(opened, Sync(opened, replace(settings or Settings(), data_dirs=(data_dir,)), environ, clock))


def assert_truth(reader: Reader, truth: Truth) -> None:
    """Every figure that can be traced to a call is what was billed, to the nano-dollar."""
    totals = reader.totals
    assert totals.spend_nano == truth.total_nano
    assert totals.calls == truth.calls
    assert totals.copied_calls == truth.copies
    assert totals.tokens == truth.tokens
    assert reader.spend_by("session") == {id: nano for id, nano in truth.own.items() if nano}
