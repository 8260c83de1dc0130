"""Runs the program for the proof: its sync and alert watcher in this process, and its commands with JSON output."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from opencode_tui import clock
from opencode_tui.alerts.watcher import look_for_alerts
from opencode_tui.cli import main
from opencode_tui.clock import EVER
from opencode_tui.config import load_settings
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.queries import slices
from opencode_tui.readings.answering import answer as reading
from opencode_tui.readings.context import context_of
from opencode_tui.readings.kept import Kept
from opencode_tui.records.requests import BreakdownRequest, Request, SessionsRequest
from opencode_tui.sync import Sync
from tests.proof.oracle import Drift, SessionTotals
from tests.support.kept import in_order
from tests.support.sums import wrong_sums

_KEPT: tuple[Request, ...] = (
    *(SessionsRequest("all"), SessionsRequest("week"), SessionsRequest.first("year")),
    *(BreakdownRequest(("session",), "all", details=details) for details in (False, True)),
)
_KEPT_EVERY = 6
"""Reading these takes as long as all the rest of so many looks."""
Fired = tuple[str, str, str, str]
"""An alert as (rule, subject, period, level)."""


def nano(usd: float) -> int:
    """Converts an amount in USD from a command's JSON to nano-dollars; it is exact."""
    return round(usd * 1e9)


@contextlib.contextmanager
def environment(home: Path) -> Iterator[dict[str, str]]:
    """Sets a clean environment with its own home directory for all files of the program and its guard."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("OPENCODE", "XDG_"))}
    ours = kept | {"HOME": str(home), "TZ": "UTC", "NO_COLOR": "1", "COLUMNS": "120", "LINES": "40"}
    before, clocks = dict(os.environ), (clock.now_ms, clock.monotonic_s)
    os.environ.clear()
    os.environ.update(ours)
    try:
        yield ours
    finally:
        os.environ.clear()
        os.environ.update(before)
        clock.now_ms, clock.monotonic_s = clocks


@dataclass(slots=True)
class Reader:
    """A long-lived sync on one ledger, with the alerts that fired in it."""

    ledger_file: Path
    config: Path
    data_dir: Path
    fired: list[Fired] = field(default_factory=list)
    looks: int = 0
    _ledger: Ledger | None = None
    _sync: Sync | None = None
    _settings: Settings | None = None
    _kept: Kept = field(default_factory=Kept)

    def _opened(self) -> tuple[Ledger, Sync, Settings]:
        if self._settings is None:
            flags = {"data_dirs": json.dumps([str(self.data_dir)]), "ledger": str(self.ledger_file)}
            self._settings = load_settings(flags, os.environ, self.config)
        if self._ledger is None or self._sync is None:
            self._ledger = Ledger(self.ledger_file)
            self._sync = Sync(self._ledger, self._settings, os.environ, lambda: clock.now_ms())
        return self._ledger, self._sync, self._settings

    def look(self, now_ms: int) -> None:
        """Polls once like the dashboard. Raises Drift if OpenCode's own store is not live.

        Sets the program's clock to `now_ms` and moves its monotonic clock by a minute, the interval of the full check
        for JSON files.
        """
        ledger, sync, settings = self._opened()
        _set_clock(now_ms)
        sync.poll()
        self.looks += 1
        # Only OpenCode's own stores count, because a removed backup is expected to be gone.
        ours = {str(self.data_dir / name) for name in ("opencode.db", "storage")}
        wrong = [state.detail for state in sync.states if state.state != "live" and state.path in ours]
        if wrong:
            raise Drift(f"a store that is well could not be read: {'; '.join(wrong)}")
        if self.looks % _KEPT_EVERY == 0:
            self._check_kept(ledger, sync, settings)
        for alert in look_for_alerts(ledger, settings, now_ms):
            what = alert.crossing
            self.fired.append((what.rule, what.subject, what.period, what.level))

    def _check_kept(self, ledger: Ledger, sync: Sync, settings: Settings) -> None:
        """Compares lists of sessions of which only changes are read with those that are read whole. Raises Drift."""
        with ledger.reading() as connection:
            context = context_of(sync, connection, clock.now_ms(), settings, sync.states)
            for request in _KEPT:
                kept = reading(request, replace(context, kept=self._kept))
                if in_order(kept) != in_order(reading(request, context)):
                    raise Drift(f"what is kept of {request} is not what is read")

    def sessions(self) -> dict[str, SessionTotals]:
        """The totals by session, read from the ledger without a command."""
        ledger = self._opened()[0]
        return {
            each.key: SessionTotals(each.spend_nano, each.calls, each.tokens.counts)
            for each in slices(ledger.connection, EVER, "session")
        }

    def restart(self, data_dir: Path | None = None) -> None:
        """Closes the sync and the ledger; the next poll opens them again, with a new data directory if one is given."""
        if self._sync is not None and self._ledger is not None:
            self._sync.close()
            self._ledger.close()
        self._sync = self._ledger = None
        self._kept = Kept()
        if data_dir is not None:
            self.data_dir, self._settings = data_dir, None


def check_sums(ledger: Path) -> None:
    """Compares the sums that the ledger keeps with its calls, group by group. Raises Drift."""
    with contextlib.closing(sqlite3.connect(ledger, timeout=20, isolation_level=None)) as connection:
        if wrong := wrong_sums(connection):
            raise Drift(f"{len(wrong)} sums are not those of their calls: {wrong[0]}")


_passed_s = 0.0


def _set_clock(now_ms: int) -> None:
    global _passed_s
    _passed_s += 61.0
    clock.monotonic_s = lambda: time.monotonic() + _passed_s
    clock.now_ms = lambda: now_ms


def command(arguments: list[str]) -> tuple[int, str, str]:
    """Runs a command in this process; returns its exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


def answer(arguments: list[str]) -> Any:
    """The parsed output of a command with `--json`. Raises Drift if it fails."""
    code, out, err = command([*arguments, "--json"])
    if code:
        raise Drift(f"`{' '.join(arguments)}` ended with {code}: {err.strip()}")
    return json.loads(out)


def sessions_of(ledger: Path, config: Path, data_dir: Path) -> dict[str, SessionTotals]:
    """The totals of each session from `usage`, without subagents and forks."""
    usage = answer(["usage", "--period", "all", "--by", "session", *_where(ledger, config, data_dir)])
    totals = {
        group["key"]: SessionTotals(nano(group["spend_usd"]), group["calls"], _tokens(group["tokens"]))
        for group in usage["groups"]
    }
    _same({"usage's total": nano(usage["spend_usd"])}, sum(each.nano for each in totals.values()))
    return totals


def hints_of(ledger: Path) -> set[tuple[str, int]]:
    """(session id, nano-dollars) of each call in the ledger's file."""
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        return set(connection.execute("SELECT session_id, cost_nano FROM call"))


def roots_of(ledger: Path, config: Path, data_dir: Path, total: int) -> dict[str, tuple[int, int]]:
    """(own, total) nano-dollars of each root session from `sessions`.

    Raises Drift unless these, and the sums of `usage`, add up to `total`.
    """
    where = _where(ledger, config, data_dir)
    _sum_weeks(ledger)
    by_model = answer(["usage", "--period", "all", "--by", "model", *where])
    roots = answer(["sessions", "--period", "all", *where])
    sums = {
        "usage by model": sum(nano(group["spend_usd"]) for group in by_model["groups"]),
        "usage's total by model": nano(by_model["spend_usd"]),
        "sessions": sum(nano(row["total_usd"]) for row in roots),
    }
    _same(sums, total)
    return {row["id"]: (nano(row["own_usd"]), nano(row["total_usd"])) for row in roots}


def _sum_weeks(ledger: Path) -> None:
    """Sums past weeks as the dashboard does, and the running ones as well, so that later calls change such sums."""
    with contextlib.closing(Ledger(ledger)) as opened:
        while make_bucket(opened, clock.now_ms() + 5 * 7 * clock.DAY_MS):
            pass


def check_reconciled(
    ledger: Path, config: Path, data_dir: Path, total: int, *, was_restored: bool, is_loose: bool
) -> None:
    """Checks that `reconcile` explains OpenCode's figures and arrives at `total` nano-dollars. Raises Drift.

    After a restore that set a session's sum back (`is_loose`), it can have calls that no ledger can know of.
    """
    code, out, err = command(["reconcile", "--json", *_where(ledger, config, data_dir)])
    if code not in (0, 1):
        raise Drift(f"`reconcile` ended with {code}: {err.strip()}")
    found = json.loads(out)
    _same({f"reconcile's {name}": nano(each["ledger_usd"]) for name, each in found["figures"].items()}, total)
    for name, each in found["figures"].items():
        names = {explained["cause"] for explained in each["explained"]}
        rest = nano(each["unexplained_usd"])
        if (rest and (name == "stats" or not is_loose)) or ("restored" in names and not was_restored):
            raise Drift(f"`reconcile` leaves {rest:,} nano-dollars of {name} unexplained beside {sorted(names)}")
    if not is_loose and code != 0:
        raise Drift(f"`reconcile` ended with {code}")


def _where(ledger: Path, config: Path, data_dir: Path) -> list[str]:
    return ["--ledger", str(ledger), "--config", str(config), "--data-dir", str(data_dir)]


def _same(sums: Mapping[str, int], total: int) -> None:
    for name, value in sums.items():
        if value != total:
            raise Drift(f"{name} adds up to {value:,} nano-dollars, usage by session to {total:,}")


def _tokens(counts: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(counts[name] for name in ("input", "output", "reasoning", "cache_read", "cache_write"))
