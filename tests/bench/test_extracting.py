"""The baseline of the first import pulls the fields that the import takes, out of every row that it takes."""

from __future__ import annotations

from pathlib import Path

from opencode_tui.source import sqlite_v1, tools
from tests.bench.extracting import ANSWER, TOOL, extracted
from tests.bench.generate import generate

NOON_MS = 1_778_673_600_000  # 2026-05-13 12:00 UTC


def test_it_finds_every_answer_and_every_use_of_a_tool(tmp_path: Path) -> None:
    truth = generate(tmp_path / "opencode", 400, now=NOON_MS)
    answers, uses = extracted(tmp_path / "opencode" / "opencode.db")
    assert answers == int(str(truth["calls"])) + int(str(truth["copies"]))
    assert uses > 0


def test_it_pulls_what_the_import_takes() -> None:
    taken = {name.partition(".")[0] for name in ANSWER}
    assert taken | {"role"} == {*sqlite_v1._FIELDS, "error"}
    state = {name.strip("', $.") for name in tools._STATE.split(",")}
    assert set(TOOL) - {"tool", "state.input", "state.input.patchText"} == state
