"""Measure first imports of one store by several processes at once: `python -m tests.bench.importing`.

Each round imports into a new ledger with 1, 2, 4 and 8 processes and prints how long the last of them took, in
seconds and against one process of the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.generate import generate

COUNTS = (1, 2, 4, 8)


def seconds(data_dir: Path, processes: int, total_nano: int) -> float:
    """How long until all of so many `sync` processes have ended. Raises AssertionError where the total is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        ledger = Path(scratch) / "ledger.db"
        where = ["--data-dir", str(data_dir), "--ledger", str(ledger)]
        environ = {**os.environ, "HOME": scratch}
        began = time.perf_counter()
        command = [sys.executable, "-m", "opencode_tui", "sync", *where]
        running = [
            subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(processes)
        ]
        codes = [each.wait() for each in running]
        took = time.perf_counter() - began
        assert codes == [0] * processes
        usage = [sys.executable, "-m", "opencode_tui", "usage", "--period", "all", "--json", *where]
        said = json.loads(subprocess.run(usage, env=environ, capture_output=True, check=True).stdout)
        assert round(said["spend_usd"] * 1e9) == total_nano
        return took


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.importing", description=__doc__)
    parser.add_argument("--messages", type=int, default=85_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        data_dir = Path(place) / "opencode"
        truth = generate(data_dir, args.messages)
        total = truth["total_nano"]
        assert isinstance(total, int)
        rounds = [{count: seconds(data_dir, count, total) for count in COUNTS} for _ in range(args.rounds)]
    print("| processes | seconds | against one |\n|---|---|---|")
    for count in COUNTS:
        took = median(each[count] for each in rounds)
        ratio = median(each[count] / each[1] for each in rounds)
        print(f"| {count} | {took:.1f} | {ratio:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
