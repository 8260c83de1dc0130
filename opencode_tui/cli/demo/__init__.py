"""A temporary store with generated, realistic OpenCode data, for people who have no store of their own yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from opencode_tui.cli.demo.player import Player
from opencode_tui.cli.demo.scenario import Desk, seed_history
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import MINUTE_MS, Clock, now_ms
from opencode_tui.guard.held_calls import HeldCall, held_calls_beside, write_held_calls
from opencode_tui.money import NANO

GO_CAPS = {"5h": NANO // 5, "week": NANO, "month": 3 * NANO}
"""The demo's days cost little: of OpenCode Go's own caps they would take next to nothing."""

_LOOPED = 3
"""The edits of the loop's last round."""
_REFUSED_AGO_MS = 2 * MINUTE_MS


class DemoPlace(Struct, frozen=True):
    """The paths of a demo, for the dashboard to use."""

    data_dir: Path
    """OpenCode's data directory, with `opencode.db` in it."""
    ledger: Path
    """The path for our ledger, which does not exist yet and is deleted with the demo."""


@contextmanager
def demo_store(
    *,
    seed: int = 7,
    play: bool = True,
    clock: Clock = now_ms,
    zone: tzinfo | None = None,
    speed: float = 1.0,
) -> Iterator[DemoPlace]:
    """Creates a store with three weeks of history that goes on working while the context is open, then deletes it.

    Days are in `zone` (None for the machine's own). `speed` divides the waits between actions. Raises OSError or
    sqlite3.Error if the temporary store cannot be created.
    """
    with TemporaryDirectory(prefix="opencode-tui-demo-", ignore_cleanup_errors=True) as temporary:
        place = DemoPlace(Path(temporary) / "opencode", Path(temporary) / "ledger.db")
        place.data_dir.mkdir()
        with closing(V1Store(place.data_dir / "opencode.db", seed=seed)) as store:
            desk = seed_history(store, clock(), zone, seed=seed)
            _note_refusal(place.ledger, desk, clock())
            player = Player(store, desk, seed=seed, clock=clock, zone=zone, speed=speed)
            if play:
                player.start()
            try:
                yield place
            finally:
                player.stop()


def _note_refusal(ledger: Path, desk: Desk, now: int) -> None:
    """Note that the guard has stopped the day's loop, so that the demo shows what a refusal looks like."""
    said = f"the same tool call was made {_LOOPED} times with nothing changed in between"
    refusal = HeldCall("loop", desk.loop.id, "", now - _REFUSED_AGO_MS, 1, said)
    write_held_calls(held_calls_beside(ledger), (refusal,))
