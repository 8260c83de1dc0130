"""Make `screenshots/` from the real app: `python -m tests.screenshots` (needs `rsvg-convert`, Fira Code and Chromium).

The app runs on the demo's store, played with a clock that stands still in between, so that the pictures change
only when the app does.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace
from rich.cells import cell_len

from opencode_tui.analysis.report_periods import last_week
from opencode_tui.cli.demo.player import Player
from opencode_tui.cli.demo.scenario import seed_history
from opencode_tui.cli.demo.seats import demo_team
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import calendar_for
from opencode_tui.config.settings import Settings, Ui
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO
from opencode_tui.readings.context import Context
from opencode_tui.readings.report import read_report
from opencode_tui.report.papers import paper_of
from opencode_tui.ui.app import OpencodeTui
from tests.e2e.chromium import Browser, chromium
from tests.support.paths import ROOT

PLACE = ROOT / "screenshots"
PICTURES = {
    "today-narrow": ((36, 40), "", "calm"),
    "today": ((100, 30), "", "calm"),
    "today-light": ((100, 30), "", "solarized-light"),
    "today-wide": ((180, 46), "", "calm"),
    "sessions": ((120, 30), "2", "calm"),
    "breakdown": ((140, 24), "3", "calm"),
    "history": ((120, 38), "4", "calm"),
    "why": ((120, 34), "w", "calm"),
    "team": ((140, 30), "6", "calm"),
    "session": ((120, 34), "e", "calm"),
}
"""(size, key that leads there from Today, theme) by name."""
PAGE_SIZE = (1000, 1150)
MOVING_SIZE, FRAMES, FRAME_S = (84, 24), 7, 1.6
_BLANK_AT_START = re.compile(r'(<text [^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*>)((?:&#160;)+)([^<]*)')
NOON = int(datetime(2026, 5, 13, 14, 2, tzinfo=UTC).timestamp() * 1000)

_FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


def play(store: V1Store, feed: LedgerFeed, clock: Clock) -> None:
    """A morning, and as much of the afternoon as it takes to cross the warning."""
    player = Player(store, seed_history(store, clock.ms, UTC), clock=clock, zone=UTC)
    for _ in range(400):
        clock.ms += int(player.step() * 1000)
        taken = feed.poll(lambda _: None)
        if taken is not None and taken.band == "warning":
            return


def feed_of(scratch: Path, settings: Settings, clock: Clock) -> LedgerFeed:
    """Reads the demo's store, and no prices of this machine's."""
    nothing = {"XDG_CONFIG_HOME": str(scratch), "XDG_CACHE_HOME": str(scratch)}
    return LedgerFeed(lambda: Ledger(scratch / "ledger.db"), settings, nothing, clock)


async def picture(feed: LedgerFeed, settings: Settings, clock: Clock, size: tuple[int, int], key: str) -> str:
    """A screen as SVG."""
    app = OpencodeTui(feed, settings, clock)
    async with app.run_test(size=size) as pilot:
        while app.snapshot is None or app.snapshot.spent_nano < NANO // 2:
            await pilot.pause(0.05)
        if key:
            await pilot.press(key)
            await pilot.pause(0.5)
        for _ in range(5):
            await pilot.pause(0.05)
        while "nothing&#160;to&#160;show&#160;yet" in (svg := app.export_screenshot()):
            await pilot.pause(0.05)
        return svg


def with_blanks(svg: str) -> str:
    """The SVG with each text moved to its first letter, as rsvg-convert drops the blanks before it."""

    def moved(found: re.Match[str]) -> str:
        before, x, between, length, after, blanks, text = found.groups()
        number = blanks.count(";")
        cell = float(length) / (number + cell_len(html.unescape(text)))
        at, left = float(x) + number * cell, float(length) - number * cell
        return f'{before}x="{at:.1f}"{between}textLength="{left:.1f}"{after}{text}' if text else ""

    return _BLANK_AT_START.sub(moved, svg)


def moving(frames: list[str]) -> str:
    """One SVG that shows the frames in turn."""
    box = re.search(r'viewBox="([^"]+)"', frames[0])
    assert box is not None
    whole, share = len(frames) * FRAME_S, 100 / len(frames)
    style = f"""
    .frame {{ visibility: hidden; animation: show {whole}s step-end infinite; }}
    @keyframes show {{ 0% {{ visibility: visible; }} {share:.3f}% {{ visibility: hidden; }} }}
    """
    frames = [_FONT_FACE.sub("", svg) for svg in frames]  # a picture in a page may load no font
    shown = "".join(
        f'<g class="frame" style="animation-delay: {number * FRAME_S - whole:.1f}s">{svg}</g>'
        for number, svg in enumerate(frames)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}"><style>{style}</style>{shown}</svg>\n'


async def film(store: V1Store, feed: LedgerFeed, settings: Settings, clock: Clock) -> list[str]:
    """The afternoon from shortly before the warning to the session that caused the alert."""
    player = Player(store, seed_history(store, clock.ms, UTC), clock=clock, zone=UTC)
    app, taken = OpencodeTui(feed, settings, clock), []
    async with app.run_test(size=MOVING_SIZE) as pilot:
        while app.snapshot is None or app.snapshot.band == "calm":
            clock.ms += int(player.step() * 1000)
            await pilot.press("r")
            await pilot.pause(0.2)
            if app.snapshot is not None and app.snapshot.spent_nano:
                taken.append(app.export_screenshot())
        await pilot.pause(0.5)
        taken = [*taken[-FRAMES + 3 :], app.export_screenshot(), app.export_screenshot()]
        await pilot.press("e")
        await pilot.pause(1.0)
        return [*taken, app.export_screenshot()]


def page(place: Path, settings: Settings, clock: Clock) -> bytes:
    """The report on the week before, as a browser shows its beginning."""
    program = chromium()
    assert program is not None, "there is no Chromium"
    with closing(Ledger(place / "ledger.db")) as ledger:
        context = Context(ledger.connection, clock(), settings)
        report = read_report(last_week(context.calendar.day(clock())), context)
    file = place / "report.html"
    file.write_text(paper_of(report, "html", context.calendar), encoding="utf-8")
    with Browser(program, place / "chromium") as browser:
        browser.open(file, *PAGE_SIZE)
        return browser.screenshot(whole=False)


def main() -> None:
    os.environ.pop("NO_COLOR", None)
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        place, clock = Path(scratch), Clock(NOON)
        data_dir = place / "opencode"
        data_dir.mkdir()
        settings = Settings(data_dirs=(data_dir,), timezone="UTC", machine="laptop", ui=Ui(theme="calm"))
        with closing(V1Store(data_dir / "opencode.db", seed=7)) as store:
            play(store, feed_of(place, settings, clock), clock)
        team = demo_team(place / "seats", place / "ledger.db", clock(), calendar_for("UTC"))
        for name, (size, key, theme) in PICTURES.items():
            themed = replace(settings, ui=Ui(theme=theme), team=team if name == "team" else settings.team)
            svg = with_blanks(asyncio.run(picture(feed_of(place, themed, clock), themed, clock, size, key)))
            file = PLACE / f"{name}.png"
            subprocess.run(["rsvg-convert", "-o", str(file)], input=svg.encode(), check=True)
            print(file.relative_to(PLACE.parent), f"{file.stat().st_size // 1024} KB", file=sys.stderr)
        (PLACE / "report.png").write_bytes(page(place, settings, clock))
    with tempfile.TemporaryDirectory() as scratch:
        place, clock = Path(scratch), Clock(NOON)
        data_dir = place / "opencode"
        data_dir.mkdir()
        settings = replace(settings, data_dirs=(data_dir,))
        with closing(V1Store(data_dir / "opencode.db", seed=7)) as store:
            frames = asyncio.run(film(store, feed_of(place, settings, clock), settings, clock))
        file = PLACE / "alert.svg"
        file.write_text(moving(frames))
        print(file.relative_to(PLACE.parent), f"{file.stat().st_size // 1024} KB", file=sys.stderr)


if __name__ == "__main__":
    main()
