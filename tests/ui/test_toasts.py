"""Toasts and the bell: each alert is shown once."""

from __future__ import annotations

import pytest

from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import Channels
from opencode_tui.records.alerts import Alert, DeliveryResult
from opencode_tui.ui.announcer import Announcer
from tests.support.records import replace
from tests.ui.alert_builders import DAY_CROSSING, alert
from tests.ui.alert_showing import over, poll
from tests.ui.builders import at, snapshot
from tests.ui.showing import WIDE, screen_text, showing, toast_texts, until


async def test_a_new_alert_is_toasted_once_however_often_it_is_in_a_snapshot() -> None:
    app, feed = over(alert(1))
    async with showing(app) as pilot:
        assert toast_texts(app) == [], "what stood before is on the banner"
        new = alert(2, "new")
        await poll(pilot, feed, snapshot(alerts=(new, alert(1))))
        await poll(pilot, feed, snapshot("$0.94", alerts=(new, alert(1))))
        await poll(pilot, feed, snapshot("$0.95"))
        await poll(pilot, feed, snapshot("$0.96", alerts=(new,)))
        assert toast_texts(app) == ["new"]


async def test_fifty_alerts_at_once_make_four_toasts() -> None:
    app, feed = over(channels=Channels(toast="notice", bell="notice"))
    rings: list[None] = []
    async with showing(app) as pilot:
        app.bell = lambda: rings.append(None)  # type: ignore[method-assign]
        many = tuple(alert(i, f"alert {i}", "cutoff" if i == 7 else "notice") for i in range(50, 0, -1))
        await poll(pilot, feed, snapshot(alerts=many))
        assert toast_texts(app) == ["alert 7", "alert 50", "alert 49", "+47 more alerts; 5 shows all"]
        assert len(rings) == 1


LATE = replace(alert(9, "late", "cutoff"), fired_ms=DAY_CROSSING.at_ms + HOUR_MS + 1)


@pytest.mark.parametrize(
    ("channels", "new", "toasted", "rung"),
    [
        (Channels(), alert(9, "x", "notice"), True, False),
        (Channels(), alert(9, "x", "warning"), True, True),
        (Channels(toast="cutoff", bell="cutoff"), alert(9, "x", "warning"), False, False),
        (Channels(toast="off", bell="notice"), alert(9, "x", "notice"), False, True),
        (Channels(toast="off", bell="off"), alert(9, "x", "cutoff"), False, False),
        (Channels(), LATE, True, False),
    ],
)
def test_each_channel_begins_at_its_level(channels: Channels, new: Alert, toasted: bool, rung: bool) -> None:
    announcer = Announcer(channels)
    announcer.announce((alert(3),))
    news = announcer.announce((new, alert(3)))
    assert (bool(news.toasts), news.bell) == (toasted, rung)


def test_the_same_sentence_is_toasted_once() -> None:
    announcer = Announcer(Channels())
    announcer.announce(())
    assert len(announcer.announce((alert(2, "same"), alert(1, "same"))).toasts) == 1


async def test_a_channel_that_fails_is_seen_on_the_banner_and_toasted_once() -> None:
    app, feed = over(channels=Channels(toast="off", bell="off"))
    async with showing(app, WIDE) as pilot:
        failed = DeliveryResult("webhook", at("14:23"), False, "answered [502], 3 times")
        await poll(
            pilot, feed, snapshot(alerts=(alert(2, results=(failed, DeliveryResult("desktop", at("14:23"), True))),))
        )
        await until(pilot, lambda: toast_texts(app) == ["webhook failed: answered [502], 3 times"])
        assert "about $0.20 a round · webhook failed" in screen_text(app)
        await poll(pilot, feed, snapshot(alerts=(alert(3, results=(failed,)), alert(2, results=(failed,)))))
        assert len(toast_texts(app)) == 1
