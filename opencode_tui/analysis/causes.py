"""Why a line was crossed: the cause that explains most of the spend, or a sentence that says there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from opencode_tui.analysis import remedies
from opencode_tui.analysis.call_costs import total_cost
from opencode_tui.analysis.cause_finders import (
    FoundCause,
    FoundCauses,
    costlier_model,
    edits,
    failed_calls,
    growth,
    one_turn,
    repeats,
)
from opencode_tui.analysis.insight_causes import insight_causes
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural
from opencode_tui.records.alerts import Cause, Crossing
from opencode_tui.records.evidence import Evidence, SessionEvidence
from opencode_tui.records.facts import CallFacts

_SUBSTANTIAL = 30
"""The percentage of the crossed amount, or of its last hour, that a cause has to explain."""
_OF_ALL = 10
"""The percentage of the crossed amount that a cause of the last hour has to explain as well."""
_MOST_OF_IT = 50

NO_CALLS = Cause("the ledger has no call of it", found=False)


class _Candidate(Struct, frozen=True):
    cause: Cause
    hour_nano: int


def cause_of(crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
    """The most expensive cause that explains a substantial part, else a sentence about the sessions involved.

    Deterministic: the same evidence gives the same cause.
    """
    for found in (_candidates(evidence, calendar), _insights(evidence), _single_turns(evidence, calendar)):
        candidates = [each for each in found if _is_substantial(each, evidence)]
        if candidates:
            # max keeps the first of equals, and the finders are ordered from the most to the least specific.
            return max(candidates, key=lambda each: each.cause.cost_nano).cause
    return _shared(crossing, evidence)


def cause_in(session: SessionEvidence, calls: Sequence[CallFacts], sentence: str, remedy: str = "") -> Cause:
    """A cause made of these calls of a session."""
    return Cause(sentence, session.id, calls[-1].turn_id if calls else None, total_cost(calls), remedy=remedy)


def _is_substantial(each: _Candidate, evidence: Evidence) -> bool:
    nano = each.cause.cost_nano
    if nano <= 0:
        return False
    of_hour = each.hour_nano * 100 >= _SUBSTANTIAL * evidence.hour_nano
    return nano * 100 >= _SUBSTANTIAL * evidence.nano or (of_hour and nano * 100 >= _OF_ALL * evidence.nano)


def causes_in(session: SessionEvidence, calendar: Calendar) -> tuple[FoundCause, ...]:
    """The session's causes, most expensive first, each of at least a tenth of the cost of its own calls.

    Without any, the one turn of several that made nearly all of it.
    """
    whole = total_cost(session.calls)
    found = (each for find in _finders(calendar) for each in find(session))
    kept = [each for each in found if each.cause.cost_nano > 0 and each.cause.cost_nano * 100 >= _OF_ALL * whole]
    if not kept and len({call.turn_id for call in session.calls if call.turn_id}) > 1:
        kept = list(one_turn(session, calendar))
    return tuple(sorted(kept, key=lambda each: -each.cause.cost_nano))


def _finders(calendar: Calendar) -> tuple[Callable[[SessionEvidence], FoundCauses], ...]:
    return (edits, repeats, lambda session: costlier_model(session, calendar), growth, failed_calls)


def _candidates(evidence: Evidence, calendar: Calendar) -> Iterator[_Candidate]:
    for find in _finders(calendar):
        for session in evidence.leading:
            yield from (_candidate(found, evidence) for found in find(session))
    for share in evidence.shares:
        if share.subagents:
            many = plural(share.subagents, "subagent") if share.subagents > 1 else "a subagent"
            sentence = f"{many} of {in_quotes(share.title)} cost {format_usd(share.subagents_nano)}"
            remedy = remedies.fewer_subagents(share.subagents, share.subagents_nano)
            cause = Cause(sentence, share.id, None, share.subagents_nano, remedy=remedy)
            yield _Candidate(cause, share.subagents_hour_nano)


def _insights(evidence: Evidence) -> Iterator[_Candidate]:
    """What the insight rules find, which know more patterns than the finders, and say the same of those they share."""
    for session in evidence.leading:
        yield from (_candidate(found, evidence) for found in insight_causes(session, evidence.thresholds))


def _single_turns(evidence: Evidence, calendar: Calendar) -> Iterator[_Candidate]:
    """The turns that made nearly all of a session's cost, which say less than any other cause."""
    for session in evidence.leading:
        yield from (_candidate(found, evidence) for found in one_turn(session, calendar))


def _candidate(found: FoundCause, evidence: Evidence) -> _Candidate:
    """A cause with its part of the last hour, in proportion to the cost of its calls."""
    whole = total_cost(found.calls)
    late = total_cost(call for call in found.calls if call.created_ms > evidence.since_ms)
    return _Candidate(found.cause, found.cause.cost_nano * late // whole if whole else 0)


def _shared(crossing: Crossing, evidence: Evidence) -> Cause:
    """The sessions that spent it, if no cause was found."""
    if not evidence.shares:
        return NO_CALLS
    top = evidence.shares[0]
    many, remedy = len(evidence.shares), remedies.pause(top.title, top.nano, top.calls)
    if many == 1:
        calls = plural(top.calls, "call") if top.calls > 1 else "one call"
        if crossing.session_id == top.id:
            return Cause(f"nothing stands out in its {calls}", top.id, None, top.nano, found=False, remedy=remedy)
        return Cause(f"{in_quotes(top.title)} made all of it in {calls}", top.id, None, top.nano, remedy=remedy)
    if top.nano * 100 >= _MOST_OF_IT * evidence.nano and top.nano:
        return Cause(f"{in_quotes(top.title)} made {format_usd(top.nano)} of it", top.id, None, top.nano, remedy=remedy)
    largest = f"the largest is {in_quotes(top.title)} with {format_usd(top.nano)}"
    if not top.nano:
        top = max(evidence.shares, key=lambda share: share.calls)
        largest = f"{in_quotes(top.title)} made the most calls, {top.calls:,}"
    return Cause(f"{plural(many, 'session')} share it; {largest}", top.id, None, top.nano, found=False, remedy=remedy)
