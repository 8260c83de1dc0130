"""Measure how soon the real dashboard tells: `python -m tests.bench.alerting`; prints a Markdown table.

From the commit of a call in OpenCode's store to the sentence on the banner and to the bell, in a terminal of its own,
with a rule that fires at every call. Calls come at random moments of the poll's interval, so that the best is that of
a poll which was just due, and the worst is to be an interval and 100 ms at the most.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import random
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.appending import append_call
from tests.bench.bench import Row
from tests.bench.generate import generate

INTERVAL_S = 2.0
# No other rule: what is graver than a notice would stand before it on the banner.
CONFIG = f"""
[poll]
interval_s = {INTERVAL_S}
[budget]
warning_usd = 100000
cutoff_usd = 100000
week_target_usd = 100000
[alerts]
every_calls = 1
same_call = 0
same_file = 0
session = {{ notice_usd = "off", warning_usd = "off" }}
rate = {{ warning_usd = "off" }}
context = {{ notice = "off", warning = "off" }}
[channels]
toast = "off"
bell = "notice"
"""
TARGET = f"max <= {INTERVAL_S + 0.1:.1f} s"
PATIENCE_S = 60.0
CALLS = re.compile(rb"past ([\d,]+) calls today")


class Screen:
    """All that a program has written to its terminal, piece by piece, and when."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._pieces: list[tuple[float, bytes]] = []
        self._changed = threading.Condition()
        self.told = 0
        """The number of calls that an alert has named last."""
        threading.Thread(target=self._read, daemon=True).start()

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def seconds_until(self, began: float, is_it: Callable[[bytes], bool]) -> float:
        """From `began` until a piece that it is. Raises SystemExit where none comes."""
        at, end = 0, time.perf_counter() + PATIENCE_S
        with self._changed:
            while True:
                for moment, piece in self._pieces[at:]:
                    if moment >= began and is_it(piece):
                        return moment - began
                at = len(self._pieces)
                if not self._changed.wait(end - time.perf_counter()):
                    raise SystemExit("the dashboard did not say it")

    def tells_more(self, piece: bytes) -> bool:
        """It draws an alert that names more calls than any before: not one that is only drawn again."""
        told = max((int(number.replace(b",", b"")) for number in CALLS.findall(piece)), default=0)
        more, self.told = told > self.told > 0, max(told, self.told)
        return more

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._master, 1 << 20)
            except OSError:
                return
            with self._changed:
                self._pieces.append((time.perf_counter(), piece))
                self._changed.notify()


@contextmanager
def dashboard(scratch: Path, data_dir: Path) -> Iterator[Screen]:
    """The real program in a terminal of 160 × 50, live on the store."""
    config = scratch / "config.toml"
    config.write_text(CONFIG)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    where = ["--data-dir", str(data_dir), "--ledger", str(scratch / "ledger.db"), "--config", str(config)]
    environ = {"HOME": str(scratch), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    subprocess.run([sys.executable, "-m", "opencode_tui", "sync", *where], check=True, env=environ, stdout=sys.stderr)
    process = subprocess.Popen(
        [sys.executable, "-m", "opencode_tui", *where], stdin=slave, stdout=slave, stderr=slave, env=environ
    )
    os.close(slave)
    screen = Screen(master)
    try:
        screen.seconds_until(0.0, lambda piece: b"live" in piece)
        append_call(data_dir / "opencode.db")
        screen.seconds_until(0.0, lambda piece: bool(screen.tells_more(piece) or screen.told))
        time.sleep(INTERVAL_S)  # what the first looks found has been told
        yield screen
    finally:
        screen.type("q")
        process.wait(PATIENCE_S)
        os.close(master)


def measured(screen: Screen, store: Path, runs: int, where: str) -> list[Row]:
    dice = random.Random(7)
    banner, bell = Row(f"to the banner, {where}", TARGET), Row(f"to the bell, {where}", TARGET)
    for _ in range(runs):
        time.sleep(0.5 + dice.random() * INTERVAL_S)
        append_call(store)
        committed = time.perf_counter()
        banner.values.append(screen.seconds_until(committed, screen.tells_more))
        bell.values.append(screen.seconds_until(committed, lambda piece: b"\a" in piece))
    return [banner, bell]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.alerting", description=__doc__)
    parser.add_argument("--messages", type=int, default=230_000)
    parser.add_argument("--dir", type=Path, help="where the store is or shall be (default: for this run only)")
    parser.add_argument("--runs", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        data_dir = args.dir or scratch / "store"
        store = data_dir / "opencode.db"
        if not store.exists():
            generate(data_dir, args.messages)
        with dashboard(scratch, data_dir) as screen:
            rows = measured(screen, store, args.runs, "on Today")
            screen.type("2")
            time.sleep(1)
            screen.type("*")
            time.sleep(5)
            rows += measured(screen, store, args.runs, "on Sessions of all time")
            size = store.stat().st_size / 1e9
    print(f"Store of {size:.2f} GB, a poll every {INTERVAL_S:g} s, {args.runs} runs each\n")
    print("| from the commit of a call | median | min .. max | target |\n|---|---|---|---|")
    for row in rows:
        print(row.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
