"""What the guard has refused is an alert, once an incident, with the lift that lets it go on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from opencode_tui.clock import DAY_MS
from opencode_tui.guard.held_calls import HeldCall, held_calls_beside, read_held_calls, write_held_calls
from tests.support.watched import MINUTE, NOON, Watched, only

LOOP = HeldCall(
    "loop", "s", "", NOON - MINUTE, 1, "the same tool call was made 8 times with nothing changed in between"
)
OF_WEB = HeldCall("budget", "", "team:web", NOON - MINUTE, 3, "$5.00 of the team's budget “web” is spent today")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    found = Watched(tmp_path / "ledger.db", only())
    found.session("s", "Fix header: again")
    return found


def test_each_incident_is_one_alert_with_its_lift(watched: Watched) -> None:
    file = held_calls_beside(watched.path)
    write_held_calls(file, (LOOP, OF_WEB))
    first, second = watched.look()
    assert first.text == (f'the guard has held a loop: {LOOP.sentence}, in "Fix header: again"')
    assert (first.leads_to, first.cause.remedy) == ("s", "`opencode-tui guard lift loop --for 30m` lets it go on")
    assert second.text == f"the guard has held a budget: {OF_WEB.sentence}"
    assert second.cause.remedy == "`opencode-tui guard lift budget team:web --for 30m` lets it go on"
    write_held_calls(file, (replace(LOOP, times=9), OF_WEB))
    assert watched.texts() == []
    write_held_calls(file, (replace(LOOP, at_ms=NOON),))
    assert len(watched.texts()) == 1
    assert {rule for rule, _ in watched.fired()} == {"held"}


@pytest.mark.parametrize("at_ms", [NOON - DAY_MS, NOON + 2 * MINUTE])
def test_one_that_is_a_day_old_or_of_a_clock_that_was_ahead_is_none(watched: Watched, at_ms: int) -> None:
    write_held_calls(held_calls_beside(watched.path), (replace(LOOP, at_ms=at_ms),))
    assert watched.texts() == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", '{"refused": 1}', '{"refused": [1, null, {}]}'),
        json.dumps(
            {"refused": [{"kind": "other", "session": "", "budget": "", "sentence": "x", "at_ms": 1, "times": 1}]}
        ),
        json.dumps(
            {"refused": [{"kind": "loop", "session": "", "budget": "", "sentence": "x", "at_ms": "1", "times": 1}]}
        ),
    ],
)
def test_notes_that_are_none_are_left_out(watched: Watched, text: str) -> None:
    held_calls_beside(watched.path).write_text(text)
    assert read_held_calls(held_calls_beside(watched.path)) == ()
    assert watched.texts() == []


def test_control_characters_of_a_note_are_taken_out(tmp_path: Path) -> None:
    file = tmp_path / "guard-refused.json"
    write_held_calls(file, (replace(LOOP, sentence="a\x1b[31m\nb"),))
    assert read_held_calls(file) == (replace(LOOP, sentence="a[31mb"),)


def test_they_are_found_beside_a_ledger_whose_path_is_not_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xe4ta")
    folder.mkdir()
    watched = Watched(folder / "ledger.db", only())
    write_held_calls(held_calls_beside(watched.path), (OF_WEB,))
    assert len(watched.texts()) == 1
