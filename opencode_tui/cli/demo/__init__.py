"""A seeded store that plays a believable day of OpenCode, for people who have no store of their own yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from opencode_tui.cli.demo.player import Player
from opencode_tui.cli.demo.scenario import seed_history
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import Clock, now_ms


class DemoPlace(Struct, frozen=True):
    """Where the demo is: what the dashboard is to be pointed at."""

    data_dir: Path
    """OpenCode's data directory, with `opencode.db` in it."""
    ledger: Path
    """A file for our ledger; it does not exist yet, and goes with the demo."""


@contextmanager
def demo_store(
    *,
    seed: int = 7,
    play: bool = True,
    clock: Clock = now_ms,
    zone: tzinfo | None = None,
    speed: float = 1.0,
) -> Iterator[DemoPlace]:
    """Three weeks of history and a day that lives on while the context is open; gone when it closes.

    Days are counted in `zone` (None for the machine's own). `speed` divides the waits of the play. Raises
    OSError or sqlite3.Error where no temporary store can be made.
    """
    with TemporaryDirectory(prefix="opencode-tui-demo-", ignore_cleanup_errors=True) as temporary:
        place = DemoPlace(Path(temporary) / "opencode", Path(temporary) / "ledger.db")
        place.data_dir.mkdir()
        with closing(V1Store(place.data_dir / "opencode.db", seed=seed)) as store:
            desk = seed_history(store, clock(), zone, seed=seed)
            player = Player(store, desk, seed=seed, clock=clock, zone=zone, speed=speed)
            if play:
                player.start()
            try:
                yield place
            finally:
                player.stop()
