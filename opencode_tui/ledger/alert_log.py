"""The log of alerts that fired, which keeps them from firing twice, and what became of each.

An alert that fires once per period is new if its line is above every line that fired at its level or a higher one, for
the same rule, subject and period. So lower levels stay silent after a higher one, but a raised line fires again, and so
does a cutoff lowered to where the warning was. A rearmed alert is new if its line was crossed after the last crossing
that fired. Both depend on the rows only, so that several processes, even with different settings, and a restart agree.

A time in the future was written by a clock that was ahead, and silences nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from opencode_tui.clock import DAY_MS
from opencode_tui.ledger import deliveries
from opencode_tui.records.alerts import (
    JITTER_MS,
    LEVELS,
    LONGEST_SNOOZE_MS,
    REARMED,
    Alert,
    Cause,
    Crossing,
    DeliveryResult,
    Level,
    at_least,
    severity,
)

_CAUSES_OF_DAYS = """
  SELECT period, cause FROM alert WHERE rule = 'day' AND period >= ? AND period <= ? AND cause <> ''
  ORDER BY period, at_ms, line
"""
_AS_HIGH = "level IN (SELECT value FROM json_each(?))"
_FIRED_LINE = f"SELECT max(line) FROM alert WHERE rule = ? AND subject = ? AND period = ? AND {_AS_HIGH}"
_FIRED_AT = f"""
  SELECT max(at_ms) FROM alert
  WHERE rule = ? AND subject = ? AND period = '' AND line >= ? AND at_ms <= ? AND {_AS_HIGH}
"""
# Snoozed now: not over, and not started in the future by a clock that was ahead.
_SNOOZED = f"""
  snoozed_until_ms > {{now}} AND coalesce(snoozed_ms, snoozed_until_ms - {LONGEST_SNOOZE_MS}) <= {{now}} + {JITTER_MS}
"""
_INSERT = f"""
  INSERT OR IGNORE INTO alert (fired_ms, rule, kind, level, subject, period, mark, value, line, at_ms, session_id,
    about, cause, cause_session_id, cause_turn_id, cause_nano, cause_found, text, remedy, snoozed_until_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    (SELECT max(snoozed_until_ms) FROM alert
      WHERE rule = ?2 AND subject = ?5 AND line >= ?9 AND acknowledged_ms IS NULL AND {_SNOOZED.format(now="?1")}
        AND level IN (SELECT value FROM json_each(?20))))
  RETURNING id
"""
# An acknowledged alert counts as seen and not as snoozed. What it was before stays in its row, for `unacknowledge`.
_COLUMNS = """
  id, fired_ms, rule, kind, level, subject, period, value, line, at_ms, session_id, about,
  cause, cause_session_id, cause_turn_id, cause_nano, cause_found, text, coalesce(seen_ms, acknowledged_ms),
  CASE WHEN acknowledged_ms IS NULL THEN snoozed_until_ms END, acknowledged_ms, snoozed_ms, remedy
"""
_RESULTS = """
  SELECT alert_id, channel, at_ms, ok, detail, attempt FROM alert_told
  WHERE alert_id IN (SELECT value FROM json_each(?)) ORDER BY rowid
"""
_IDS = "id IN (SELECT value FROM json_each(?))"
_MOST = (1 << 63) - 1


def fresh(connection: sqlite3.Connection, crossings: Iterable[Crossing], now_ms: int) -> tuple[Crossing, ...]:
    """The crossings that have not fired; only the highest for each rule, subject and period."""
    highest: dict[tuple[str, str, str], Crossing] = {}
    for crossing in crossings:
        key = (crossing.rule, crossing.subject, crossing.period)
        if _is_new(connection, crossing, now_ms) and (key not in highest or _rank(crossing) > _rank(highest[key])):
            highest[key] = crossing
    return tuple(highest.values())


def fire(
    connection: sqlite3.Connection,
    found: Iterable[tuple[Crossing, Cause, str]],
    now_ms: int,
    channels: Callable[[Level], Iterable[str]] = lambda _: (),
) -> tuple[Alert, ...]:
    """Writes (crossing, cause, text) as alerts and returns these; crossings that have fired before are skipped.

    `channels` names the channels for a level; a pending delivery is written for each of them with the alert.

    Must run in the write transaction (`Ledger.writing`) in which the crossings were measured, as older measurements may
    be outdated. A snooze of the same rule and subject covers the new alert, unless its line or level is higher.
    """
    fired: list[Alert] = []
    for crossing, cause, text in found:
        if not _is_new(connection, crossing, now_ms):
            continue
        row = connection.execute(_INSERT, _values(crossing, cause, text, now_ms)).fetchone()
        if row is not None:
            deliveries.enter(connection, row[0], channels(crossing.level), now_ms)
            fired += _read(connection, "id = ?", (row[0],))
    return tuple(fired)


def alerts(connection: sqlite3.Connection, *, since_ms: int = 0, most: int = 100) -> tuple[Alert, ...]:
    """The alerts that fired since a time (Unix ms), newest first, at most `most`."""
    return _read(connection, "fired_ms >= ? ORDER BY fired_ms DESC, id DESC LIMIT ?", (since_ms, most))


def with_ids(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Alert]:
    """The existing alerts with these ids, by id."""
    return {alert.id: alert for alert in _read(connection, _IDS, (_json(ids),))}


def last_fired_ms(connection: sqlite3.Connection, rule: str, now_ms: int) -> int | None:
    """When the line of a rule's last fired alert was crossed, in Unix ms; None if none has fired."""
    query = "SELECT max(at_ms) FROM alert WHERE rule = ? AND at_ms <= ?"
    at_ms: int | None = connection.execute(query, (rule, now_ms)).fetchone()[0]
    return at_ms


def last_period(connection: sqlite3.Connection, rule: str, subject: str) -> str | None:
    """The period of a rule's last alert on a subject; None if none has fired."""
    query = "SELECT period FROM alert WHERE rule = ? AND subject = ? ORDER BY id DESC LIMIT 1"
    row = connection.execute(query, (rule, subject)).fetchone()
    return None if row is None else str(row[0])


def standing(connection: sqlite3.Connection, now_ms: int, *, since_ms: int = 0) -> tuple[Alert, ...]:
    """The alerts that fired since a time (Unix ms) and are neither seen nor snoozed, newest first."""
    return _read(
        connection,
        f"seen_ms IS NULL AND acknowledged_ms IS NULL AND fired_ms >= ?1 AND fired_ms <= ?2 + {DAY_MS}"
        f" AND NOT coalesce({_SNOOZED.format(now='?2')}, 0) ORDER BY fired_ms DESC, id DESC",
        (since_ms, now_ms),
    )


def mark_seen(connection: sqlite3.Connection, ids: Iterable[int], now_ms: int) -> tuple[int, ...]:
    """Marks alerts as seen, which takes them off the banner; an earlier mark is kept.

    Returns those that had not been seen before.
    """
    query = f"UPDATE alert SET seen_ms = ? WHERE {_IDS} AND seen_ms IS NULL RETURNING id"
    return tuple(row[0] for row in connection.execute(query, (now_ms, _json(ids))).fetchall())


def unsee(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Takes back that alerts were seen: they stand on the banner again."""
    connection.execute(f"UPDATE alert SET seen_ms = NULL WHERE {_IDS}", (_json(ids),))


def snooze(connection: sqlite3.Connection, ids: Iterable[int], until_ms: int, now_ms: int | None = None) -> int:
    """Hides alerts until a time (Unix ms), together with new ones of the same rule and subject.

    Returns how many were snoozed; acknowledged ones are not.
    """
    changed = connection.execute(
        "UPDATE alert SET snoozed_until_ms = ?, snoozed_ms = ?, seen_ms = NULL"
        f" WHERE {_IDS} AND acknowledged_ms IS NULL",
        (until_ms, now_ms, _json(ids)),
    )
    return changed.rowcount


def acknowledge(connection: sqlite3.Connection, ids: Iterable[int], now_ms: int) -> tuple[Alert, ...]:
    """Marks alerts as dealt with: they count as seen, and no snooze brings them back.

    Returns those that were not acknowledged before.
    """
    return _marked(connection, "acknowledged_ms = ?1", "acknowledged_ms IS NULL", ids, now_ms)


def unacknowledge(connection: sqlite3.Connection, ids: Iterable[int]) -> tuple[Alert, ...]:
    """Takes acknowledgements back: the alerts are new, seen or snoozed as they were before.

    Returns those that were acknowledged.
    """
    return _marked(connection, "acknowledged_ms = NULL", "acknowledged_ms IS NOT NULL", ids, None)


def _marked(
    connection: sqlite3.Connection, mark: str, where: str, ids: Iterable[int], now_ms: int | None
) -> tuple[Alert, ...]:
    """The alerts with these ids that the condition holds for, as they are once they are marked."""
    changed = connection.execute(
        f"UPDATE alert SET {mark} WHERE {_IDS.replace('?', '?2')} AND {where} RETURNING id", (now_ms, _json(ids))
    ).fetchall()
    return tuple(with_ids(connection, (row[0] for row in changed)).values())


def _is_new(connection: sqlite3.Connection, crossing: Crossing, now_ms: int) -> bool:
    rule, subject, as_high = crossing.rule, crossing.subject, _as_high(crossing)
    if crossing.period != REARMED:
        line = connection.execute(_FIRED_LINE, (rule, subject, crossing.period, as_high)).fetchone()[0]
        return line is None or crossing.line > line
    at_ms = connection.execute(_FIRED_AT, (rule, subject, crossing.line, now_ms, as_high)).fetchone()[0]
    return at_ms is None or crossing.at_ms > at_ms


def _as_high(crossing: Crossing) -> str:
    """The crossing's level and those above it, as JSON."""
    return json.dumps([level for level in LEVELS if at_least(level, crossing.level)])


def _rank(crossing: Crossing) -> tuple[int, int]:
    return severity(crossing.level), crossing.line


def _values(crossing: Crossing, cause: Cause, text: str, now_ms: int) -> tuple[object, ...]:
    return (
        *(now_ms, crossing.rule, crossing.kind, crossing.level, crossing.subject, crossing.period),
        *(crossing.at_ms if crossing.period == REARMED else crossing.line, _storable(crossing.value), crossing.line),
        *(crossing.at_ms, crossing.session_id, crossing.about, cause.sentence, cause.session_id, cause.turn_id),
        *(_storable(cause.cost_nano), cause.found, text, cause.remedy, _as_high(crossing)),
    )


def _storable(number: int) -> int:
    """The number, limited to what SQLite can hold, which a sum of absurd amounts may exceed."""
    return min(max(number, -_MOST), _MOST)


def _read(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> tuple[Alert, ...]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM alert WHERE {where}", values).fetchall()
    channels: dict[int, list[DeliveryResult]] = defaultdict(list)
    if rows:
        for id, channel, at_ms, ok, detail, attempt in connection.execute(_RESULTS, (_json(row[0] for row in rows),)):
            channels[id].append(DeliveryResult(channel, at_ms, bool(ok), detail, attempt))
    return tuple(_alert(row, tuple(channels[row[0]])) for row in rows)


def _alert(row: tuple[Any, ...], channels: tuple[DeliveryResult, ...]) -> Alert:
    id, fired_ms, *crossing = row[:12]
    sentence, session_id, turn_id, nano, found, text, *moments, remedy = row[12:]
    seen_ms, snoozed_until_ms, acknowledged_ms, snoozed_ms = moments
    cause = Cause(sentence, session_id, turn_id, nano, bool(found), remedy)
    return Alert(
        *(id, fired_ms, Crossing(*crossing), cause, text, seen_ms, snoozed_until_ms, acknowledged_ms, channels),
        snoozed_ms=snoozed_ms,
    )


def _json(ids: Iterable[int]) -> str:
    return json.dumps(list(ids))


def causes_of_days(connection: sqlite3.Connection, first: date, last: date) -> dict[date, str]:
    """Why the days of a span reached their highest line, of those for which that is known."""
    rows = connection.execute(_CAUSES_OF_DAYS, (first.isoformat(), last.isoformat()))
    return {date.fromisoformat(day): cause for day, cause in rows}
