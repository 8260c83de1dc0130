"""Reads what a period shows for each lever, and what changes of files follow from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from opencode_tui.analysis.cheaper_models import cheaper_model
from opencode_tui.analysis.insights import RULE_OF
from opencode_tui.analysis.insights.subagent_model import OF_ANY_WORK, SubagentModel
from opencode_tui.analysis.quota_words import pace_text, percent_text, switch_text, window_text
from opencode_tui.analysis.tool_kinds import changes_nothing, files_shown
from opencode_tui.analysis.unwritten_files import ignore_line
from opencode_tui.clock import Span
from opencode_tui.ledger import lever_queries
from opencode_tui.ledger.session_work_queries import latest_rates
from opencode_tui.readings.breakdown import read_breakdown
from opencode_tui.readings.context import Context
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.levers_set import SettingsInPlace
from opencode_tui.readings.periods import days, span_of
from opencode_tui.readings.quotas import read_quotas
from opencode_tui.records.answers import LeverList
from opencode_tui.records.breakdown import Measures
from opencode_tui.records.calls import Tokens
from opencode_tui.records.insights import LEVERS, Insight, Lever
from opencode_tui.records.levers import (
    GeneratedReads,
    LeverEvidence,
    LeversView,
    LongSessions,
    MixedSubagent,
    SubagentSpend,
)
from opencode_tui.records.model_key import split_key
from opencode_tui.records.requests import BreakdownRequest, Filter, InsightsRequest, LeversRequest, QuotasRequest

MANY_TURNS = 20
"""A session with more turns is long."""
_LEAST_READS = 3
_LEAST_SAVING_NANO = 10_000_000
_SUBAGENT_PRICE = SubagentModel.thresholds[0]


def read_levers(period: str, context: Context) -> LeversView:
    """The levers of a period with its insights. Raises ValueError with a sentence for an unknown period."""
    insights = read_insights(InsightsRequest(period), context).insights
    first, last, label = days(period, None, None, context)
    span = span_of(first, last, label, context)
    subagents, used = _subagents(period, span, context)
    generated = tuple(_generated(span, context))
    long = LongSessions(*lever_queries.long_sessions(context.connection, span, MANY_TURNS))
    in_place = SettingsInPlace(context)
    return LeversView(
        label=label,
        first=first,
        last=last,
        levers=tuple(
            in_place.marked(_with_quotas(each, context), generated, subagents, has_long_sessions=bool(long.sessions))
            for each in lever_evidence(insights)
        ),
        generated=generated,
        subagents=tuple(subagents),
        long_sessions=long,
        mixed=tuple(_mixed(insights, used, {each.agent for each in subagents})),
    )


def read_lever_list(request: LeversRequest, context: Context) -> LeverList:
    """The levers without what could be changed in a file. Raises ValueError with a sentence for an unknown period."""
    insights = read_insights(InsightsRequest(request.period), context)
    evidence = lever_evidence(insights.insights)
    in_place = SettingsInPlace(context)
    levers = tuple(in_place.marked(_with_quotas(each, context)) for each in evidence)
    return LeverList(request, context.now_ms, levers, insights)


def lever_evidence(insights: Iterable[Insight]) -> tuple[LeverEvidence, ...]:
    """The insights by lever with what they cost together, in the order of LEVERS; no two have the same money."""
    found: dict[Lever, list[Insight]] = defaultdict(list)
    for insight in sorted(insights, key=lambda insight: (-insight.saves_nano, -insight.cost_nano, insight.key)):
        if insight.state == "new":
            found[insight.lever].append(insight)
    return tuple(
        LeverEvidence(lever, tuple(own), sum(each.cost_nano for each in own), sum(each.saves_nano for each in own))
        for lever, own in ((lever, found[lever]) for lever in LEVERS)
    )


def _with_quotas(evidence: LeverEvidence, context: Context) -> LeverEvidence:
    """The quota's lever with how full each plan is now, and the model to switch to where one is nearly full."""
    if evidence.lever != "quota":
        return evidence
    plans, now_ms, calendar = read_quotas(QuotasRequest(), context).plans, context.now_ms, context.calendar
    facts = tuple(
        f"{plan.name}: {percent_text(window)} of {window_text(window.name)}, {pace_text(window, now_ms, calendar)}"
        for plan in plans
        for window in plan.windows
    )
    switches = [switch_text(plan.switch, now_ms, calendar) for plan in plans if plan.switch is not None]
    return replace(evidence, facts=facts, advice=switches[0] if switches else "")


def _generated(span: Span, context: Context) -> list[GeneratedReads]:
    """Reads of such files, of which a kind was read a few times at least; none of which files are edited as well."""
    reads: dict[tuple[str, str], int] = defaultdict(int)
    costs: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    written: set[tuple[str, str]] = set()
    for use in lever_queries.uses_of_files(context.connection, span):
        files = (use.tool.target,) if use.is_edit else files_shown(use.tool)
        for line in {ignore_line(file, use.project) for file in files} - {""}:
            key = use.project, line
            if use.is_edit:
                written.add(key)
            else:
                reads[key] += 1
                costs[key][use.tool.call_id] = use.cost_nano
    found = [
        GeneratedReads(*key, reads=count, cost_nano=sum(costs[key].values()))
        for key, count in reads.items()
        if count >= _LEAST_READS and key not in written
    ]
    return sorted(found, key=lambda each: (-each.cost_nano, each.project, each.line))


def _mixed(
    insights: Iterable[Insight], used: Mapping[str, tuple[str, ...]], offered: Collection[str]
) -> Iterator[MixedSubagent]:
    """The subagents for which an insight names a setting that is not offered; `used` has the models of each."""
    for insight in insights:
        agent, is_named = insight.key, isinstance(RULE_OF.get(insight.rule), SubagentModel)
        if is_named and insight.state == "new" and agent in used.keys() - offered:
            yield MixedSubagent(agent, used[agent], insight.how)


def _subagents(period: str, span: Span, context: Context) -> tuple[list[SubagentSpend], dict[str, tuple[str, ...]]]:
    """The subagents that changed nothing and would cost less on one cheaper model, and the models that each used."""
    readers = {
        agent: facts
        for agent, facts in lever_queries.subagents(context.connection, span).items()
        if agent not in OF_ANY_WORK and all(map(changes_nothing, facts.tools))
    }
    if not readers:
        return [], {}
    request = BreakdownRequest(("agent", "model"), period, where=(Filter("kind", ("subagent",)),), details=False)
    spent: dict[str, dict[str, Measures]] = defaultdict(dict)
    for row in read_breakdown(request, context).rows:
        agent, model = row.keys
        spent[agent][model] = row.measures
    rates = latest_rates(context.connection)
    limits = _limits(rates, context)
    found, used = [], {}
    for agent in readers.keys() & spent.keys():
        parts = sorted(spent[agent].items(), key=lambda part: (-part[1].spend_nano, part[0]))
        used[agent] = models = tuple(model for model, _ in parts)
        cost = sum(part.spend_nano for _, part in parts)
        cheaper = cheaper_model(
            *(cost, sum((part.tokens for _, part in parts), Tokens()), rates),
            times=_SUBAGENT_PRICE.of(context.settings.insights.options),
            began_ms=span.start_ms,
            used=models,
            context=readers[agent].context,
            limits=limits,
        )
        if cheaper is not None and cost - cheaper.nano >= _LEAST_SAVING_NANO:
            calls = sum(part.calls for _, part in parts)
            spend = SubagentSpend(agent, models, calls, cost, cheaper.model, cheaper.nano, readers[agent].directories)
            found.append(spend)
    return sorted(found, key=lambda each: (each.cheaper_nano - each.spend_nano, each.agent)), used


def _limits(models: Iterable[str], context: Context) -> dict[str, int]:
    """The context limits that are known."""
    if context.limits is None:
        return {}
    known = ((model, context.limits.context_limit(*split_key(model))) for model in models)
    return {model: limit for model, limit in known if limit is not None}
