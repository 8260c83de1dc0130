"""What `report --verify` says, as text and as JSON."""

from __future__ import annotations

from typing import Any

from opencode_tui.clock import short_day
from opencode_tui.money import plural, usd
from opencode_tui.records.proof import DayDifference, ProofCheck
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.cost_report_words import period_label
from opencode_tui.report.json_values import SCHEMA_VERSION

_MOST = 40


def proof_check_text(check: ProofCheck) -> str:
    """One line if the ledger still says so; else a line for each day that differs, and the total."""
    name = period_label(check.proof.label)
    if check.holds:
        return f"{name}: the ledger still says so, {_amount(check.nano, check.calls)}"
    count, shown = len(check.differences), check.differences[:_MOST]
    differ = (
        "one day differs" if count == 1 else f"{count:,} days differ" if count else "the digest of all calls differs"
    )
    lines = [f"{name}: the ledger no longer says so, {differ}:"]
    lines += [f"  {short_day(each.day)} {each.day.year}: {_difference(each)}" for each in shown]
    if count > len(shown):
        lines.append(f"  and {plural(count - len(shown), 'more day')}")
    was, now = _amount(check.was_nano, check.was_calls), _amount(check.nano, check.calls)
    lines.append(f"  total: was {was}, is {now}")
    return "\n".join(lines)


def _difference(each: DayDifference) -> str:
    was, now = _amount(each.was_nano, each.was_calls), _amount(each.nano, each.calls)
    if was == now:
        return f"was and is {now}, but they are not the same calls, or not the same tokens"
    return f"was {was}, is {now}"


def _amount(nano: int, calls: int) -> str:
    return f"{exact_usd(nano)} in {plural(calls, 'call')}"


def proof_check_json(check: ProofCheck) -> dict[str, Any]:
    """The JSON contract of `report --verify --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {
            "from": check.proof.first.isoformat(),
            "to": check.proof.last.isoformat(),
            "label": check.proof.label,
            "timezone": check.proof.timezone,
        },
        "holds": check.holds,
        "was": _figures(check.was_nano, check.was_calls) | {"calls_sha256": check.proof.sha256},
        "is": _figures(check.nano, check.calls) | {"calls_sha256": check.sha256},
        "days": [
            {
                "day": each.day.isoformat(),
                "was": _figures(each.was_nano, each.was_calls),
                "is": _figures(each.nano, each.calls),
            }
            for each in check.differences
        ],
    }


def _figures(nano: int, calls: int) -> dict[str, Any]:
    return {"spend_usd": usd(nano), "calls": calls}
