"""What the Session screen says, from the records alone."""

from __future__ import annotations

from datetime import UTC

import pytest

from opencode_tui.clock import DAY_MS, Calendar
from opencode_tui.money import NANO
from opencode_tui.records.calls import Tokens
from opencode_tui.records.session import CallRates, Node, SessionName, SessionView
from opencode_tui.report import call_words, session_facts, turn_words
from opencode_tui.report.session import session_text
from opencode_tui.report.words import text_cells
from tests.support.records import replace
from tests.ui.builders import nano
from tests.ui.session_builders import GLM, KIMI, ROOT, SESSION, TREE, call, node, tool, turn, view

CALENDAR = Calendar(UTC)


def said(shown: SessionView) -> str:
    """All facts of a session at their longest."""
    return " | ".join(fact[0] for fact in session_facts.facts(shown, CALENDAR))


def test_any_dollar_can_be_followed_from_tokens_and_rates() -> None:
    assert call_words.arithmetic(call()) == "input 5,436 × $0.95/M + output 669 × $4/M = $0.0078402 recorded"


def test_all_kinds_of_tokens_take_part_and_reasoning_costs_what_output_does() -> None:
    text = call_words.arithmetic(call(Tokens(1_000_000, 1_000_000, 1_000_000, 1_000_000, 2)))
    assert text == (
        "input 1,000,000 × $0.95/M + output 1,000,000 × $4/M + reasoning 1,000,000 × $4/M"
        " + cache read 1,000,000 × $0.16/M + cache write 2 × $0/M = $9.11 recorded"
    )


def test_the_sum_in_the_arithmetic_is_the_sum_of_its_terms_and_never_said_to_equal_another() -> None:
    recorded = call(amount_nano=nano("$0.009"), cost_nano=nano("$0.009"), recorded_nano=nano("$0.009"))
    assert call_words.arithmetic(recorded).endswith("= $0.0078402, but $0.009 recorded")


def test_a_call_that_was_not_billed_says_so_beside_its_list_price() -> None:
    free = call(amount_nano=0, cost_nano=0, recorded_nano=0, list_nano=7_840_200)
    assert call_words.arithmetic(free).endswith("= $0.0078402 at list price; $0.00 recorded, not billed")


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"rates": None}, "input 5,436 + output 669: $0.0078402 recorded, rates not known"),
        ({"basis": "custom"}, "= $0.0078402 by your own price"),
        ({"basis": "list"}, "= $0.0078402 by list price"),
    ],
)
def test_the_basis_is_named(changes: dict[str, object], end: str) -> None:
    assert call_words.arithmetic(replace(call(), **changes)).endswith(end)


def test_a_call_without_tokens_has_nothing_to_sum_up() -> None:
    assert call_words.arithmetic(call(Tokens(), completed_ms=None)) == "no tokens yet: $0.00"
    assert call_words.arithmetic(call(Tokens(), rates=None)) == "no tokens: $0.00 recorded"


def test_amounts_keep_every_decimal_that_they_have() -> None:
    assert [call_words.exact_usd(n) for n in (0, 1, 10**7, 1_234_500_000_000, -5)] == [
        "$0.00",
        "$0.000000001",
        "$0.01",
        "$1,234.50",
        "-$0.000000005",
    ]


def test_a_copied_call_says_where_it_was_paid() -> None:
    lines = call_words.call_lines(call(cost_nano=0, copied_from="msg_origin"), CALENDAR)
    assert ("note", "↱ copied from msg_origin, $0.0078402 paid there") in lines
    assert "↱ copied, not billed again" in lines[0][1]


def test_a_call_names_its_tools_its_error_its_id_and_where_its_rates_stand() -> None:
    running = tool("task", "explore", ok=None, duration_ms=None, child_session_id="ses_a")
    lines = call_words.call_lines(call(error="APIError: overloaded", undone=True, tools=(tool(), running)), CALENDAR)
    assert lines[0] == ("head", "09:12:00  kimi-k2.6  build  $0.0078  12s  ↶ undone, spent all the same")
    assert lines[2:] == [
        ("tool", "✓ edit src/Button.tsx 0.3s"),
        ("tool", "● task explore running → ses_a"),
        ("error", "✕ APIError: overloaded"),
        ("note", "msg_call_1 · rates from models.json"),
    ]


def test_the_calls_of_a_turn_add_up_exactly() -> None:
    assert call_words.together((call(), call(cost_nano=1))) == "2 calls = $0.007840201"


def test_a_rate_is_per_million_tokens() -> None:
    odd = call(rates=CallRates(75_000_000, 300_000_000, 0, 0, ""))
    assert "input 5,436 × $0.075/M + output 669 × $0.30/M" in call_words.arithmetic(odd)


def test_what_is_special_about_a_turn_is_marked_with_glyph_and_word() -> None:
    special = turn(running=True, undone=2, inherited_nano=18_600_000, errors=1, switched=True, models=(KIMI, GLM))
    assert turn_words.marks(special) == (
        "● running",
        "↶ 2 undone",
        "↱ $0.0186 inherited",
        "✕ 1 error",
        "→ glm-5.1",
    )
    assert turn_words.marks(turn(undone=3)) == ("↶ undone",)
    assert turn_words.marks(turn()) == ()


def test_tools_are_counted_with_their_failures() -> None:
    assert turn_words.tools_text(turn()) == "edit 4 · bash 2 ✕1"


def test_a_turn_that_has_just_begun_has_taken_no_time_yet() -> None:
    begun = turn(running=True, ended_ms=turn().started_ms)
    assert turn_words.took(begun) == ""
    assert turn_words.took(turn()) == "1m 35s"


def test_files_are_named_once_and_seen_from_the_sessions_directory() -> None:
    touched = turn(files=("/home/ada/shop/src/a.ts", "/etc/b", r"C:\shop\a.ts"))
    assert turn_words.file_names(touched) == "a.ts, b"
    assert turn_words.file_paths(touched, "/home/ada/shop") == r"src/a.ts, /etc/b, C:\shop\a.ts"


def test_the_context_is_a_bar_where_the_limit_is_known_and_a_size_where_it_is_not() -> None:
    assert turn_words.context_fill(turn(context_tokens=150_000, context_limit=200_000)) == "▰▰▰▱  75%"
    assert turn_words.context_fill(turn(context_tokens=46_000, context_limit=None)) == "46k"


def test_a_turn_that_was_not_billed_shows_its_list_price_in_brackets() -> None:
    assert turn_words.turn_cost(turn(cost="$0", list_nano=nano("$0.42"))) == "($0.42)"
    assert turn_words.turn_cost(turn(cost="$0.05", list_nano=nano("$0.42"))) == "$0.05"


def test_a_turn_of_another_day_says_which() -> None:
    old = turn(started_ms=turn().started_ms - 3 * DAY_MS)
    assert turn_words.turn_time(turn(), view(), CALENDAR) == "08:19"
    assert turn_words.turn_time(old, view(), CALENDAR) == "10 May 08:19"
    assert turn_words.turn_time(old, view(), CALENDAR, brief=True) == "10 May"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0s"),
        (420, "0.4s"),
        (9_900, "9.9s"),
        (42_300, "42s"),
        (185_000, "3m 05s"),
        (4_320_000, "1h 12m"),
        (2 * DAY_MS + 3 * 3_600_000, "2d 3h"),
        (-5, "0s"),
    ],
)
def test_a_duration_is_short(ms: int, text: str) -> None:
    assert turn_words.duration_text(ms) == text


def test_the_facts_say_what_a_session_cost_and_what_it_did_not() -> None:
    text = said(view())
    assert "$0.41 · own $0.30 +3 subagents" in text
    assert "7 turns · 21 own calls, 39 with subagents" in text
    assert "cache 72% hit, saved $0.12" in text
    assert "+$0.42 at list price, not billed" in text
    assert "↱ $0.0186 inherited from “Plan the [i]header”, not billed again (3 copied calls)" in text
    assert "↶ 3 calls undone, $0.02 of it spent all the same" in text
    assert "↱ 1 fork of it: “Fix header spacing (fork #1)”" in text


def test_a_plain_session_has_no_facts_about_forks_lists_or_undone_calls() -> None:
    plain = view((turn(),), (ROOT,), copied_calls=0, inherited_nano=0, list_nano=0, fork_of=None, forks=())
    text = said(plain)
    assert "↱" not in text and "↶" not in text and "list price" not in text and "own" not in text


def test_where_only_a_part_of_a_turn_was_undone_no_amount_is_claimed() -> None:
    assert "↶ 1 call undone, spent all the same" in said(view((turn(undone=1),)))


def test_a_deleted_session_says_that_its_money_stays_spent() -> None:
    assert "✕ OpenCode deleted it; its money stays spent" in said(view((turn(undone=3),), state="deleted"))


def test_a_cache_that_cost_more_or_has_no_known_rates_is_not_called_a_saving() -> None:
    assert "cache 72% hit, cost $0.02 more" in said(view(cache_saved_nano=-2 * NANO // 100))
    assert "cache 72% hit, saving not known" in said(view(cache_saved_nano=None))
    assert "cache" not in session_facts.cache(view(tokens=Tokens()))


def test_a_subagent_names_its_parent_and_an_odd_root_says_what_is_odd() -> None:
    orphan = replace(ROOT, odd="its parent ses_gone is not known")
    text = said(view(tree=(orphan,), parent=SessionName("ses_p", "")))
    assert "subagent of “untitled”" in text and "its parent ses_gone is not known" in text


def test_the_facts_are_packed_into_lines_that_fit() -> None:
    for width in (64, 80, 160, 400):
        lines = session_facts.packed(session_facts.facts(view(), CALENDAR), width)
        assert max(map(len, lines)) <= width
    assert len(session_facts.packed(session_facts.facts(view(), CALENDAR), 4000)) == 1


def test_the_sessions_id_stays_whole_in_a_narrow_head() -> None:
    assert all(SESSION in variant for variant in session_facts.head(view()))
    assert all(SESSION in variant for variant in session_facts.head_lines(view())[1])


def test_a_line_of_the_tree_gives_way_from_its_title_on_and_keeps_agent_and_amount() -> None:
    child = TREE[1]
    assert session_facts.node_text(child, nano("$0.41"), 200) == (
        "explore · $0.08 · own $0.05 · 19% · resumed 3× · glm-5.1 · Find the usages (ses_a)"
    )
    assert session_facts.node_text(child, nano("$0.41"), 24) == "explore · $0.08 · 19%"
    assert session_facts.node_text(child, nano("$0.41"), 1) == "explore · $0.08"


def test_what_is_odd_about_a_node_stays_in_any_width() -> None:
    odd = node(odd="cycle: its parent is below it", state="active")
    for width in (1, 48, 200):
        assert session_facts.node_text(odd, nano("$0.41"), width).startswith("explore · $0.05 · cycle: its parent")


def test_the_tree_is_read_from_its_order_so_that_a_cycle_of_parents_ends() -> None:
    a = node("a", 1, parent_id="b")
    b = node("b", 2, parent_id="a")
    again = node("a", 3, parent_id="b")
    assert session_facts.children_of((ROOT, a, b, again)) == {SESSION: ("a",), "a": ("b",), "b": ()}


def test_children_stay_in_their_order_below_their_parent() -> None:
    tree: tuple[Node, ...] = (ROOT, node("a", 1), node("b", 2), node("c", 2), node("d", 1))
    assert session_facts.children_of(tree) == {SESSION: ("a", "d"), "a": ("b", "c"), "b": (), "c": (), "d": ()}


def test_a_session_alone_says_its_calls_and_one_with_subagents_whose_they_are() -> None:
    alone = view(tree=TREE[:1])
    assert session_facts.session_counts(alone) == ("7 turns · 21 calls",)
    assert "\n21 calls · " in session_text(alone, CALENDAR)
    text = session_text(view(), CALENDAR)
    assert "\nown: 21 calls · " in text and "\nwith subagents: 39 calls\n" in text


@pytest.mark.parametrize("width", range(8, 60, 4))
def test_the_line_of_a_low_pane_never_loses_the_amount(width: int) -> None:
    line = session_facts.low_line(view(title="Write テスト for all"), width)
    assert "$0.41" in line and text_cells(line) <= width
