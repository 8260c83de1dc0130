"""Measure whole processes on a store of any size: `python -m tests.bench.bench`; prints a Markdown table.

The store is generated if there is none. Everything runs against baselines measured in the same run: Python
itself, SQLite's own scan of what every message cost, and its extracting of all fields that the first import takes.
The file is in the page cache. `--messages 371000` makes a store of 331,000 calls.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from compileall import compile_dir
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import opencode_tui
from opencode_tui.records.dimensions import DIMENSIONS
from tests.bench.appending import append_call, today_nano
from tests.bench.figures import LINES
from tests.bench.generate import generate
from tests.bench.memory import PeakMemory

SCAN = """
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(db.execute("SELECT sum(json_extract(data, '$.cost')) FROM message").fetchone()[0])
"""


@dataclass
class Row:
    what: str
    target: str = ""
    unit: str = "s"
    values: list[float] = field(default_factory=list)

    def markdown(self) -> str:
        middle, low, high = (self._text(of(self.values)) for of in (median, min, max))
        return f"| {self.what} | {middle} | {low} .. {high} | {self.target} |"

    def _text(self, value: float) -> str:
        scale, digits = {"s": (1.0, 3), "ms": (1e3, 1), "µs": (1e6, 0), "MB": (1.0, 0), "times": (1.0, 1)}[self.unit]
        return f"{value * scale:.{digits}f} {self.unit}"


@dataclass
class Ran:
    seconds: float
    peak_mb: float
    out: str


class Bench:
    def __init__(self, data_dir: Path, scratch: Path, runs: int) -> None:
        self.data_dir, self.scratch, self.runs = data_dir, scratch, runs
        self.store, self.ledger = data_dir / "opencode.db", scratch / "ledger.db"
        # Neither the person's settings nor their prices may change what is measured, nor that this is no installation:
        # an installed package is compiled.
        compile_dir(Path(opencode_tui.__file__).parent, quiet=1)
        self.environ = {
            **os.environ,
            "HOME": str(scratch),
            **{f"XDG_{name}_HOME": str(scratch / name) for name in ("CONFIG", "DATA", "CACHE", "STATE")},
        }
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def rows(self) -> list[Row]:
        python, scan = Row("`python -c pass` (baseline)"), Row("SQLite's scan of every cost (baseline)")
        fields = Row("SQLite's `json_extract` of the same fields as the first import (baseline)")
        first, against, peak = (
            Row("first import, whole process", "<= 10 s"),
            Row("first import against `json_extract` of the same fields", "<= 3 times", "times"),
            Row("peak memory of the first import, its two processes together", unit="MB"),
        )
        right = Row("today's figure is right on a fresh ledger, in process", "<= 1 s")
        today = Row("`today` after one new call, whole process", "<= 0.25 s")
        status, against_pass, check = (
            Row("`status`, whole process", "<= 0.15 s"),
            Row("`status` against `python -c pass`", "<= 8 times", "times"),
            Row("`check`, whole process"),
        )
        usage, slowest, sessions = (
            Row("`usage --period all`, whole process", "<= 0.25 s"),
            Row("the same by the slowest dimension, a line for each session", "<= 0.25 s"),
            Row("`sessions --period all`, whole process", "<= 0.35 s"),
        )
        seen = Row("the same with alerts looked for and the picture taken", unit="ms")
        idle, busy = (
            Row("a poll with nothing new, in process", unit="µs"),
            Row("a poll after one new call, in process", unit="ms"),
        )
        work = (
            Row("all turns classified and all sessions looked at for insights for the first time", "<= 2 s"),
            Row("the sums by task made after that, when nothing else is left"),
            Row("the first of these after one new call", unit="ms"),
            Row("the insights of a week read", unit="ms"),
        )
        summed = Row("the sums of one new call, in process", "< 1 ms", "ms")
        screens = [Row(f"figures: {what}", target, "ms") for what, target in LINES]
        for _ in range(self.runs):
            python.values.append(self.run("-c", "pass").seconds)
            scan.values.append(self.run("-c", SCAN, str(self.store)).seconds)
            fields.values.append(self.run("-m", "tests.bench.extracting", str(self.store)).seconds)
            right.values += self._probe("today_right")
            self._forget()
            imported = self._ours("sync")
            first.values.append(imported.seconds)
            against.values.append(imported.seconds / fields.values[-1])
            peak.values.append(imported.peak_mb)
            today.values.append(self._today_after_one())
            status.values.append(self._ours("status").seconds)
            against_pass.values.append(status.values[-1] / python.values[-1])
            check.values.append(self._ours("check", "--warn", "100000", "--cutoff", "100000").seconds)
            usage.values.append(self._ours("usage", "--period", "all").seconds)
            sessions.values.append(self._ours("sessions", "--period", "all").seconds)
            for row, value in zip((idle, busy, summed, seen), self._probe("polls"), strict=True):
                row.values.append(value)
            for row, value in zip(work, self._probe("insights"), strict=True):
                row.values.append(value)
            slowest.values.append(max(self._ours("usage", "--period", "all", "--by", by).seconds for by in DIMENSIONS))
            for row, value in zip(screens, self._probe("figures"), strict=True):
                row.values.append(value)
            self._forget()
        baselines, imports = (python, scan, fields), (first, against, peak, right)
        return [
            *baselines,
            *imports,
            today,
            status,
            against_pass,
            check,
            usage,
            slowest,
            sessions,
            idle,
            busy,
            seen,
            summed,
            *work,
            *screens,
        ]

    def run(self, *arguments: str) -> Ran:
        """A Python process from its start to its end. Raises SystemExit where it fails."""
        began = time.perf_counter()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([sys.executable, *arguments], env=self.environ, stdout=out)
            with PeakMemory(process.pid) as peak:
                _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            text = out.read().decode()
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
        per_mb = 1024 if sys.platform == "linux" else 1024 * 1024
        return Ran(seconds, max(peak.mb, usage.ru_maxrss / per_mb), text)

    def _ours(self, *arguments: str) -> Ran:
        where = ("--data-dir", str(self.data_dir), "--ledger", str(self.ledger))
        return self.run("-m", "opencode_tui", *arguments, *where)

    def _today_after_one(self) -> float:
        append_call(self.store)
        ran = self._ours("today", "--json")
        truth = today_nano(self.store)
        said = json.loads(ran.out)["spent_usd"]
        if said != truth / 1e9:
            raise SystemExit(f"`today` says ${said}, the store says ${truth / 1e9}")
        return ran.seconds

    def _probe(self, name: str) -> list[float]:
        ran = self.run("-m", "tests.bench.probes", name, str(self.data_dir), str(self.ledger))
        answer: list[float] = json.loads(ran.out)
        return answer

    def _forget(self) -> None:
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.ledger}{ending}").unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench", description=__doc__)
    parser.add_argument("--messages", type=int, default=230_000)
    parser.add_argument("--dir", type=Path, help="where the store is or shall be (default: for this run only)")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data_dir = args.dir or Path(scratch) / "store"
        if not (data_dir / "opencode.db").exists():
            generate(data_dir, args.messages)
        bench = Bench(data_dir, Path(scratch), args.runs)
        size = bench.store.stat().st_size / 1e9
        calls = json.loads((data_dir / "truth.json").read_text())["calls"]
        machine = f"Python {sys.version.split()[0]}, {os.cpu_count()} cores"
        print(f"Store of {size:.2f} GB, {calls:,} calls, {args.runs} runs, {machine}\n")
        print("| what | median | min .. max | target |\n|---|---|---|---|")
        for row in bench.rows():
            print(row.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
