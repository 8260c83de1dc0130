"""The JSON contract of `today --json`: the snapshot that the dashboard shows."""

from __future__ import annotations

from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import usd
from opencode_tui.records.alerts import Alert
from opencode_tui.records.day import DaySpend, SessionLine, Snapshot, Week
from opencode_tui.records.stores import StoreState
from opencode_tui.records.usage import Slice
from opencode_tui.report.guard_words import guard_words
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none, tokens_json


def today_json(now: Snapshot, calendar: Calendar) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "taken_at": calendar.iso(now.taken_ms),
        "read_at": moment_or_none(now.read_ms, calendar),
        "machine": now.machine,
        "day": now.day.isoformat(),
        "is_today": now.is_today,
        "day_start_at": calendar.iso(now.day_start_ms),
        "day_end_at": calendar.iso(now.day_end_ms),
        "spent_usd": usd(now.spent_nano),
        "list_usd": usd(now.list_nano),
        "warning_usd": usd(now.warning_nano),
        "cutoff_usd": usd(now.cutoff_nano),
        "band": now.band,
        "rate_usd": usd(now.rate_nano),
        "warning_at": moment_or_none(now.warning_at_ms, calendar),
        "cutoff_at": moment_or_none(now.cutoff_at_ms, calendar),
        "calls": now.calls,
        "copied_calls": now.copied_calls,
        "running_calls": now.running_calls,
        "aborted_calls": now.aborted_calls,
        "sessions": now.all_sessions,
        "root_sessions": now.sessions,
        "subagents": now.subagents,
        "active_sessions": now.active_sessions,
        "split": {
            "input_usd": usd(now.split.input_nano),
            "output_usd": usd(now.split.output_nano),
            "cache_usd": usd(now.split.cache_nano),
            "unknown_usd": usd(now.split.unknown_nano),
        },
        "tokens": tokens_json(now.tokens),
        "models": [_slice(each) for each in now.models],
        "providers": [_slice(each) for each in now.providers],
        "curve": [[calendar.iso(at_ms), usd(nano)] for at_ms, nano in now.curve],
        "week_days": [_day(each) for each in now.week_days],
        "chart_warning_usd": usd(now.chart_warning_nano),
        "chart_cutoff_usd": usd(now.chart_cutoff_nano),
        "week": _week(now.week),
        "session_lines": [_session_line(each, calendar) for each in now.session_lines],
        "alerts": [_alert(each, calendar) for each in now.alerts],
        "guard": guard_words(now.guard, calendar, now.taken_ms),
        "guard_condition": now.guard.condition if now.guard else None,
        "guard_cutoff_usd": usd(now.guard.cutoff_nano if now.guard else 0),
        "guard_lifted_until_at": moment_or_none(now.guard.lifted_until_ms if now.guard else None, calendar),
        "guard_trouble": now.guard.trouble if now.guard else "",
        "unreadable_rows": now.unreadable_rows,
        "unreadable_reasons": [list(each) for each in now.unreadable_reasons],
        "stores": [_store(each, calendar) for each in now.stores],
        "has_calls": now.has_calls,
        "notices": list(now.notices),
        "price_problems": list(now.price_problems),
        "lower_bound": now.lower_bound,
        "rate_lower_bound": now.rate_lower_bound,
        "tasks": [_slice(each) for each in now.tasks],
    }


def _slice(each: Slice) -> dict[str, Any]:
    return {
        "key": each.key,
        "spend_usd": usd(each.spend_nano),
        "calls": each.calls,
        "tokens": tokens_json(each.tokens),
        "list_usd": usd(each.list_nano),
        "lower_bound": each.lower_bound,
    }


def _day(each: DaySpend) -> dict[str, Any]:
    return {
        "day": each.day.isoformat(),
        "spend_usd": usd(each.spend_nano),
        "band": each.band,
        "lower_bound": each.lower_bound,
    }


def _week(week: Week) -> dict[str, Any]:
    return {
        "label": week.label,
        "spend_usd": usd(week.spend_nano),
        "target_usd": usd(week.target_nano),
        "projected_usd": usd(week.projected_nano),
        "verdict": week.verdict,
        "lower_bound": week.lower_bound,
    }


def _session_line(line: SessionLine, calendar: Calendar) -> dict[str, Any]:
    return {
        "id": line.id,
        "title": line.title,
        "project": line.project,
        "model": line.model,
        "own_usd": usd(line.own_nano),
        "total_usd": usd(line.total_nano),
        "subagents": line.subagents,
        "turns": line.turns,
        "calls": line.calls,
        "context_tokens": line.context_tokens,
        "context_limit": line.context_limit,
        "last_at": calendar.iso(line.last_ms),
        "active": line.active,
        "is_fork": line.is_fork,
        "deleted": line.deleted,
        "lower_bound": line.lower_bound,
    }


def _alert(alert: Alert, calendar: Calendar) -> dict[str, Any]:
    crossing, cause = alert.crossing, alert.cause
    return {
        "id": alert.id,
        "fired_at": calendar.iso(alert.fired_ms),
        "crossing": {
            "rule": crossing.rule,
            "kind": crossing.kind,
            "level": crossing.level,
            "subject": crossing.subject,
            "period": crossing.period,
            "value": crossing.value,
            "line": crossing.line,
            "at_at": calendar.iso(crossing.at_ms),
            "session_id": crossing.session_id,
            "about": crossing.about,
        },
        "cause": {
            "sentence": cause.sentence,
            "session_id": cause.session_id,
            "turn_id": cause.turn_id,
            "cost_usd": usd(cause.cost_nano),
            "found": cause.found,
            "remedy": cause.remedy,
        },
        "text": alert.text,
        "seen_at": moment_or_none(alert.seen_ms, calendar),
        "snoozed_until_at": moment_or_none(alert.snoozed_until_ms, calendar),
        "acknowledged_at": moment_or_none(alert.acknowledged_ms, calendar),
        "told": [
            {
                "channel": each.channel,
                "at_at": calendar.iso(each.at_ms),
                "ok": each.ok,
                "detail": each.detail,
                "attempt": each.attempt,
            }
            for each in alert.results
        ],
        "snoozed_at": moment_or_none(alert.snoozed_ms, calendar),
        "attempt": alert.attempt,
    }


def _store(store: StoreState, calendar: Calendar) -> dict[str, Any]:
    return {
        "path": store.path,
        "generation": store.generation,
        "state": store.state,
        "detail": store.detail,
        "since_at": moment_or_none(store.since_ms, calendar),
        "imported": store.imported,
        "total": store.total,
    }
