"""Stores that the real 2.0.15 wrote: the ledger is right to the nano-dollar, in all and session by session."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.support.ledgers import Reader, reader
from tests.support.paths import SAMPLES

FRESH, BEFORE, UPGRADED = "opencode-2.0.15-fresh", "opencode-1.18.34-before-upgrade", "opencode-2.0.15-just-upgraded"
STAND_IN = "fork-of-deleted"
"""Its copy of a call stands for the original, whose session was deleted."""


def laid_out(name: str, root: Path) -> Path:
    """The sample as OpenCode's only store under `root`; one that stands there already is replaced."""
    place = root / "opencode"
    place.mkdir(exist_ok=True)
    (place / "opencode.db").write_bytes(gzip.decompress((SAMPLES / f"{name}.db.gz").read_bytes()))
    return place


def expected(name: str) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((SAMPLES / f"{name}.expected.json").read_text())
    return truth


def read(root: Path, *names: str) -> Reader:
    """One ledger that has read the samples at the same place, one after the other."""
    for name in names:
        ours = reader(laid_out(name, root), root / "ledger.db")
        ours.poll()
        assert {state.state for state in ours.sync.states} == {"live"}
        if name != names[-1]:
            ours.close()
    return ours


def own(ours: Reader) -> dict[str, int]:
    return dict(ours.rows("SELECT session_id, sum(cost_nano) FROM call GROUP BY 1"))


def by_agent(ours: Reader, agent: str) -> int:
    return int(ours.rows("SELECT coalesce(sum(cost_nano), 0) FROM call WHERE agent = ?", agent)[0][0])


def test_a_store_of_opencode_2_costs_what_the_model_answered(tmp_path: Path) -> None:
    truth, ours = expected(FRESH), read(tmp_path, FRESH)
    assert ours.totals.spend_nano == 1_223_033_830
    spent, deleted = own(ours), truth["totals_nano"]["deleted"]
    for id, session in truth["sessions"].items():
        if session.get("deleted"):
            assert id not in spent
            continue
        known = session["own_nano"].get("answered", 0) - session["own_nano"].get("generate", 0)
        assert spent.get(id, 0) == known + (deleted if session["label"] == STAND_IN else 0), session["label"]


def test_titles_and_undone_calls_are_calls_of_their_own(tmp_path: Path) -> None:
    totals, ours = expected(FRESH)["totals_nano"], read(tmp_path, FRESH)
    unlisted = ours.rows("SELECT agent, count(*), sum(cost_nano) FROM call WHERE id LIKE '%.unlisted.%' GROUP BY 1")
    # The title of the deleted session cannot be known. That of the undone one cannot be told from its undone calls.
    lost, mixed = 1_354_850, 1_443_900
    assert unlisted == [
        ("title", 18, totals["titles"] - lost - mixed),
        ("undone", 1, totals["undone"] + mixed),
    ]
    assert ours.totals.copied_calls == sum(fork["copies"] for fork in expected(FRESH)["forks"].values()) - 1


def test_turns_and_subagents_of_opencode_2_are_those_that_were_asked_for(tmp_path: Path) -> None:
    ours = read(tmp_path, FRESH)
    turns = dict(ours.rows("SELECT session_id, count(DISTINCT turn_id) FROM call WHERE completed_ms > 0 GROUP BY 1"))
    truth = {id: session for id, session in expected(FRESH)["sessions"].items() if not session.get("deleted")}
    for label in ("root-sub", "nest", "cut", "background", "anthropic", "crashed"):
        (id,) = [id for id, session in truth.items() if session["label"] == label]
        assert turns[id] == truth[id]["turns"], label
    children = {id for id, session in truth.items() if session["parent"]}
    told = ours.rows("SELECT DISTINCT child_session_id FROM tool WHERE name = 'task'")
    assert {id for (id,) in told} == children


def test_a_store_just_upgraded_costs_what_still_stands(tmp_path: Path) -> None:
    totals, ours = expected(UPGRADED)["totals_nano"], read(tmp_path, UPGRADED)
    assert ours.totals.spend_nano == totals["standing"] + totals["deleted"]
    assert own(ours) == spent_without_titles(undone=False)
    assert by_agent(ours, "title") == by_agent(ours, "undone") == 0


def test_what_was_undone_in_opencode_1_is_kept_by_a_sync_before_the_upgrade(tmp_path: Path) -> None:
    totals, ours = expected(BEFORE)["totals_nano"], read(tmp_path, BEFORE, UPGRADED)
    assert ours.totals.spend_nano == totals["standing"] + totals["undone"] + totals["deleted"]
    assert own(ours) == spent_without_titles(undone=True)
    assert not ours.sync.notices


def test_the_first_sync_after_an_upgrade_says_once_what_is_gone(tmp_path: Path) -> None:
    ours = read(tmp_path, UPGRADED)
    (notice,) = ours.sync.notices
    assert "upgraded to OpenCode 2 before its first sync" in notice
    ours.close()
    again = read(tmp_path, UPGRADED)
    assert not again.sync.notices


def spent_without_titles(*, undone: bool) -> dict[str, int]:
    """Titles of OpenCode 1 stand nowhere."""
    truth = expected(BEFORE)
    found = {}
    for id, session in truth["sessions"].items():
        nano = session["own_nano"]
        spent = nano.get("standing", 0) + (nano.get("undone", 0) if undone else 0)
        spent += truth["totals_nano"]["deleted"] if session["label"] == "v1-fork-of-deleted" else 0
        if not session.get("deleted"):
            found[id] = spent
    return found
