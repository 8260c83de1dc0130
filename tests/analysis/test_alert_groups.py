"""How alerts are grouped, and which comes first."""

from __future__ import annotations

from opencode_tui.analysis.alert_groups import grouped_alerts
from tests.support.records import replace
from tests.ui.alert_builders import ALERTED, alert
from tests.ui.builders import NOW
from tests.ui.session_builders import SESSION

SESSIONS = {session.id: session for session in ALERTED}


def test_alerts_of_one_session_are_a_group_with_the_gravest_first() -> None:
    alerts = (alert(1, level="notice"), alert(2, level="cutoff"), alert(3, level="warning"))
    (group,) = grouped_alerts(alerts, SESSIONS, NOW)
    assert [each.id for each in group.alerts] == [2, 3, 1]
    assert group.session is not None and group.session.id == SESSION


def test_what_is_handled_comes_after_what_is_new_however_grave() -> None:
    away = replace(alert().cause, session_id=None)
    seen = alert(1, level="cutoff", cause=away, seen_ms=NOW)
    asleep = alert(2, level="cutoff", cause=away, snoozed_until_ms=NOW + 1000)
    dealt_with = alert(3, level="cutoff", cause=away, acknowledged_ms=NOW)
    groups = grouped_alerts((seen, asleep, dealt_with, alert(4, level="notice")), SESSIONS, NOW)
    assert [group.gravest.id for group in groups] == [4, 3, 2, 1]


def test_alerts_without_a_session_stay_alone() -> None:
    away = replace(alert().cause, session_id=None)
    groups = grouped_alerts((alert(1, cause=away), alert(2, cause=away)), SESSIONS, NOW)
    assert [len(group.alerts) for group in groups] == [1, 1]
    assert groups[0].key != groups[1].key
