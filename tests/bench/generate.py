"""Write a v1 store of any size, as OpenCode 1.18 would have over two years: `python -m tests.bench.generate DIR`.

The defaults make the store that the numbers of the project are measured on: 230,000 messages, some 819,000
parts, about 1 GB. Beside `opencode.db` stands `truth.json` with what was billed. One seed, one store, but for
its dates: the newest call is of today.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from pathlib import Path

from tests.bench.story import DIRECTORIES, Generator, project_id
from tests.stores.database import SCHEMA


def generate(
    data_dir: Path, messages: int = 230_000, *, seed: int = 7, events: bool = False, now: int | None = None
) -> dict[str, object]:
    """Write `opencode.db` and `truth.json` into an empty or new directory; returns the truth."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "opencode.db"
    if path.exists():
        raise FileExistsError(f"{path} is there already: choose another directory")
    statements = [s for s in (SCHEMA / "v1_18.sql").read_text().split(";\n") if s.strip()]
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    for statement in statements:
        if statement.startswith("CREATE TABLE"):
            db.execute(statement)
    maker = Generator(db, messages, seed, now or int(time.time() * 1000), events=events)
    with db:
        for directory in DIRECTORIES:
            db.execute(
                "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes)"
                " VALUES (?, ?, 'git', 0, 0, '[]')",
                (project_id(directory), directory),
            )
    maker.run()
    for statement in statements:
        if not statement.startswith("CREATE TABLE"):
            db.execute(statement)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    truth = maker.truth()
    (data_dir / "truth.json").write_text(json.dumps(truth, indent=1))
    return truth


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.generate", description=__doc__)
    parser.add_argument("dir", type=Path, help="a new directory, which becomes OpenCode's data directory")
    parser.add_argument("--messages", type=int, default=230_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--events", action="store_true", help="write the event rows too")
    args = parser.parse_args()
    print(json.dumps(generate(args.dir, args.messages, seed=args.seed, events=args.events), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
