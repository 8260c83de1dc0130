"""A conversation that went on for long."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.compaction import best_compaction
from opencode_tui.analysis.insights.context_decay import ContextDecay
from opencode_tui.money import format_usd
from tests.support.work import KIMI, OPUS, RATES, call, found, session, turn, words

RULE = ContextDecay()


def grown(turns: int, calls: int = 2, step: int = 3_000) -> list[Any]:
    """Turns of some calls, each of which costs what its tokens do; the context begins at 12,000."""
    made, context = [], 0
    for _ in range(turns):
        of_turn = []
        for _ in range(calls):
            fresh = step if context else 12_000
            nano = fresh * 950 + context * 160 + 100 * 4_000
            of_turn.append(call(f"{nano / 10**9:.9f}", input=fresh, cache_read=context))
            context += fresh
        made.append(turn(*of_turn))
    return made


def test_thirty_turns_that_grew_say_where_a_compact_would_have_paid() -> None:
    work = session(*grown(30))
    (finding,) = found(RULE, work)
    best = best_compaction(work.calls, RATES)
    assert best is not None
    assert (finding.cost_nano, finding.saves_nano) == (best.carried_nano, best.net_nano)
    assert (finding.turn_id, finding.sure) == (best.turn_id, "estimated")
    assert finding.calls == tuple(each.id for each in best.later)
    assert finding.cost_nano < sum(each.cost_nano for each in best.later)
    said = words(RULE, [finding])
    assert said.what.endswith(f"; carrying what was old cost {format_usd(finding.cost_nano)}")
    assert said.title == "long context: a call cost 3.5× in the end"
    assert f'in "Fix header" before turn {best.turn_id.removeprefix("turn_")}, at ' in said.how
    assert said.sum_shown.endswith(f"for the /compact: {format_usd(best.net_nano)}")


def test_twenty_turns_are_not_past_twenty_unless_they_filled_the_context() -> None:
    assert not found(RULE, session(*grown(20), limits={}))
    assert len(found(RULE, session(*grown(21), limits={}))) == 1
    assert len(found(RULE, session(*grown(20), limits={KIMI: 200_000}))) == 1
    assert not found(RULE, session(*grown(20), limits={KIMI: 220_000}))
    assert not found(RULE, session(*grown(20), limits={KIMI: 200_000}), long_session_context=0)


def test_a_compaction_begins_anew() -> None:
    assert not found(RULE, session(*grown(15), *grown(15), limits={}))


def test_many_turns_that_did_not_grow_dearer_or_where_it_would_not_pay_are_none() -> None:
    assert not found(RULE, session(*(turn(call("0.05", input=2_000, cache_read=50_000)) for _ in range(40))))
    assert not found(RULE, session(*grown(30, 1, step=300)))
    assert not found(RULE, session(*grown(30), rates={}))
    assert not found(RULE, session(*grown(30)), long_session_turns=0)
    assert not found(RULE, session(*grown(30), parent_id="ses_0"))


def test_costs_that_did_not_grow_and_a_dearer_model_are_no_decay() -> None:
    def at(cost: str, model: str, turns: int, first: int) -> list[Any]:
        sizes = range(first, first + turns * 6_000, 6_000)
        return [turn(call(cost, input=6_000, cache_read=size, model=model)) for size in sizes]

    assert not found(RULE, session(*at("0.50", KIMI, 60, 6_000)))
    assert not found(RULE, session(*at("0.50", KIMI, 30, 6_000), *at("1.50", OPUS, 30, 186_000)))
    assert len(found(RULE, session(*at("0.50", KIMI, 30, 6_000), *at("1.50", KIMI, 30, 186_000)))) == 1


def test_eleven_calls_are_too_few() -> None:
    sizes = range(12_000, 412_000, 30_000)
    turns = [turn(call(f"{size * 950 / 10**9:.9f}", input=size)) for size in sizes]
    assert not found(RULE, session(*turns[:11]))
    assert len(found(RULE, session(*turns[:12]))) == 1


def test_the_better_of_two_long_stretches_is_told() -> None:
    (finding,) = found(RULE, session(*grown(25), *grown(40)))
    place = int(finding.turn_id.removeprefix("turn_"))
    assert place > 25 and finding.figures["turn"] == place
    assert finding.figures["turns"] == 40


def test_decays_of_two_sessions_are_said_together() -> None:
    findings = [each for id in ("ses_1", "ses_2") for each in found(RULE, session(*grown(30), id=id, title=id))]
    said = words(RULE, findings)
    assert 'carrying what was old in "ses_1" and 1 more session cost' in said.what
    assert said.sum_shown.startswith("the calls after such moments paid ")
