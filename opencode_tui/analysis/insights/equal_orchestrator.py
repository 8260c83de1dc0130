"""An orchestrator that works as much itself as the cheaper model to which it hands the work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.cheaper_models import bare_name, cheaper_model
from opencode_tui.analysis.insights.parts import calls_left
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, figure, where
from opencode_tui.analysis.tool_kinds import is_hands_on
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.calls import Tokens
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import ChildWork, SessionWork

_TIMES = 2
_MOSTLY_ALONE = 60
"""The percentage of the tokens above which a session works for itself, and now and then hands something over."""
_READERS = ("explore", "plan")
"""Agents of OpenCode's own that edit nothing."""
_FIXING = ("coding", "refactoring", "debugging", "testing", "documentation", "build and deploy")


class EqualOrchestrator(InsightRule):
    """The cost is that of the orchestrator's own calls that read, edited or ran commands, which the fixer could do."""

    name = "equal_orchestrator"
    lever = "routing"
    is_about_subagents = True
    thresholds = (Threshold("orchestrator_share", 40, "percent"),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        its, below = signs.family.own_tokens, signs.family.tokens
        return signs.family.many > 0 and its * 100 // max(1, its + below) <= _MOSTLY_ALONE

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        fixers: dict[str, list[ChildWork]] = defaultdict(list)
        for child in work.children:
            if (child.task in _FIXING or child.agent == "fixer") and child.agent not in _READERS:
                fixers[child.model].append(child)
        if not fixers:
            return
        by_model: dict[str, int] = defaultdict(int)
        for call in work.calls:
            by_model[call.model] += call.cost_nano
        model = max(sorted(by_model), key=lambda each: by_model[each], default="")
        fixers.pop(model, None)
        hands_on = {use.call_id for use in work.tools if is_hands_on(use)}
        asking = {use.call_id for use in work.tools if use.child_session_id}
        own = [call for call in work.calls if call.model == model]
        calls = [call for call in own if call.id in hands_on - asking]
        tokens, cost = sum((call.tokens for call in calls), Tokens()), sum(call.cost_nano for call in calls)
        rates = {each: replace(work.rates[each], worked_ms=0) for each in (model, *fixers) if each in work.rates}
        context = max((call.tokens.context for call in calls), default=0)
        cheaper = cheaper_model(
            *(cost, tokens, rates),
            times=_TIMES,
            began_ms=0,  # the fixers worked in this session
            used=(model,),
            context=context,
            limits=work.limits,
        )
        if not cheaper:
            return
        its = sum(call.tokens.total for call in own)
        fixed = sum(child.tokens.total for child in fixers[cheaper.model])
        if self.thresholds[0].of(settings) <= its * 100 // (its + fixed) <= _MOSTLY_ALONE:
            yield self.finding(
                *(work, calls),
                key=f"{model} {cheaper.model}",
                saves_nano=cost - cheaper.nano,
                sure="estimated",
                model=model,
                fixer=cheaper.model,
                agent=fixers[cheaper.model][0].agent,
                tokens=its,
                fixer_tokens=fixed,
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        named = findings[0].figures
        model, fixer = bare_name(str(named["model"])), bare_name(str(named["fixer"]))
        cost, saves = cost_and_saving(findings)
        own, fixed = (sum(figure(finding, name) for finding in findings) for name in ("tokens", "fixer_tokens"))
        calls = calls_left(findings)
        agent = str(named["agent"]) or "the subagent"
        return Words(
            title=f"{model} works as much as {fixer}, to which it hands the work",
            what=(
                f"in {where(findings)} {model} used {own * 100 // (own + fixed)}% of the tokens ({tokens_text(own)}), "
                f"its subagents on {fixer} {tokens_text(fixed)}; {plural(calls, 'call')} of {model} read, edited or "
                f"ran commands: {format_usd(cost)}"
            ),
            how=f"let {model} plan and {agent} do it: deny {model}'s agent edit and bash in opencode.json",
            sum_shown=(
                f"{format_usd(cost)} on {model}; the same tokens at the price of {fixer}: {format_usd(cost - saves)}"
            ),
        )


RULES = (EqualOrchestrator(),)
