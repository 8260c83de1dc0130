"""The calls that carry on a conversation."""

from __future__ import annotations

from opencode_tui.analysis.conversation import conversation, is_aborted, ms_of, stretches
from opencode_tui.records.calls import Tokens, unlisted_id
from tests.support.work import call, session, turn


def test_asides_inferred_calls_and_those_without_tokens_are_left_out() -> None:
    inferred = call(id=unlisted_id("ses_1", 1))
    work = session(turn(call(), call(agent="compaction"), inferred, call(tokens=Tokens(output=5)), call()))
    assert [each.id for each in conversation(work.calls)] == ["ses_1.c1", "ses_1.c5"]


def test_a_context_that_fell_to_less_than_half_begins_a_stretch() -> None:
    sizes = (10_000, 50_000, 25_000, 12_499, 13_000)
    found = stretches(session(turn(*(call(input=size) for size in sizes))).calls)
    assert [len(each) for each in found] == [3, 2]
    assert stretches(()) == []


def test_a_call_that_never_ended_or_ended_before_it_began_took_no_time() -> None:
    calls = session(turn(call(), call(completed_ms=None), call(completed_ms=0))).calls
    assert [ms_of(each) for each in calls] == [5000, 0, 0]


def test_a_stopped_call_is_known_by_its_error() -> None:
    stopped, failed, fine = session(turn(call(error="MessageAbortedError"), call(error="APIError"), call())).calls
    assert (is_aborted(stopped), is_aborted(failed), is_aborted(fine)) == (True, False, False)
