"""How the Today and the Sessions screen look, at named sizes and in their states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from opencode_tui.records.day import Snapshot
from opencode_tui.ui.app import OpencodeTui
from tests.support.records import replace
from tests.ui.builders import DAY, ROWS, STORE, nano, quiet, session_list, snapshot
from tests.ui.showing import NARROW, NORMAL, WIDE, SnapCompare, answered, app_over, settled, until

KEPT = Path(__file__).parent / "__snapshots__"
IMPORTING = replace(STORE, state="importing", imported=78_000, total=230_000)
CUTOFF = snapshot("$2.11", aborted_calls=2, running_calls=1, list_nano=nano("$0.42"))


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        pytest.param(snapshot("$0.62"), NORMAL, id="calm-normal"),
        pytest.param(snapshot("$0.62"), WIDE, id="calm-wide"),
        pytest.param(snapshot("$0.93"), NARROW, id="warning-narrow"),
        pytest.param(CUTOFF, NARROW, id="cutoff-narrow"),
        pytest.param(CUTOFF, WIDE, id="cutoff-wide"),
        pytest.param(quiet(), NORMAL, id="quiet-normal"),
        pytest.param(quiet(stores=(), has_calls=False), NARROW, id="first-run-narrow"),
        pytest.param(snapshot(stores=(IMPORTING,)), NORMAL, id="importing-normal"),
        pytest.param(snapshot("$1.12", day=DAY.replace(day=12)), NORMAL, id="past-day-normal"),
    ],
)
def test_looks(picture: Snapshot, size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, _ = app_over(picture)
    assert snap_compare(app, terminal_size=size, run_before=settled)


def test_looks_stale(snap_compare: SnapCompare) -> None:
    app, feed = app_over(snapshot("$0.62"))

    async def fail(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        assert isinstance(pilot.app, OpencodeTui)
        feed.answers.append(OSError("disk I/O error"))
        await pilot.press("r")
        await until(pilot, lambda: app.failure is not None)

    assert snap_compare(app, terminal_size=NARROW, run_before=fail)


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        pytest.param((), NARROW, id="narrow"),
        pytest.param(("slash", *"kimi"), NORMAL, id="filter-normal"),
        pytest.param(("b", "down"), WIDE, id="groups-wide"),
    ],
)
def test_looks_sessions(keys: tuple[str, ...], size: tuple[int, int], snap_compare: SnapCompare) -> None:
    app, feed = app_over(snapshot("$0.62"))
    feed.on_look = lambda query: session_list(*ROWS)

    async def show(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("2")
        await until(pilot, lambda: answered(app))
        await pilot.press(*keys)
        await until(pilot, lambda: True)

    assert snap_compare(app, terminal_size=size, run_before=show)


def test_no_picture_is_kept_that_no_test_looks_at(collected: set[tuple[str, str]], pytestconfig: pytest.Config) -> None:
    """The plugin says so only where all tests run in one process."""
    if pytestconfig.getoption("update_snapshots"):
        pytest.skip("they are removed at the end of this run")
    kept = {(file.parent.name, file.stem) for file in KEPT.glob("*/*.svg")}
    assert kept
    assert all((KEPT.parent / f"{module}.py").exists() for module, _ in kept)
    modules = {module for module, _ in collected}
    assert {each for each in kept if each[0] in modules} <= collected, "pytest <its file> --snapshot-update removes it"
