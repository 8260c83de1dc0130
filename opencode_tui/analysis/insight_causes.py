"""What the insight rules find in the sessions of a crossed line, as causes: so an alert says what Why says."""

from __future__ import annotations

from collections.abc import Mapping

from opencode_tui.analysis.cause_finders import FoundCause, FoundCauses
from opencode_tui.analysis.conversation import uses_by_call
from opencode_tui.analysis.turn_work import turns_work
from opencode_tui.records.alerts import Cause
from opencode_tui.records.evidence import SessionEvidence
from opencode_tui.records.work import SessionWork


def insight_causes(session: SessionEvidence, thresholds: Mapping[str, int]) -> FoundCauses:
    """The measured findings, by these thresholds, of the rules that need only a session's own calls and tools."""
    from opencode_tui.analysis.insights import SESSION_RULES  # many modules, which only a crossed line needs

    work = SessionWork(session.id, session.title, turns_work(session.calls, uses_by_call(session.tools)))
    call_of = {call.id: call for call in session.calls}
    for rule in SESSION_RULES:
        for finding in rule.find(work, thresholds) if rule.is_on(thresholds) else ():
            if finding.sure != "measured":
                continue
            words = rule.words((finding,))
            cause = Cause(words.what, session.id, finding.turn_id or None, finding.cost_nano, remedy=words.how)
            calls = [call_of[id] for id in finding.calls if id in call_of]
            turns = tuple(dict.fromkeys(call.turn_id for call in calls))
            yield FoundCause(cause, calls, words.title, turns)
