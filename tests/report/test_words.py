"""The sentences of a snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.money import tokens_text
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import LastCall, Split, Week
from opencode_tui.report import words
from opencode_tui.report.quiet_words import quiet_lines, week_left
from opencode_tui.report.split_words import split_lines
from opencode_tui.report.states import Failure, banners, empty_screen, freshness, looked_in, store_banner
from tests.support.records import replace
from tests.ui.builders import DAY, DAY_START, NOW, STORE, at, nano, quiet, snapshot

UTC = calendar_for("UTC")
YESTERDAY = DAY.replace(day=12)
IMPORTING = replace(STORE, state="importing", imported=78_200, total=230_000)


def test_fit_takes_the_longest_variant_that_fits_and_cuts_only_the_last() -> None:
    variants = ("one two three", "one two", "one")
    assert words.fitting(variants, 20) == "one two three"
    assert words.fitting(variants, 9) == "one two"
    assert words.fitting(variants, 2) == "o…"
    assert words.fitting(variants, 0) == ""
    assert words.fitting((), 9) == ""


def test_letters_of_two_cells_and_combining_marks_are_measured_as_the_terminal_shows_them() -> None:
    assert words.fitting(("購物車", "cart"), 6) == "購物車"
    assert words.fitting(("購物車", "cart"), 5) == "cart"
    assert words.fitting(("購物車",), 5) == "購物…"
    assert words.fitting(("購物車",), 4) == "購…", "half a letter is none"
    assert words.fitting(("cafe\u0301",), 4) == "cafe\u0301"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.0k"),
        (1_240, "1.2k"),
        (9_960, "10k"),
        (34_400, "34k"),
        (999_400, "999k"),
        (999_600, "1.0M"),
        (8_140_000, "8.1M"),
        (2_000_000_000, "2.0B"),
    ],
)
def test_tokens_are_written_in_four_characters(count: int, text: str) -> None:
    assert tokens_text(count) == text


def test_a_meter_shows_any_part_and_is_full_only_when_all_is_there() -> None:
    assert words.meter(0, 100, 4) == "▱▱▱▱"
    assert words.meter(1, 100, 4) == "▰▱▱▱"
    assert words.meter(99, 100, 4) == "▰▰▰▱"
    assert words.meter(300, 100, 4) == "▰▰▰▰"
    assert words.meter(5, 0, 4) == "▱▱▱▱"


def test_the_day_is_named_with_its_iso_week() -> None:
    assert words.day_title(DAY)[0] == "Wed 13 May 2026 · W20"


def test_a_calm_day_says_when_the_warning_and_the_cutoff_come() -> None:
    said = words.pace(snapshot("$0.62"), UTC)
    assert said[0] == "$0.24 in the last hour · warning 15:08 · cutoff 18:03"
    assert said[-1] == "$0.24/h · warning 15:08"


def test_past_the_warning_only_the_cutoff_lies_ahead() -> None:
    assert words.pace(snapshot("$0.93"), UTC)[0] == "$0.24 in the last hour · cutoff 18:03"
    slow = snapshot("$0.93", cutoff_at_ms=None)
    assert words.pace(slow, UTC)[0] == "$0.24 in the last hour · cutoff not today"


def test_a_slow_calm_day_does_not_reach_the_warning() -> None:
    slow = snapshot("$0.10", warning_at_ms=None, cutoff_at_ms=None)
    assert words.pace(slow, UTC)[0] == "$0.24 in the last hour · warning not today"


def test_past_the_cutoff_nothing_lies_ahead() -> None:
    assert words.pace(snapshot("$2"), UTC)[0].endswith("past the cutoff")


def test_an_hour_without_spend_says_so() -> None:
    assert words.pace(snapshot("$0.62", rate_nano=0, warning_at_ms=None), UTC)[-1] == "nothing in the last hour"


def test_a_day_that_is_over_has_no_pace() -> None:
    assert words.pace(snapshot("$0.62", day=YESTERDAY), UTC) == ()


def test_counts_name_sessions_subagents_and_calls_and_mind_the_singular() -> None:
    assert words.activity_text(snapshot())[0] == "11 sessions + 4 subagents, 3 active · 214 calls"
    one = snapshot(sessions=1, subagents=0, active_sessions=0, calls=1)
    assert words.activity_text(one)[0] == "1 session · 1 call"


def test_aborted_calls_make_the_total_a_lower_bound() -> None:
    said = words.notes(snapshot(aborted_calls=2, running_calls=1, copied_calls=3))
    assert said[0] == "at least: 2 aborted calls · 1 running · 3 copied, counted once"
    assert said[-1] == "at least: 2 aborted"
    assert words.notes(snapshot(running_calls=1)) == ("1 running", "1 running")
    assert words.notes(snapshot()) == ()


def test_unreadable_rows_are_counted_with_their_reasons() -> None:
    broken = snapshot(unreadable_rows=12, unreadable_reasons=(("not JSON", 10), ("no id", 2)))
    assert words.unreadable_text(broken)[0] == "12 rows unreadable: not JSON (10), no id (2)"
    assert words.unreadable_text(snapshot(unreadable_rows=1))[0] == "1 row unreadable"
    assert words.unreadable_text(snapshot()) == ()


def test_the_split_adds_up_to_a_hundred_with_what_is_unknown() -> None:
    split, tokens = Split(1, 1, 1, 1), Tokens(1_200_000, 300_000, 40_000, 8_000_000, 100_000)
    (line,) = split_lines(split, tokens, 100)
    assert line == "share of cost: input 25% (1.2M tokens) · output 25% (340k) · cache 25% (8.1M) · unknown 25%"


def test_where_the_split_is_narrow_tokens_stand_below_their_share() -> None:
    split, tokens = Split(21, 75, 4), Tokens(1_200_000, 300_000, 40_000, 8_000_000, 100_000)
    above, below = split_lines(split, tokens, 60)
    assert above == "share of cost  input 21%  output 75%  cache 4%"
    assert below == "tokens              1.2M        340k      8.1M"


@pytest.mark.parametrize("width", range(28, 100))
def test_no_share_of_the_split_is_cut(width: int) -> None:
    split, tokens = Split(2999, 2600, 4401), Tokens(1_200_000, 300_000, 40_000, 8_000_000, 100_000)
    lines = split_lines(split, tokens, width)
    assert all(share in lines[0] for share in ("30%", "26%", "44%"))
    assert all(len(line) <= width for line in lines)


def test_without_spend_only_the_tokens_are_said() -> None:
    assert split_lines(Split(), Tokens(950, 10), 60) == ("tokens: input 950 · output 10 · cache 0",)


def test_what_was_not_billed_is_said_at_list_price() -> None:
    assert words.list_price(snapshot(list_nano=nano("$0.42")))[0] == "+$0.42 at list price, not billed"
    assert words.list_price(snapshot()) == ()


def test_the_week_says_its_verdict_with_a_glyph_when_it_is_not_well() -> None:
    week = Week("2026-W20", nano("$3.18"), nano("$7"), nano("$5"), "on pace")
    assert words.week_line(week)[0] == "week $3.18 of $7.00 ▰▰▰▱▱▱▱▱ on pace"
    assert words.week_line(replace(week, verdict="over target"))[-1] == "week ■ over target"


def test_a_banner_distinguishes_past_from_reached_and_is_from_was() -> None:
    def first(spent: str, day: object = DAY) -> str:
        return banners(snapshot(spent, day=day), None, UTC)[0].variants[0]  # type: ignore[arg-type]

    assert first("$0.83") == "▲ $0.83 is past the warning $0.80"
    assert first("$0.80") == "▲ $0.80 is past the warning $0.80"
    assert first("$1.62") == "■ $1.62 is past the cutoff $1.50"
    assert first("$1.62", YESTERDAY) == "■ $1.62 was past the cutoff $1.50"
    assert banners(snapshot("$0.79"), None, UTC) == ()


def test_an_import_says_how_far_it_is() -> None:
    said = store_banner(IMPORTING)
    assert said is not None
    assert said.text(34) == "◌ Importing ▰▰▰▰▱▱▱▱▱▱▱▱ 34%"
    assert "78,200 of 230,000 messages" in said.text(200)


@pytest.mark.parametrize(
    ("left_from", "right"), [("07:00", False), ("00:00", False), (None, False), ("yesterday", True)]
)
def test_today_is_said_to_be_right_only_when_all_of_it_is_read(left_from: str | None, right: bool) -> None:
    left = DAY_START - 1 if left_from == "yesterday" else at(left_from) if left_from else None
    store = replace(IMPORTING, left_from_ms=left)
    (line,) = banners(snapshot(stores=(store,)), None, UTC)
    assert ("today is already right" in line.variants[0]) is right
    assert ("today is not complete yet" in line.variants[0]) is not right
    both = banners(snapshot(stores=(store, STORE)), None, UTC)
    assert "already right" not in both[0].variants[0], "what the other store has may not have been read yet"


BROKEN = replace(STORE, state="broken", since_ms=at("14:02"))


def test_what_cannot_be_read_is_unknown_and_never_nothing() -> None:
    dark = quiet(stores=(BROKEN,), lower_bound=True)
    assert words.spent_text(dark, UTC) == "unknown since 14:02"
    assert words.money_line(dark, UTC) == ("▲ unknown since 14:02",)
    assert words.shown_band(dark) == "warning"
    some = snapshot("$0.62", stores=(BROKEN,), lower_bound=True)
    assert words.money_line(some, UTC)[0] == "▲ ≥$0.62 · unknown since 14:02"
    assert words.shown_band(replace(some, band="cutoff")) == "cutoff"
    just_now = replace(dark, stores=(replace(BROKEN, since_ms=NOW),))
    assert words.spent_text(just_now, UTC) == "unknown", "a command that has only just looked knows no time"
    yesterday = snapshot("$0.62", day=YESTERDAY, stores=(BROKEN,))
    assert not words.is_unknown(yesterday)


def test_a_week_that_is_not_known_to_its_end_is_on_pace_as_far_as_known() -> None:
    assert words.week_line(replace(snapshot().week, lower_bound=True))[0].endswith("on pace as far as known")
    over = replace(snapshot().week, lower_bound=True, verdict="over target")
    assert words.week_line(over)[0].endswith("■ over target")


def test_a_quiet_morning_says_yesterdays_spend_the_last_call_and_what_is_left_of_the_week() -> None:
    call = LastCall(at("17:37") - DAY_MS, "Return labels as PDF", "openai/gpt-5.2")
    lines = quiet_lines(quiet(last_call=call), UTC)
    assert lines[0] == ("yesterday $1.12",)
    assert lines[1][0] == "last call Tue 12 May 17:37 · Return labels as PDF · gpt-5.2"
    assert week_left(quiet().week)[1] == "$3.82 of $7.00 left this week"
    over = replace(quiet().week, spend_nano=nano("$9"), verdict="over target")
    assert week_left(over) == words.week_line(over)


def test_a_store_in_trouble_says_its_sentence_or_at_least_its_state() -> None:
    assert store_banner(replace(STORE, state="locked", detail="Locked; waiting.")).text(80) == "▲ Locked; waiting."  # type: ignore[union-attr]
    gone = store_banner(replace(STORE, state="gone"))
    assert gone is not None and gone.text(90).endswith("opencode.db is gone.")


def test_all_that_is_the_matter_is_said_the_failure_first() -> None:
    said = banners(snapshot("$2", stores=(IMPORTING,)), Failure("disk full", at("14:02")), UTC)
    assert [line.variants[0].split()[0] for line in said] == ["▲", "■", "◌"]
    assert said[0].variants[0] == "▲ Stale since 14:02: disk full. Trying again; r tries now."


def test_numbers_are_live_until_polls_stop_coming_back() -> None:
    def said(now: int, **changes: object) -> str:
        return freshness(snapshot(**changes), NOW, None, now, UTC).variants[0]  # type: ignore[arg-type]

    assert said(NOW + 1_500) == "● live, 1 s ago"
    assert said(NOW + 4_000) == "● live, 4 s ago"
    assert said(NOW + 4_001) == "◌ read 4 s ago"
    assert said(NOW + 60_000) == "◌ read 1 min ago"
    assert said(NOW + 61_000) == "▲ stale since 14:23"
    assert said(NOW, stores=(IMPORTING,)) == "◌ importing 34%"
    assert said(NOW, stores=(replace(STORE, state="gone", since_ms=at("14:02")),)) == "▲ gone since 14:02"
    assert said(NOW, stores=()) == "○ no store found"
    assert freshness(None, None, None, NOW, UTC).variants[0] == "◌ reading"


def test_a_clock_that_went_back_never_says_a_negative_age() -> None:
    assert freshness(snapshot(), NOW, None, DAY_START, UTC).variants[0] == "● live, 0 s ago"


def test_a_first_run_says_where_it_looked_and_what_to_do() -> None:
    empty = empty_screen(quiet(stores=(), has_calls=False), ("/srv/opencode",))
    assert empty is not None and empty.title == "No OpenCode store found"
    assert "  /srv/opencode" in empty.lines
    assert any("--demo" in line for line in empty.lines)


def test_a_store_without_calls_is_not_a_store_that_is_missing() -> None:
    empty = empty_screen(quiet(has_calls=False), ())
    assert empty is not None and empty.title == "No model calls yet"
    assert f"  {STORE.path}" in empty.lines


def test_with_calls_in_the_ledger_or_an_import_running_the_panels_are_shown() -> None:
    assert empty_screen(quiet(), ()) is None
    assert empty_screen(quiet(stores=()), ()) is None
    assert empty_screen(quiet(stores=(IMPORTING,), has_calls=False), ()) is None


def test_stores_are_looked_for_where_the_settings_say_else_where_opencode_keeps_them() -> None:
    assert looked_in(Settings(data_dirs=(Path("/a"), Path("/b"))), {}) == ("/a", "/b")
    assert looked_in(Settings(), {"XDG_DATA_HOME": "/data"}) == ("/data/opencode",)
    assert looked_in(Settings(), {}) == ("~/.local/share/opencode",)
