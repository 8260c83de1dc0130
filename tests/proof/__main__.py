"""`python -m tests.proof`: random histories for so many operations or seconds, and their figures as JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.proof.looks import environment
from tests.proof.oracle import Drift
from tests.proof.play import GENERATIONS, WEIGHTS, Episode


def main() -> int:
    arguments = _parser().parse_args()
    without = {name for name in arguments.without.split(",") if name}
    unknown = without - WEIGHTS.keys()
    if unknown:
        print(f"no operation is called {', '.join(sorted(unknown))}; there are {', '.join(WEIGHTS)}", file=sys.stderr)
        return 2
    generations = arguments.generations.split(",")
    begun, total, rows = time.monotonic(), Counter[str](), Counter[str]()
    number = 0
    while total["operations"] < arguments.operations and time.monotonic() - begun < arguments.seconds:
        generation = generations[number % len(generations)]
        seed = arguments.seed + number
        number += 1
        root = Path(tempfile.mkdtemp(prefix="opencode-tui-proof-"))
        with environment(root / "home"):
            episode = Episode(root, seed, generation, without)
            try:
                figures = episode.play(min(arguments.length, arguments.operations), arguments.until)
            except (Drift, Exception) as error:
                again = f"--seed {seed} --generations {generation} --length {arguments.length}"
                again += f" --without {arguments.without}" if without else ""
                print(
                    f"{type(error).__name__}: {error}\nafter operation {episode.figures.operations} in {root}\n"
                    f"again: python -m tests.proof {again} --until {episode.figures.operations}",
                    file=sys.stderr,
                )
                if not isinstance(error, Drift):
                    raise
                return 1
            if arguments.until:
                print(f"stopped after operation {arguments.until}; {root} is kept", file=sys.stderr)
                return 0
        for name in ("operations", "looks", "comparisons", "fresh", "bills", "alerts", "nano"):
            total[name] += getattr(figures, name)
        rows += figures.by_operation
        shutil.rmtree(root)
    seconds = time.monotonic() - begun
    told = {"seed": arguments.seed, "episodes": number, "seconds": round(seconds, 1), "drift_nano": 0} | dict(total)
    print(json.dumps(told | {"by_operation": dict(rows)}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--operations", type=int, default=20_000, help="play so many (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="the first history's; each next one has the next")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--length", type=int, default=1200, help="operations of one history (default: 1200)")
    parser.add_argument("--generations", default=",".join(GENERATIONS), help="what the histories begin with")
    parser.add_argument("--without", default="", metavar="NAMES", help="leave operations out, such as backup,grow")
    parser.add_argument("--until", type=int, metavar="K", help="play up to operation K and keep the directory")
    return parser


if __name__ == "__main__":
    sys.exit(main())
