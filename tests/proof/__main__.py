"""`python -m tests.proof`: plays random histories for a number of operations or seconds, and prints figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from tests.proof.beside import Beside
from tests.proof.looks import environment
from tests.proof.oracle import Drift
from tests.proof.play import GENERATIONS, WEIGHTS, Episode

_ROOM = 2_000_000_000


def main() -> int:
    arguments = _parser().parse_args()
    without = {name for name in arguments.without.split(",") if name}
    unknown = without - WEIGHTS.keys() | set(arguments.generations.split(",")) - GENERATIONS.keys()
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}; operations: {', '.join(WEIGHTS)}", file=sys.stderr)
        return 2
    total = Counter[str]()
    operations = Counter[str]()
    begun = time.monotonic()
    number = 0
    for played in _histories(arguments, without):
        number += 1
        if played is None:
            return 1
        operations += played.pop("by_operation")
        total += Counter(played)
        if total["operations"] >= arguments.operations or time.monotonic() - begun >= arguments.seconds:
            break
    if arguments.beside and not (beside := _beside(arguments, without)):
        return 1
    result: dict[str, Any] = {"seed": arguments.seed, "histories": number, "drift_nano": 0}
    result |= {"seconds": round(time.monotonic() - begun, 1)} | dict(total) | {"by_operation": dict(operations)}
    print(json.dumps(result | ({"beside": beside} if arguments.beside else {})))
    return 0


def _histories(arguments: argparse.Namespace, without: set[str]) -> Iterator[dict[str, Any] | None]:
    """Yields the figures of one history after the other, playing `--jobs` of them at a time."""
    if arguments.operations <= 0:
        return
    if arguments.jobs == 1:
        yield from (_history(arguments, number, without) for number in count())
    with ProcessPoolExecutor(arguments.jobs) as pool:
        numbers = count()
        playing = deque(pool.submit(_history, arguments, next(numbers), without) for _ in range(arguments.jobs))
        try:
            while True:
                played = playing.popleft().result()
                playing.append(pool.submit(_history, arguments, next(numbers), without))
                yield played
        finally:
            pool.shutdown(cancel_futures=True)


def _history(arguments: argparse.Namespace, number: int, without: set[str]) -> dict[str, Any] | None:
    """Plays one history in this process and returns its figures; prints a fault that it finds and returns None."""
    generations = arguments.generations.split(",")
    generation, seed = generations[number % len(generations)], arguments.seed + number
    root = _directory()
    with environment(root / "home"):
        episode = Episode(root, seed, generation, without)
        episode.with_fresh = not arguments.no_fresh
        try:
            figures = episode.play(arguments.length, arguments.until)
        except Exception as error:
            flags = [f"--seed {seed} --generations {generation} --length {arguments.length}"]
            flags += ["--no-fresh"] if arguments.no_fresh else []
            flags += [f"--without {arguments.without}"] if without else []
            _report(error, root, f"{' '.join(flags)} --until {episode.figures.operations}")
            return None
    if arguments.until:
        print(f"stopped after operation {arguments.until}; {root} is kept", file=sys.stderr)
    else:
        shutil.rmtree(root)
    names = ("operations", "looks", "comparisons", "fresh", "bills", "alerts", "nano", "by_operation")
    return {name: getattr(figures, name) for name in names}


def _beside(arguments: argparse.Namespace, without: set[str]) -> list[dict[str, Any]]:
    """The figures of one history per generation beside real processes; an empty list if one found a fault."""
    found = []
    generations = arguments.generations.split(",")
    for number, generation in enumerate(generations):
        root = _directory()
        with environment(root / "home") as environ:
            try:
                episode = Beside(root, arguments.seed + number, generation, environ, without, kills=not arguments.calm)
                episode.with_fresh = not arguments.no_fresh
                found.append({"generation": generation} | episode.run(arguments.beside / len(generations)))
            except Exception as error:
                flags = f"--seed {arguments.seed + number} --generations {generation} --operations 0"
                _report(error, root, f"{flags} --beside {arguments.beside / len(generations):g}")
                return []
        shutil.rmtree(root)
    return found


def _directory() -> Path:
    """A new temporary directory, in memory if there is room, because that is faster."""
    memory = Path("/dev/shm")
    room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return Path(tempfile.mkdtemp(prefix="opencode-tui-proof-", dir=memory if room else None))


def _report(error: Exception, root: Path, flags: str) -> None:
    """Prints the error and the command that reproduces it; raises it again unless it is a Drift."""
    print(f"{type(error).__name__}: {error}\n{root} is kept\nagain: python -m tests.proof {flags}", file=sys.stderr)
    if not isinstance(error, Drift):
        raise error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--operations", type=int, default=20_000, help="play so many (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="the first history's; each next one has the next")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--jobs", type=int, default=1, help="play so many histories at a time (default: 1)")
    parser.add_argument("--length", type=int, default=1200, help="operations of one history (default: 1200)")
    parser.add_argument("--generations", default=",".join(GENERATIONS), help="what the histories begin with")
    parser.add_argument("--without", default="", metavar="NAMES", help="leave operations out, such as backup,grow")
    parser.add_argument("--no-fresh", action="store_true", help="begin no new ledgers to compare them as well")
    parser.add_argument("--until", type=int, metavar="K", help="play up to operation K and keep the directory")
    parser.add_argument(
        "--beside",
        type=float,
        default=0,
        metavar="SECONDS",
        help="then play for so long beside a dashboard, `watch`, `check --notify`, `status` and the guard's `sync`,"
        " with kill -9 and SIGSTOP at random",
    )
    parser.add_argument("--calm", action="store_true", help="kill and suspend nothing beside")
    return parser


if __name__ == "__main__":
    sys.exit(main())
