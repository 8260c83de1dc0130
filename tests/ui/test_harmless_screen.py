"""Whatever a store holds, nothing on the screen or in the clipboard can act on the terminal or on a shell."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from opencode_tui.records.day import Snapshot
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.records.requests import SessionRequest, SessionsRequest
from opencode_tui.records.session import SessionName
from opencode_tui.ui.app import OpencodeTui
from tests.support.escapes import ESCAPES, acts
from tests.support.records import replace
from tests.ui.alert_builders import alert
from tests.ui.builders import clock, part, row, session, session_list, snapshot
from tests.ui.session_builders import ViewFeed, node, turn, view
from tests.ui.showing import THEME, answered, resize, screen_text, settled, until

NASTY = "".join(ESCAPES) + "$(touch hit)`x`#(y)#[fg=red] \u009b31m [/b] end"


def nasty_snapshot() -> Snapshot:
    known = replace(alert(text=NASTY), results=())
    return snapshot(
        session_lines=(session("ses_1" + NASTY, NASTY, project=NASTY, model=NASTY),),
        models=(part(NASTY, "$0.31"),),
        providers=(part(NASTY, "$0.31"),),
        alerts=(known,),
    )


SIZES = ((160, 50), (80, 24), (36, 30))


async def test_no_screen_lets_a_control_character_through() -> None:
    feed = ViewFeed(session_list(row("ses_1" + NASTY, NASTY, project=NASTY, model=NASTY)))
    feed.answers = [nasty_snapshot()]
    app = OpencodeTui(feed, THEME, clock)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settled(pilot)
        for key in "125":
            await pilot.press(key)
            if key == "2":
                await until(pilot, lambda: SessionsRequest("week") in feed.looked)
            for size in SIZES:
                await resize(pilot, size)
                assert acts(screen_text(app), "\n") == [], (key, size)


async def test_no_session_lets_a_control_character_through() -> None:
    id = "ses_1" + NASTY
    shown = view(
        tuple(turn(n, prompt=NASTY, models=(NASTY,)) for n in (1, 2)),
        (node(id, 0, title=NASTY), node("ses_2" + NASTY, 1, title=NASTY, agent=NASTY)),
        id=id,
        title=NASTY,
        directory=f"/home/{NASTY}",
        project=f"/home/{NASTY}",
        agent=NASTY,
        model=NASTY,
        fork_of=SessionName("ses_3" + NASTY, NASTY),
        forks=(),
    )
    app = OpencodeTui(ViewFeed(shown), THEME, clock)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settled(pilot)
        app.action_open_session(id)
        await until(pilot, lambda: answered(app))
        for size in SIZES:
            await resize(pilot, size)
            assert acts(screen_text(app), "\n") == [], size
        await pilot.press("C")
        await until(pilot, lambda: "Copied" in screen_text(app))
        assert shlex.split(app.clipboard) == ["opencode", f"--session={one_line(id)}"]
        assert acts(app.clipboard) == []
        await pilot.press("P")
        await until(pilot, lambda: "/home" in app.clipboard)
        assert shlex.split(app.clipboard) == [one_line(f"/home/{NASTY}")]


async def test_a_session_that_is_not_there_is_named_without_harm() -> None:
    app = OpencodeTui(ViewFeed(), THEME, clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for id in ("ses_1\nrm -rf ~", "$(touch hit)", "ses_1\x1b[201~\n"):
            app.action_open_session(id)
            await until(pilot, lambda: answered(app))
            assert acts(screen_text(app), "\n") == [], id
            app.copy_to_clipboard("")
            await pilot.press("C")
            await until(pilot, lambda: "Copied" in screen_text(app) and bool(app.clipboard))
            assert "\n" not in app.clipboard, id


async def test_what_a_person_selects_on_the_screen_is_copied_without_harm() -> None:
    app = OpencodeTui(ViewFeed(view()), THEME, clock)
    async with app.run_test() as pilot:
        await settled(pilot)
        app.copy_to_clipboard(f"{NASTY}\nsecond line")
        assert acts(app.clipboard, "\n") == []
        assert app.clipboard.endswith("\nsecond line")


async def test_a_copied_command_runs_nothing(tmp_path: Path) -> None:
    """The id is one that OpenCode's `import` takes, and the shell is a real one."""
    id = f"$(touch {tmp_path}/a)`touch {tmp_path}/b`\ntouch {tmp_path}/c\n"
    app = OpencodeTui(ViewFeed(view(id=id, request=SessionRequest(id))), THEME, clock)
    async with app.run_test() as pilot:
        await settled(pilot)
        app.action_open_session(id)
        await until(pilot, lambda: answered(app))
        await pilot.press("C")
        subprocess.run(["sh", "-c", f"opencode() {{ :; }}\n{app.clipboard}"], check=True)
    assert list(tmp_path.iterdir()) == []
