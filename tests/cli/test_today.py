"""`today`: seven lines, and the snapshot as exact JSON."""

from __future__ import annotations

from datetime import datetime

import pytest

from opencode_tui.money import nano_from_usd
from tests.stores import V1
from tests.support.shell import OPUS, OPUS_TOKENS, SEVEN_LINES, Shell, ago, at, forked


def test_today_is_seven_lines(shell: Shell, store: V1) -> None:
    assert shell.said("today") == SEVEN_LINES


def test_today_says_the_same_again_from_the_ledger(shell: Shell, store: V1) -> None:
    assert shell.said("today") == shell.said("today") == SEVEN_LINES


def test_today_adds_a_line_for_what_the_sum_does_not_hold(shell: Shell, store: V1) -> None:
    session = next(iter(store.sessions))
    store.call(session, cost="0", model=OPUS, tokens=OPUS_TOKENS, at=at("12:00"))
    store.call(session, error="MessageAbortedError", at=at("12:01"))
    row = {"id": "msg_bad", "session_id": session, "time_created": 1, "time_updated": 1, "data": "{"}
    store.database.put("message", row)
    assert shell.said("today").splitlines()[7:] == [
        "not billed: $0.05 at list price",
        "at least: 1 aborted, what they streamed is recorded nowhere",
        "unreadable rows: 1 (`opencode-tui sync` lists the reasons)",
    ]


def test_today_before_the_first_call_is_seven_lines_too(shell: Shell) -> None:
    V1(shell.home)
    lines = shell.said("today").splitlines()
    assert len(lines) == 7
    assert lines[3:6] == ["top model: none", "top provider: none", "input/output split: 0% / 0% / 0% cache"]


CONTRACT = {
    "": """
        schema_version taken_at read_at machine day is_today day_start_at day_end_at spent_usd list_usd
        warning_usd cutoff_usd band rate_usd warning_at cutoff_at calls copied_calls running_calls
        aborted_calls sessions root_sessions subagents active_sessions split tokens models providers curve week_days
        chart_warning_usd chart_cutoff_usd week session_lines alerts guard guard_condition guard_cutoff_usd
        guard_lifted_until_at guard_trouble unreadable_rows unreadable_reasons stores has_calls notices
        price_problems lower_bound rate_lower_bound tasks
    """,
    "split": "input_usd output_usd cache_usd unknown_usd",
    "tokens": "input output reasoning cache_read cache_write",
    "week": "label spend_usd target_usd projected_usd verdict lower_bound",
    "models": "key spend_usd calls tokens list_usd lower_bound",
    "providers": "key spend_usd calls tokens list_usd lower_bound",
    "week_days": "day spend_usd band lower_bound",
    "session_lines": """
        id title project model own_usd total_usd subagents turns calls context_tokens context_limit last_at
        active is_fork deleted lower_bound
    """,
    "stores": "path generation state detail since_at imported total",
}


def test_today_as_json_is_the_snapshot_with_amounts_in_usd_and_moments_in_iso(shell: Shell, store: V1) -> None:
    told = shell.json("today")
    for key, names in CONTRACT.items():
        found = told[key] if key else told
        assert found
        for each in found if isinstance(found, list) else [found]:
            assert list(each) == names.split()
    assert (told["schema_version"], told["guard"], told["guard_condition"]) == (1, "not guarded", "absent")
    assert (told["day"], told["is_today"], told["band"]) == ("2026-05-13", True, "calm")
    assert moment(told["taken_at"]) == at("14:23")
    assert (moment(told["day_start_at"]), moment(told["day_end_at"])) == (at("00:00"), at("00:00", ago(-1)))
    assert told["warning_at"] is None
    assert told["stores"][0]["state"] == "live"


def moment(text: str) -> int:
    """Unix milliseconds of ISO 8601 with an offset."""
    parsed = datetime.fromisoformat(text)
    assert parsed.tzinfo is not None
    return round(parsed.timestamp() * 1000)


def test_the_amounts_of_todays_json_are_exact(shell: Shell, store: V1) -> None:
    forked(store)
    told, truth = shell.json("today"), store.truth.between(at("00:00"), at("00:00", ago(-1)))
    assert round(told["spent_usd"] * 1e9) == truth == 583_297_802
    for key, amount in (("models", "spend_usd"), ("providers", "spend_usd"), ("session_lines", "total_usd")):
        assert sum(nano_from_usd(each[amount]) for each in told[key]) == truth
    assert sum(nano_from_usd(part) for part in told["split"].values()) == truth
    assert nano_from_usd(told["curve"][-1][1]) == truth
    assert moment(told["curve"][-1][0]) == at("12:05")
    assert nano_from_usd(told["list_usd"]) == 50_000_000
    assert told["session_lines"][0]["context_limit"] is not None


def test_moments_in_json_have_the_offset_of_the_settings_zone(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "Asia/Tokyo")
    assert shell.json("today")["day_start_at"] == "2026-05-13T00:00:00.000+09:00"
