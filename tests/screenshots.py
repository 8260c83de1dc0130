"""Make `screenshots/` anew from the real app: `python -m tests.screenshots` (needs `rsvg-convert` and Fira Code).

The app runs on the demo's store, played with a clock that stands still in between, so that the pictures change
only when the app does.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from opencode_tui.cli.demo.player import Player
from opencode_tui.cli.demo.scenario import seed_history
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.config.settings import Settings, Ui
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO
from opencode_tui.ui.app import OpencodeTui
from tests.support.paths import ROOT

PLACE = ROOT / "screenshots"
PICTURES = {
    "today-narrow": ((36, 40), ""),
    "today": ((100, 30), ""),
    "today-wide": ((160, 50), ""),
    "why": ((120, 34), "5"),
    "session": ((120, 34), "e"),
}
"""(size, key that leads there from Today) by name."""
NOON = int(datetime(2026, 5, 13, 14, 2, tzinfo=UTC).timestamp() * 1000)


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
        return app.export_screenshot()


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
        for name, (size, key) in PICTURES.items():
            svg = asyncio.run(picture(feed_of(place, settings, clock), settings, clock, size, key))
            file = PLACE / f"{name}.png"
            subprocess.run(["rsvg-convert", "-o", str(file)], input=svg.encode(), check=True)
            print(file.relative_to(PLACE.parent), f"{file.stat().st_size // 1024} KB", file=sys.stderr)


if __name__ == "__main__":
    main()
