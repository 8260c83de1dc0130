"""Findings on a period, one for each session that is part of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from opencode_tui.analysis.absences import NIGHT_ENDS
from opencode_tui.analysis.call_figures import NIGHT, sum_left
from opencode_tui.analysis.cheaper_models import bare_name, cheaper_model
from opencode_tui.analysis.insights.parts import are_whole, calls_of
from opencode_tui.analysis.insights.rule import PeriodRule
from opencode_tui.analysis.trees import roots
from opencode_tui.clock import Span
from opencode_tui.money import format_usd
from opencode_tui.records.calls import Tokens
from opencode_tui.records.insights import Finding, QuarterCost
from opencode_tui.records.work import PeriodWork, QuarterShare, SessionShare

AUTOMATION = ("opencode run", "CI")
"""The kinds of use that no person waits for."""
_TIMES = 2


def share_findings(
    rule: PeriodRule,
    work: PeriodWork,
    percent: int,
    part_of: Callable[[SessionShare], tuple[int, int]],
    *,
    is_lost: bool = False,
) -> Iterator[Finding]:
    """A finding for each session with such a part, if all parts are that percentage of the period's spend.

    `is_lost` says that the parts are the undone calls, of which nothing is left.
    """
    parts = [(share, *part_of(share)) for share in work.sessions]
    if sum(nano for _, nano, _ in parts) * 100 < percent * sum(share.nano for share in work.sessions):
        return
    for share, nano, calls in parts:
        if nano > 0:
            yield rule.finding(
                Span(share.first_ms, share.last_ms),
                key="sessions",
                cost_nano=nano,
                saves_nano=nano if is_lost else 0,
                session_id=share.id,
                title=share.title,
                is_undone=is_lost,
                calls=calls,
                inherited_nano=share.inherited_nano,
            )


def own_work(share: SessionShare) -> tuple[int, int]:
    """(nano-dollars, calls) of a session without its undone calls."""
    return share.nano - share.undone_nano, share.calls - share.undone_calls


def sums(findings: Sequence[Finding]) -> tuple[int, int]:
    """(nano-dollars, calls) of what is left of some findings."""
    return sum(finding.cost_nano for finding in findings), sum(map(calls_of, findings))


def the_rest(findings: Sequence[Finding]) -> str:
    """What goes behind the cost of which closer insights have a part."""
    return "" if are_whole(findings) else ", without what closer insights count"


def quarter_findings(
    rule: PeriodRule, work: PeriodWork, quarters: Iterable[QuarterShare], key: str, **figures: int
) -> Iterator[Finding]:
    """A finding for each session that spent something in these quarters."""
    grouped: dict[str, list[QuarterShare]] = defaultdict(list)
    for quarter in quarters:
        if quarter.nano > 0:
            grouped[quarter.session_id].append(quarter)
    titles = {session.id: session.title for session in work.sessions}
    for id, own in sorted(grouped.items()):
        cost, cheaper, saves = sum(quarter.nano for quarter in own), "", 0
        for model in {quarter.model for quarter in own}:
            on_it = [quarter for quarter in own if quarter.model == model]
            nano, tokens = sum(q.nano for q in on_it), sum((q.tokens for q in on_it), Tokens())
            began_ms = own[0].start_ms
            if found := cheaper_model(nano, tokens, work.rates, times=_TIMES, began_ms=began_ms, used=(model,)):
                cheaper, saves = found.model, saves + nano - found.nano
        yield rule.finding(
            Span(own[0].start_ms, own[-1].end_ms),
            key=key,
            cost_nano=cost,
            saves_nano=saves,
            sure="estimated" if saves else "measured",
            session_id=id,
            title=titles.get(id, id),
            quarters=[quarter_cost(quarter, quarter.nano, is_night=is_night(quarter, work)) for quarter in own],
            is_undone=False,
            calls=sum(quarter.calls for quarter in own),
            night=sum(q.nano for q in own if is_night(q, work)),
            cheaper=cheaper,
            **figures,
        )


def quarter_cost(quarter: QuarterShare, nano: int, *, is_night: bool = False) -> QuarterCost:
    """So much of the cost of a quarter of an hour."""
    return QuarterCost(quarter.session_id, quarter.start_ms, nano, is_night)


def is_night(quarter: QuarterShare, work: PeriodWork) -> bool:
    return work.calendar.local(quarter.start_ms).hour < NIGHT_ENDS


def root_kinds(work: PeriodWork) -> Mapping[str, str]:
    """The kind of use of each session, for a subagent that of its root, which may have spent nothing in the period."""
    kinds = {session.id: session.kind_of_use for session in work.sessions}
    kinds |= {id: kind for id, (_, kind) in work.ancestors.items() if id not in kinds}
    return {id: kinds[root] for id, root in root_ids(work).items()}


def of_it_at_night(findings: Sequence[Finding]) -> str:
    """Such as `, $1.20 of it between 0:00 and 6:00`, to follow an amount; empty if none was spent at night."""
    night = sum_left(findings, NIGHT)
    return f", {format_usd(night)} of it between 0:00 and {NIGHT_ENDS}:00" if night else ""


def root_ids(work: PeriodWork) -> Mapping[str, str]:
    """The root of each session."""
    parents = {session.id: session.parent_id for session in work.sessions}
    parents |= {id: parent_id for id, (parent_id, _) in work.ancestors.items() if id not in parents}
    return roots(tuple(parents), parents)


def sum_shown_of(findings: Sequence[Finding], cost: int) -> str:
    paid = f"{format_usd(cost)}, the sum of those calls{the_rest(findings)}"
    saves = sum(finding.saves_nano for finding in findings)
    if not saves:
        return f"{paid}; what of it was wanted only you know"
    models = ", ".join(dict.fromkeys(bare_name(str(f.figures["cheaper"])) for f in findings if f.figures["cheaper"]))
    return f"{paid}; {format_usd(saves)} less for the same tokens on {models}"
