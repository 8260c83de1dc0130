"""Measure `team report` on many ledgers: `python -m tests.bench.team`; prints a Markdown table.

One ledger is generated; the others are its copies on machines of other names, whose calls are therefore other calls.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random

from tests.bench.bench import Row
from tests.bench.memory import PeakMemory
from tests.support.ledgers import lay_out

DAY_MS = 86_400_000
LAST_MS = 1_778_976_000_000
"""Sun 17 May 2026 00:00 UTC: the last day of week 20."""
MODELS = ("kimi-k2.6", "claude-opus-4-5", "gpt-5")
WEEK = "2026-W20"
_CALL = """
  INSERT INTO call (id, session_id, turn_id, machine_id, store_id, provider, model, agent, directory, created_ms,
    completed_ms, input, output, reasoning, cache_read, cache_write, recorded_nano, amount_nano, basis, copied)
  VALUES (?, ?, ?, 1, 1, 'opencode', ?, 'build', ?, ?, ?, 2000, 500, 0, 40000, 0, ?, ?, 'recorded', 0)
"""


def make_ledger(file: Path, calls: int, days: int = 200) -> None:
    """A ledger with so many calls in the days up to LAST_MS."""
    lay_out(file)
    random = Random(7)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO machine (name) VALUES ('seat0')")
        connection.execute("INSERT INTO store (key) VALUES ('a store')")
        for number in range(calls):
            at_ms = LAST_MS + DAY_MS // 2 - (calls - number) * (days * DAY_MS // calls)
            session, project = f"ses_{number // 40:06d}", f"/home/dev/project{number // 40 % 5}"
            nano = random.randrange(1_000_000, 90_000_000)
            values = (f"msg_{number:08d}", session, f"msg_{number // 8:08d}", MODELS[number % 3], project)
            connection.execute(_CALL, (*values, at_ms, at_ms + 8_000, nano, nano))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy_for(ledger: Path, place: Path, name: str) -> None:
    """A copy of a ledger, of a machine of its own."""
    file = Path(shutil.copyfile(ledger, place / f"{name}.db"))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE machine SET name = ?", (name,))


def measure(scratch: Path, seats: int, calls: int, runs: int) -> list[Row]:
    ledger, place = scratch / "ledger.db", scratch / "seats"
    place.mkdir()
    make_ledger(ledger, calls)
    for number in range(seats):
        copy_for(ledger, place, f"seat{number:03d}")
    (scratch / "config.toml").write_text(f'timezone = "UTC"\n[team.seats]\nteam = "{place}"\n', encoding="utf-8")
    many = f"{seats} ledgers of {calls:,} calls"
    first, peak_first = Row(f"`team report` over {many}, the first time"), Row("its peak memory", unit="MB")
    second, peak = Row("the second time, nothing has changed", "<= 3 s"), Row("its peak memory", "<= 200 MB", "MB")
    one = Row("one ledger has changed")
    _time(scratch, first, peak_first)
    for _ in range(runs):
        _time(scratch, second, peak)
    with closing(sqlite3.connect(place / "seat000.db", isolation_level=None)) as connection:
        connection.execute("UPDATE call SET amount_nano = amount_nano + 1 WHERE rowid = (SELECT max(rowid) FROM call)")
    _time(scratch, one, Row("", unit="MB"))
    return [first, peak_first, second, peak, one]


def _time(scratch: Path, row: Row, peak: Row) -> None:
    words = ["team", "report", "--week", WEEK, "-o", str(scratch / "team.html"), "--config", "config.toml"]
    environ = {**os.environ, "HOME": str(scratch), "XDG_DATA_HOME": str(scratch), "PYTHONPATH": str(Path.cwd())}
    before, began = _used_s(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "opencode_tui", *words, "--ledger", str(scratch / "own.db")], env=environ, cwd=scratch
    )
    with PeakMemory(process.pid) as memory:
        if process.wait():
            raise SystemExit("team report failed")
    row.values.append(time.perf_counter() - began)
    peak.values.append(memory.mb)
    print(f"{row.what}: {row.values[-1]:.2f} s, of which the processor {_used_s() - before:.2f} s", file=sys.stderr)


def _used_s() -> float:
    """Seconds of the processor that all ended child processes took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=200)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="opencode-tui-team-") as scratch:
        rows = measure(Path(scratch), arguments.seats, arguments.calls, arguments.runs)
    print("| what | median | range | target |\n|---|---:|---:|---:|")
    print("\n".join(row.markdown() for row in rows))


if __name__ == "__main__":
    main()
