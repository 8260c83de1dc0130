"""Small edits on a model that costs a multiple of another."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.call_figures import with_calls
from opencode_tui.analysis.insights.context_decay import ContextDecay
from opencode_tui.analysis.insights.small_edits import SmallEdits
from tests.support.work import KIMI, OPUS, RATES, Written, call, found, session, turn, words

RULE = SmallEdits()
EDIT = "edit src/theme.css"


def small(cost: str = "0.15", *uses: str, **fields: object) -> Written:
    """A call on the expensive model that reads 20,000 tokens and writes 200."""
    known = {"model": OPUS, "input": 20_000, "output": 200, **fields}
    return call(cost, *(uses or (EDIT,)), **known)  # type: ignore[arg-type]


def test_three_small_edits_are_priced_on_the_cheaper_model_that_is_in_use() -> None:
    (finding,) = found(RULE, session(*(turn(small(), small("0.05", "bash npm")) for _ in range(3))))
    assert finding.cost_nano == 600_000_000
    assert len(finding.calls) == 6
    on_kimi = 6 * (20_000 * 950 + 200 * 4_000)
    assert finding.saves_nano == 600_000_000 - on_kimi
    assert finding.sure == "estimated"
    said = words(RULE, [finding])
    assert said.title == "3 small edits on claude-opus-4-6"
    assert said.what == (
        '3 turns of "Fix header" edited one or two files at the first try and wrote at most 400 tokens each, on '
        "claude-opus-4-6: $0.60"
    )
    assert said.sum_shown == (
        "$0.60 on claude-opus-4-6; the same tokens on kimi-k2.6, with no cache after each switch: $0.12"
    )


def test_a_switch_in_the_middle_of_a_session_finds_no_cache() -> None:
    edit = turn(small(input=0, cache_read=20_000))
    other = turn(small("0.50", "read src/a.ts", input=0, cache_read=20_000))
    (finding,) = found(RULE, session(other, edit, edit, edit))
    once_fresh = 20_000 * 950 + 2 * 20_000 * 160 + 3 * 200 * 4_000
    assert finding.cost_nano - finding.saves_nano == once_fresh
    assert not found(
        RULE, session(*(each for _ in range(3) for each in (other, turn(small("0.03", cache_read=20_000)))))
    )


def test_a_title_on_another_model_in_the_same_turn_is_left_out() -> None:
    title = small("0.01", "todowrite", agent="title", model=KIMI)
    (finding,) = found(RULE, session(turn(small(), title), turn(small()), turn(small())))
    assert finding.cost_nano == 450_000_000


def test_those_of_several_sessions_count_together_and_two_are_too_few() -> None:
    ids = ("ses_1", "ses_2", "ses_3")
    one, two, three = (each for id in ids for each in found(RULE, session(turn(small()), id=id)))
    assert not RULE.is_enough([one, two])
    assert RULE.is_enough([one, two, three])
    assert words(RULE, [one, two, three]).title == "3 small edits on claude-opus-4-6"
    assert words(RULE, [one, two, three]).what.startswith('3 turns of "Fix header" and 2 more sessions edited')
    (many,) = found(RULE, session(*(turn(small()) for _ in range(3))))
    assert RULE.is_enough([with_calls(many, many.calls[:1])]), "two of its turns were made on another day"


def test_what_was_much_written_failed_or_spread_is_not_small() -> None:
    for each in (
        turn(small(output=1001)),
        turn(small("0.15", EDIT, "write src/new.css")),
        turn(small("0.15", EDIT, "bash! npm")),
        turn(small("0.15", EDIT, "edit src/a.ts", "edit src/b.ts")),
        turn(small("0.15", "read src/a.ts")),
        turn(small(), task="debugging"),
        turn(small(), small(model=KIMI)),
        turn(small(error="APIError")),
        turn(small(), id=""),
    ):
        assert not found(RULE, session(*(each for _ in range(4))))


def test_without_a_model_at_half_the_price_there_is_nothing_to_say() -> None:
    turns = [turn(small()) for _ in range(4)]
    assert not found(RULE, session(*turns, rates={OPUS: RATES[OPUS]}))
    assert not found(RULE, session(*turns, rates={}))
    assert not found(RULE, session(*(turn(small("0.02")) for _ in range(4))))
    assert not found(RULE, session(*turns, limits={KIMI: 10_000, "opencode/glm-5.1": 10_000}))
    assert not found(RULE, session(*(turn(small("0")) for _ in range(4))))


def test_late_turns_of_a_long_conversation_cost_what_was_said_before_and_are_no_small_edits() -> None:
    growing = [turn(small("0.10" if place < 10 else "0.40", input=10_000 + 4_000 * place)) for place in range(30)]
    (early,) = found(RULE, session(*growing))
    assert early.cost_nano == 3 * 100_000_000, "after 18,000 tokens the context has doubled"
    (decay,) = found(ContextDecay(), session(*growing))
    assert decay.cost_nano > early.cost_nano
    (short,) = found(RULE, session(*growing[:20]))
    assert short.cost_nano == 10 * 100_000_000 + 10 * 400_000_000, "twenty turns are no long conversation"
    (all_of_them,) = found(RULE, session(*growing), long_session_turns=0)
    assert all_of_them.cost_nano == 10 * 100_000_000 + 20 * 400_000_000, "nobody wants to hear of long ones"


def test_a_turn_that_reads_a_large_file_is_no_small_edit() -> None:
    def reading(tokens: int) -> Any:
        return turn(small("0.15", "read db/seed.sql"), small(input=20_000 + 200 + tokens))

    assert not found(RULE, session(*(reading(10_001) for _ in range(4))))
    (finding,) = found(RULE, session(*(reading(10_000) for _ in range(4))))
    assert finding.cost_nano == 4 * 300_000_000


def test_nobody_picks_a_model_for_opencode_run() -> None:
    turns = [turn(small()) for _ in range(3)]
    assert found(RULE, session(*turns)) and not found(RULE, session(*turns, kind_of_use="opencode run"))
