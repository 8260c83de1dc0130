"""The help: the screen's own keys first, by heading, and every key there is; the README has them too."""

from __future__ import annotations

import re

from textual.pilot import Pilot

from opencode_tui.report.glossary import GLYPHS, WORDS
from opencode_tui.ui.app import OpencodeTui
from opencode_tui.ui.help_sections import help_sections
from opencode_tui.ui.screens.help import HelpScreen, HelpText
from opencode_tui.ui.widgets.banner import Banner
from tests.support.paths import ROOT
from tests.ui.alert_builders import FIRED, alert
from tests.ui.alert_showing import answer, over
from tests.ui.builders import session_list, snapshot
from tests.ui.quiet import quiet
from tests.ui.session_builders import SESSION
from tests.ui.showing import app_over, resize, screen_text, showing, until

HEADINGS = {"1": "Day", "2": "Sessions", "4": "History", "5": "Why", "e": "Session"}
"""The heading that the help begins with, by the key that leads to the screen."""
EVERY_HEADING = (
    *("Move", "Day", "Sessions", "Breakdown", "Session", "History", "Alerts", "Why", "Guard", "Everywhere"),
    *("Glyphs", "Words"),
)
IN_WORDS = {"⏎": "enter", "pgdn": "page down", "pgup": "page up", "^p": "ctrl+p", "^d": "ctrl+d", "^u": "ctrl+u"}
"""How the README writes what the help shows as a sign."""


def shown_lines(app: OpencodeTui) -> list[str]:
    return [re.sub("[▁▂▃▄▅▆▇█]? *│ *$", "", line).strip(" │╭╮╰╯─") for line in screen_text(app).splitlines()]


async def test_the_help_begins_with_the_screen_that_one_is_on() -> None:
    app, feed = over(alert(2))
    feed.on_look = lambda request: session_list() if hasattr(request, "period") else answer(request)
    async with showing(app) as pilot:
        for key, heading in HEADINGS.items():
            await pilot.press(key)
            await quiet(app)
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, HelpScreen))
            assert f"{heading} · this screen" in screen_text(app), heading
            headings = [section.heading.split(" · ")[0] for section in help_sections(app, app.screen_stack[-2])]
            assert headings == [heading, *(other for other in EVERY_HEADING if other != heading)], heading
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def used_keys(app: OpencodeTui) -> set[str]:
    """The displayed keys of our own bindings on the screen, with the focus on each of its tab stops."""
    found: set[str] = set()
    for stop in app.screen.focus_chain:
        app.screen.set_focus(stop)
        await quiet(app)
        for node, binding, _, _ in app.screen.active_bindings.values():
            own = (
                kind.__dict__.get("BINDINGS", ())
                for kind in type(node).__mro__
                if kind.__module__.startswith("opencode")
            )
            ours = {each.key for bindings in own for each in type(binding).make_bindings(bindings)}
            if binding.key in ours and not binding.system:
                found.add(app.get_key_display(binding))
    return found


async def test_each_key_of_each_screen_stands_in_the_help_and_in_the_readme() -> None:
    app, feed = over(*FIRED[:1])
    feed.on_look = lambda request: session_list() if hasattr(request, "period") else answer(request)
    tables = "\n".join(line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `"))
    written = set(re.findall(r"`([^`]+)`", tables))
    async with showing(app, (120, 40)) as pilot:
        for key, heading in HEADINGS.items():
            await pilot.press(key)
            await quiet(app)
            sections = help_sections(app, app.screen)
            assert sections[0].heading.startswith(heading), heading
            used = await used_keys(app)
            assert len(used) > 15 and {"j", "g", "?"} <= used, heading
            explained = {shown for section in sections for keys, _ in section.rows for shown in keys.split()}
            assert used <= explained, heading
            assert {IN_WORDS.get(shown, shown) for shown in used} <= written, heading


async def test_the_whole_help_can_be_read_with_the_keys_that_move() -> None:
    app, _ = app_over(snapshot())
    async with showing(app, (32, 20)) as pilot:
        for width in (32, 36, 80):
            await resize(pilot, (width, 20))
            await read_help(app, pilot)


async def read_help(app: OpencodeTui, pilot: Pilot[None]) -> None:
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(app.screen, HelpScreen))
    pane = app.screen.query_one(HelpText)
    read = shown_lines(app)[:-1]
    while pane.scroll_offset.y < pane.max_scroll_y:
        before = pane.scroll_offset.y
        by_line = before < 10
        await pilot.press("j" if by_line else "pagedown")
        moved = int(pane.scroll_offset.y - before)
        assert moved == 1 if by_line else moved > 0
        read += shown_lines(app)[-1 - moved : -1]
    text = " ".join(" ".join(read).split())
    for section in help_sections(app, app.screen_stack[-2]):
        for keys, about in section.rows:
            assert f"{keys} {about}" in text, keys
    await pilot.press("g")
    assert pane.scroll_offset.y == 0
    await pilot.press("q")
    await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
    assert app.is_running


def test_the_words_that_need_it_are_explained() -> None:
    words = {word for word, _ in WORDS}
    assert {"list price", "copied", "own, total", "undone", "not guarded", "≥", "acknowledged"} <= words
    assert {"●", "▲", "■", "↱", "✕"} <= {glyph for glyph, _ in GLYPHS}


async def test_the_help_opens_over_the_banner_and_an_opened_session() -> None:
    app, _ = over(alert(2))
    async with showing(app, (36, 20)) as pilot:
        await until(pilot, lambda: app.screen.query_one(Banner).has_focus)
        app.action_open_session(SESSION)
        await quiet(app)
        await pilot.press("question_mark", "G")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert app.screen.query_one(HelpText).has_focus
