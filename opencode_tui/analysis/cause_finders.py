"""Finders of what made a session expensive. Each searches the session's calls and yields causes with their cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from opencode_tui.analysis import remedies
from opencode_tui.analysis.call_costs import first_and_last, mean_cost, multiple, total_cost
from opencode_tui.analysis.edit_rounds import edit_rounds
from opencode_tui.analysis.loops import is_edit, loops
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.alerts import Cause
from opencode_tui.records.evidence import SessionEvidence
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.model_key import short_name

_ROUNDS = 3
_REPEATS = 5
_COSTLIER = 2
_GROWN = 3
_STEPS = 4
"""The least number of calls over which context growth is measured."""

_NEARLY_ALL = 80
"""The percentage of a session's cost that makes a turn nearly all of it."""
_ABOVE_OTHERS = 8
"""How many times the mean of the other turns such a turn costs."""
_LONG = 10
"""The least number of calls of a session's only turn that is worth a sentence."""


class FoundCause(Struct, frozen=True):
    """A cause, and where it shows in its session."""

    cause: Cause
    calls: Sequence[CallFacts]
    """The calls that it is about."""
    mark: str
    """Its short name for the turns' marks, such as `same file`."""
    turns: tuple[str, ...]
    """The ids of the turns that are marked with it."""


FoundCauses = Iterator[FoundCause]


def edits(session: SessionEvidence) -> FoundCauses:
    """Many turns about one file; the cost is that of those whole turns."""
    turns = by_turn(session.calls)
    turn_of = {call.id: call.turn_id for call in session.calls if call.turn_id}
    edited = ((turn_of[use.call_id], use.target) for use in session.tools if is_edit(use) and use.call_id in turn_of)
    for file, rounds in sorted(edit_rounds(edited, _ROUNDS).items()):
        calls = [call for turn in rounds for call in turns[turn]]
        nano = total_cost(calls)
        each = format_usd(nano // len(rounds))
        sentence = f"{len(rounds)}× edits of {last_part(file)} in {in_quotes(session.title)}, about {each} a round"
        remedy = remedies.one_message(last_part(file), len(rounds), nano)
        cause = Cause(sentence, session.id, calls[-1].turn_id, nano, remedy=remedy)
        yield FoundCause(cause, calls, "same file", tuple(rounds))


def repeats(session: SessionEvidence) -> FoundCauses:
    """The same tool call repeated with nothing in between that may have changed files."""
    for loop in loops(session.calls, session.tools):
        if loop.times >= _REPEATS:
            nano = total_cost(loop.calls)
            many = f"{plural(loop.times, 'identical call')} ({loop.what})"
            what = f"{many} in {in_quotes(session.title)} cost {format_usd(nano)}"
            turns, remedy = tuple(by_turn(loop.calls)), remedies.interrupt_loop(loop.calls)
            cause = Cause(what, session.id, loop.calls[-1].turn_id, nano, remedy=remedy)
            yield FoundCause(cause, loop.calls, "same call", turns)


def costlier_model(session: SessionEvidence, calendar: Calendar) -> FoundCauses:
    """A switch to a model with a much higher cost per call; the cost is what the switch added."""
    calls = [call for call in session.calls if call.cost_nano]
    for model in sorted({call.model for call in calls}):
        first = next(place for place, call in enumerate(calls) if call.model == model)
        before, after = calls[:first], [call for call in calls[first:] if call.model == model]
        if len(before) < _COSTLIER or len(after) < _COSTLIER:
            continue
        was, now = mean_cost(before), mean_cost(after)
        if now >= was * _COSTLIER:
            name, times = _name(model), multiple(now, was)
            remedy = ""
            if calls[-1].model == model:
                since = calendar.moment(after[0].created_ms, calls[-1].created_ms)
                sentence = f"since {since} {in_quotes(session.title)} runs on {name}, {times} the price per call"
                remedy = remedies.switch_back(_name(before[-1].model), times)
            else:  # the session has switched back since
                calls_on, spent = f"{plural(len(after), 'call')} on {name}", format_usd(total_cost(after))
                sentence = f"{calls_on} in {in_quotes(session.title)} cost {spent}, {times} the price per call"
            extra = total_cost(after) - was * len(after)
            turns = tuple(by_turn(after))
            cause = Cause(sentence, session.id, after[0].turn_id, extra, remedy=remedy)
            yield FoundCause(cause, after, "costlier model", turns)


def _name(model: str) -> str:
    """The model's name without its provider."""
    return short_name(model).rpartition("/")[2]


def growth(session: SessionEvidence) -> FoundCauses:
    """A context that grew until each call cost a multiple; the cost is what the growth added."""
    stretches = _stretches(session.calls)
    for calls in stretches:
        grown = context_growth(calls)
        if grown is not None:
            words, extra = grown
            sentence = f"the context of {in_quotes(session.title)} {words}"
            turn_id, remedy = calls[-1].turn_id, remedies.compact(calls, freed=calls is not stretches[-1])
            cause = Cause(sentence, session.id, turn_id, extra, remedy=remedy)
            yield FoundCause(cause, calls, "grown context", (turn_id,))


def context_growth(calls: Sequence[CallFacts]) -> tuple[str, int] | None:
    """The context's growth over calls of one model as text, and the nano-dollars it added; None if it did not grow."""
    if len(calls) < _STEPS:
        return None
    first, last = first_and_last(calls)
    was, now = mean_cost(first), mean_cost(last)
    start, end = first[0].tokens.context, last[-1].tokens.context
    if not was or now < was * _COSTLIER or end < start * _GROWN:
        return None
    sizes = f"from {tokens_text(start)} to {tokens_text(end)} tokens"
    return f"grew {sizes}, and each call costs {multiple(now, was)} what it did", total_cost(calls) - was * len(calls)


def failed_calls(session: SessionEvidence) -> FoundCauses:
    failed = [call for call in session.calls if call.error and call.cost_nano]
    if len(failed) > 1:
        nano = total_cost(failed)
        sentence = f"{plural(len(failed), 'failed call')} in {in_quotes(session.title)} cost {format_usd(nano)}"
        cause = Cause(sentence, session.id, failed[-1].turn_id, nano, remedy=remedies.FAILED)
        yield FoundCause(cause, failed, "failed calls", tuple(by_turn(failed)))


def one_turn(session: SessionEvidence, calendar: Calendar) -> FoundCauses:
    """A turn that made nearly all of the session's cost, or the only one of many calls."""
    turns = {id: calls for id, calls in by_turn(session.calls).items() if id and total_cost(calls)}
    if not turns:
        return
    turn_id, calls = max(turns.items(), key=lambda item: total_cost(item[1]))
    nano, whole, others = total_cost(calls), total_cost(session.calls), len(turns) - 1
    stands_out = nano * others >= _ABOVE_OTHERS * (whole - nano) if others else len(calls) >= _LONG
    if nano * 100 >= _NEARLY_ALL * whole and stands_out:
        share = "all" if nano == whole else f"{nano * 100 // whole}%"
        at = calendar.moment(calls[0].created_ms, session.calls[-1].created_ms)
        spent = f"{format_usd(nano)} in {plural(len(calls), 'call')}"
        sentence = f"one turn of {in_quotes(session.title)}, at {at}, cost {spent}, {share} of its spend"
        cause = Cause(sentence, session.id, turn_id, nano, remedy=remedies.smaller_steps(calls))
        yield FoundCause(cause, calls, "most of the cost", (turn_id,))


def last_stretch(session: SessionEvidence) -> list[CallFacts]:
    """The calls since the model last changed or the context was last freed."""
    return (_stretches(session.calls) or [[]])[-1]


def _stretches(calls: Sequence[CallFacts]) -> list[list[CallFacts]]:
    """Runs of calls of one model between two compactions, without calls that have no input."""
    stretches: list[list[CallFacts]] = []
    for call in calls:
        if not call.tokens.context:
            continue
        last = stretches[-1][-1] if stretches else None
        if last is None or last.model != call.model or call.tokens.context * 2 < last.tokens.context:
            stretches.append([])
        stretches[-1].append(call)
    return stretches


def by_turn(calls: Sequence[CallFacts]) -> dict[str, list[CallFacts]]:
    turns: dict[str, list[CallFacts]] = defaultdict(list)
    for call in calls:
        turns[call.turn_id].append(call)
    return turns
