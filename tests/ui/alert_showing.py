"""Showing an app with alerts, for the tests of what the screen does about them."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from opencode_tui.config.settings import Channels
from opencode_tui.records.alerts import Alert, Cause
from opencode_tui.records.answers import Answer
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import AlertsRequest, Request, SessionRequest
from opencode_tui.ui.app import OpencodeTui
from tests.support.records import replace
from tests.ui.alert_builders import FIRED, fired
from tests.ui.builders import FakeFeed, snapshot
from tests.ui.session_builders import SESSION, turn_view, view
from tests.ui.showing import THEME, app_over, until

NOTHING_STANDS_OUT = Cause("nothing stands out", found=False)
BAND_LINE = "▲ $0.93 is past the warning $0.80"


def answer(request: Request) -> Answer:
    """What a feed with alerts, a session and its turns says."""
    if isinstance(request, AlertsRequest):
        return fired(*FIRED)
    if isinstance(request, SessionRequest) and request.session_id == SESSION:
        return view()
    if hasattr(request, "turn_id"):
        return turn_view(request.turn_id)
    raise LookupError("There is no such session.")


def over(*alerts: Alert, spent: str = "$0.93", channels: Channels | None = None) -> tuple[OpencodeTui, FakeFeed]:
    settings = replace(THEME, channels=channels) if channels else THEME
    app, feed = app_over(snapshot(spent, alerts=alerts), settings=settings)
    feed.on_look = answer
    return app, feed


async def poll(pilot: Pilot[Any], feed: FakeFeed, picture: Snapshot) -> None:
    """Let the feed give another picture, and the app take it."""
    app = pilot.app
    assert isinstance(app, OpencodeTui)
    feed.answers.append(picture)
    app.poller.refresh()
    await until(pilot, lambda: app.snapshot is picture)
