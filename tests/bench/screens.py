"""Measure the dashboard in a terminal of its own: `python -m tests.bench.screens --dir DIR`; prints Markdown tables.

Each screen is left alone, and the bytes that it sends to the terminal and its processor time are counted. Then keys
are pressed, and the time is taken until the last of what they made has been drawn.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.generate import generate

COLUMNS, LINES = 120, 40
SCREENS = {"Today": b"", "Sessions": b"2", "a session": b"2\r", "Breakdown": b"3", "History": b"4", "Why": b"5"}
KEYS = (
    b"2",
    b"\r",
    b"\x1b",
    b"5",
    b"1",
    b"[",
    b"]",
    b"2m",
    b"Y",
    b"*",
    b"w",
    b"4",
    b"y",
    b"[",
    b"s",
    b"H",
    b"m",
    b"d",
    b"3",
    b"Y",
    b"T",
    b"M",
    b"w",
    b"1",
)
"""Pressed one after the other in each round.

The periods of Sessions, the views of History, and a year and its tools in Breakdown are among them.
"""
HEADER_BYTES = 1000
"""A drawing of fewer bytes is the header's clock."""
SETTLED_S = 1.0
START_S = 8.0


@dataclass
class Idle:
    bytes_sent: int
    cpu_share: float


class Pane:
    """The dashboard in a pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        self.process, self._terminal = pty.fork()
        if not self.process:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execv(sys.executable, [sys.executable, "-m", "opencode_tui", *arguments])
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.kill(self.process, signal.SIGWINCH)
        self.read(START_S)

    def read(self, seconds: float, settled: bool = False) -> tuple[int, float]:
        """(bytes that came, seconds until the last drawing that is more than the header's).

        `settled` ends once no such drawing has come for SETTLED_S.
        """
        began = time.perf_counter()
        count, last = 0, 0.0
        while (now := time.perf_counter() - began) < seconds and not (settled and now - last > SETTLED_S):
            if select.select([self._terminal], [], [], 0.02)[0]:
                size = len(os.read(self._terminal, 1 << 16))
                count += size
                if size > HEADER_BYTES:
                    last = time.perf_counter() - began
        return count, last

    def press(self, keys: bytes) -> float:
        """Seconds from the last key to the last of what it made."""
        for key in (keys[i : i + 1] for i in range(len(keys) - 1)):
            os.write(self._terminal, key)
            self.read(5.0, settled=True)
        os.write(self._terminal, keys[-1:])
        return self.read(5.0, settled=True)[1]

    def idle(self, seconds: float) -> Idle:
        before = self._cpu_s
        sent, _ = self.read(seconds)
        return Idle(sent, (self._cpu_s - before) / seconds)

    @property
    def memory_mb(self) -> float:
        """The most memory that it had."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    @property
    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._terminal)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.screens", description=__doc__)
    parser.add_argument("--messages", type=int, default=230_000)
    parser.add_argument("--dir", type=Path, help="where the store is or shall be (default: for this run only)")
    parser.add_argument("--ledger", type=Path, help="a ledger that has the store (default: one for this run only)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each screen is left alone")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["HOME"] = scratch  # neither the person's settings nor their prices may change what is measured
        data_dir = args.dir or Path(scratch) / "store"
        if not (data_dir / "opencode.db").exists():
            generate(data_dir, args.messages)
        where = ["--data-dir", str(data_dir), "--ledger", str(args.ledger or Path(scratch) / "ledger.db")]
        subprocess.run([sys.executable, "-m", "opencode_tui", "sync", *where], check=True)
        print(f"| left alone for {args.seconds:.0f} s | sent to the terminal | of a core |\n|---|---|---|")
        for name, keys in SCREENS.items():
            pane = Pane(*where)
            if keys:
                pane.press(keys)
            found = pane.idle(args.seconds)
            print(f"| {name} | {found.bytes_sent / 1000:.1f} kB | {found.cpu_share:.1%} |", flush=True)
            pane.close()
        pane = Pane(*where)
        rounds = [[pane.press(keys) for keys in KEYS] for _ in range(args.rounds)]
        print("\n| key | median | worst |\n|---|---|---|")
        for keys, took in zip(KEYS, zip(*rounds, strict=True), strict=True):
            print(f"| `{keys.decode()!a}` | {median(took) * 1000:.0f} ms | {max(took) * 1000:.0f} ms |")
        print(f"\nAt most {pane.memory_mb:.0f} MB after all that.")
        pane.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
