"""The real dashboard over a store that the real OpenCode wrote, driven by the keyboard in a real terminal.

Every figure on the screen is traced to the calls that the scripted model billed.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.money import format_usd
from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.ours import nano
from tests.e2e.terminal import terminal

pytestmark = pytest.mark.e2e


def spent(database: Path) -> dict[str, int]:
    """Nano-dollars of each session's own calls, straight from OpenCode's rows, copies left out."""
    query = """
      SELECT s.id, total(round(json_extract(m.data, '$.cost') * 1e9)) FROM session s
      LEFT JOIN message m ON m.session_id = s.id AND m.time_created >= s.time_created
        AND json_extract(m.data, '$.role') = 'assistant'
      GROUP BY s.id
    """
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {id: int(cost) for id, cost in connection.execute(query)}


def test_from_the_day_to_the_turn_that_cost_the_money(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, tmp_path: Path
) -> None:
    opencode = install(LATEST)
    root = opencode.run("SUBAGENT please")
    fork = opencode.run("and now otherwise", "opencode/glm-5", session=root, fork=True)
    ledger = new_ledger(opencode)
    own = spent(opencode.database)
    with closing(sqlite3.connect(f"file:{opencode.database}?mode=ro", uri=True)) as connection:
        children = [row[0] for row in connection.execute("SELECT id FROM session WHERE parent_id = ?", (root,))]
    total = own[root] + sum(own[child] for child in children)
    assert len(children) == 2 and nano(ledger.usage()["spend_usd"]) == sum(own.values())

    places = ("--data-dir", str(opencode.data_dir), "--ledger", str(tmp_path / "screen" / "ledger.db"))
    with terminal(tmp_path / "screen", *places, width=150, height=45) as pane:
        pane.until("Today", "live", format_usd(sum(own.values())), format_usd(total), "↱")

        pane.type("2")
        pane.until("2 sessions", format_usd(total), format_usd(own[fork]))
        pane.type("/")
        pane.write("fork")
        pane.until("1 of 2 sessions")
        pane.type("Enter")
        pane.until("1 of 2 sessions", "⏎ Open")
        pane.type("Enter")
        forked = pane.until(f"-s {fork}", "not billed again")
        assert f"${own[root] / 1e9:.4f} inherited" in forked

        pane.type("Escape")
        pane.until("1 of 2 sessions")
        pane.type("Escape")
        pane.until("2 sessions", gone="1 of 2 sessions")
        pane.type("Home")
        # The newer one, the fork, stands first.
        pane.type("Down")
        pane.type("Enter")
        shown = pane.until(f"-s {root}", format_usd(total), format_usd(own[root]))
        assert all(format_usd(own[child]) in shown for child in children)

        pane.resize(40, 45)
        narrow = pane.until(f"-s {root}", format_usd(total))
        assert max(len(line) for line in narrow.splitlines()) <= 40
        pane.type("q")
        pane.until("ended 0")


def test_a_live_session_grows_on_the_screen(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, tmp_path: Path
) -> None:
    opencode = install(LATEST)
    session = opencode.run("hello")
    places = ("--data-dir", str(opencode.data_dir), "--ledger", str(tmp_path / "screen" / "ledger.db"))
    with terminal(tmp_path / "screen", *places, width=110, height=35) as pane:
        first = sum(spent(opencode.database).values())
        pane.until("live", format_usd(first))
        opencode.run("EDIT it", session=session)
        now = sum(spent(opencode.database).values())
        assert now > first
        pane.until(format_usd(now))
        answer = json.loads(new_ledger(opencode)._run("today", "--json"))
        assert round(answer["spent_usd"] * 1e9) == now
