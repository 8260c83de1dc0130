"""Measure what the guard adds to a model call, in OpenCode's own Bun: `python -m tests.bench.guard`.

Prints a Markdown table, by the number of calls that the day has in the ledger. The first check of an OpenCode
reads guard.json and the ledger unless that was done as it started; each one after another process has written sums
the day anew; all others find the sum as it was.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from opencode_tui.clock import now_ms
from opencode_tui.config.settings import Settings
from opencode_tui.guard.install import plugin_text
from opencode_tui.guard.state import GuardState, limits_of, state_file, write_state
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO
from tests.e2e.opencode import binary
from tests.support.records import replace

VERSION = "1.18.34"
TODAY = (200, 2_000, 20_000)
MEASURE = """
import { Database } from "bun:sqlite"
import plugin from "./plugin.js"
const client = { tui: { showToast: async () => {} } }
const hooks = await plugin.server({ client, directory: "/srv/shop", worktree: "/srv/shop" })
const writer = new Database(process.argv[2])
const check = async () => {
  const began = performance.now()
  await hooks["chat.params"]({ agent: "build" })
  return performance.now() - began
}
const told = { first: [await check()], changed: [], same: [] }
for (let i = 0; i < 50; i++) {
  writer.run("UPDATE machine SET name = ? WHERE id = 1", [`m${i}`])
  told.changed.push(await check())
  told.same.push(await check())
}
console.log(JSON.stringify(told))
process.exit(0)
"""


def measured(scratch: Path, today: int, caps: bool) -> dict[str, list[float]]:
    """Milliseconds of each check, by its kind."""
    scratch.mkdir()
    ledger = Ledger(scratch / "ledger.db")
    fill(ledger, today)
    agents = {"explore": 100_000 * NANO} if caps else {}
    projects = {"/srv/shop": 100_000 * NANO} if caps else {}
    far, state = 100_000 * NANO, state_file(ledger.path)
    limits = GuardState(str(ledger.path), "", far, far, projects, agents, sync=("true",), directory=str(scratch))
    limits = replace(limits, days=limits_of(Settings(), now_ms())["days"])
    write_state(state, limits)
    (scratch / "plugin.js").write_text(plugin_text(state))
    (scratch / "measure.js").write_text(MEASURE)
    command = [str(binary(VERSION)), str(scratch / "measure.js"), str(ledger.path)]
    environment = {**os.environ, "BUN_BE_BUN": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    ledger.close()
    told: dict[str, list[float]] = json.loads(done.stdout)
    return told


def fill(ledger: Ledger, today: int) -> None:
    """Ten days of calls, so many a day, the last of them today."""
    with ledger.writing() as connection:
        connection.execute("INSERT INTO machine (id, name) VALUES (1, 'm')")
        connection.execute("INSERT INTO store (id, key) VALUES (1, '/data/opencode.db#message')")
        connection.execute(
            "INSERT INTO session (id, title, directory, project, version, created_ms, updated_ms, store_id, rank)"
            " VALUES ('s', '', '/srv/shop', '/srv/shop', '', 0, 0, 1, 1)"
        )
        connection.executemany(
            "INSERT INTO call (id, session_id, machine_id, store_id, provider, model, agent, directory, created_ms,"
            " completed_ms, input, output, reasoning, cache_read, cache_write, recorded_nano, amount_nano, basis,"
            " copied) VALUES (?, 's', 1, 1, 'opencode', 'glm-5', 'build', '/srv/shop', ?, ?, 1, 1, 0, 0, 0, 5, 5,"
            " 'recorded', 0)",
            [(f"{day}-{i}", at := now_ms() - day * 86_400_000, at) for day in range(10) for i in range(today)],
        )


def main() -> None:
    print("| calls today | caps | check | median | max |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for today in TODAY:
            for caps in ("no", "yes"):
                told = measured(Path(scratch) / f"{today}-{caps}", today, caps == "yes")
                for kind, values in told.items():
                    print(f"| {today:,} | {caps} | {kind} | {median(values):.2f} ms | {max(values):.2f} ms |")


if __name__ == "__main__":
    main()
