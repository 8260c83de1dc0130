"""Subagents that only read and search, on a model that costs a multiple of another one in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_tui.analysis.cheaper_models import bare_name, cheaper_model, setting_name
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, where
from opencode_tui.analysis.tool_kinds import changes_nothing, looks_something_up
from opencode_tui.money import format_usd, plural
from opencode_tui.records.calls import Tokens
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

_LEAST_LOOKUPS = 2
OF_ANY_WORK = ("", "general")
"""Agents that do other work as well, which may need their model."""


class SubagentModel(InsightRule):
    """The cost is that of all calls of the subagent; each begins with a context of its own, on whatever model."""

    name = "subagent_model"
    lever = "routing"
    thresholds = (Threshold("subagent_price", 2),)
    version = 4

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.is_subagent and not signs.edit_turns

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        if not work.parent_id:
            return
        tools, calls = work.tools, [call for call in work.calls if call.tokens.total]
        models = {call.model for call in calls}
        lookups = sum(looks_something_up(use) for use in tools)
        if len(models) != 1 or lookups < _LEAST_LOOKUPS or not all(map(changes_nothing, tools)):
            return
        (model,) = models
        cost = sum(call.cost_nano for call in calls)
        cheaper = cheaper_model(
            *(cost, sum((call.tokens for call in calls), Tokens()), work.rates),
            times=self.thresholds[0].of(settings),
            began_ms=work.started_ms,
            used=models,
            context=max(call.tokens.context for call in calls),
            limits=work.limits,
        )
        if cheaper:
            yield self.finding(
                *(work, calls),
                key=work.agent,  # the setting that saves it is one for all of an agent's sessions
                saves_nano=cost - cheaper.nano,
                sure="estimated",
                agent=work.agent,
                model=model,
                cheaper=cheaper.model,
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        named = findings[0].figures
        agent, cheaper = str(named["agent"]), str(named["cheaper"])
        model, prices = (_names(findings, name) for name in ("model", "cheaper"))
        several = f"a model in regular use that costs much less ({prices}, whichever is closest)"
        cost, saves = cost_and_saving(findings)
        kind = f"{agent} subagent" if agent else "subagent"
        return Words(
            title=f"{plural(len(findings), kind)} on {model} only read and searched",
            what=(
                f"{plural(len(findings), kind)} ({where(findings)}) changed nothing and ran on {model}: "
                f"{format_usd(cost)}"
            ),
            how=how_to_set(agent, setting_name(cheaper)),
            sum_shown=(
                f"{format_usd(cost)} on {model}; the same tokens at the price of "
                f"{several if ' or ' in prices else prices}: {format_usd(cost - saves)}"
            ),
        )


def _names(findings: Sequence[Finding], name: str) -> str:
    """The models in this figure of the findings, the costliest finding's first."""
    return " or ".join(dict.fromkeys(bare_name(str(finding.figures[name])) for finding in findings))


def how_to_set(agent: str, model: str) -> str:
    """What to do for a subagent, with the model as OpenCode's settings name it.

    The general agent does other work as well, which may need its model."""
    is_general = agent in OF_ANY_WORK
    setting = f'in opencode.json: "agent": {{"{"explore" if is_general else agent}": {{"model": "{model}"}}}}'
    return f"ask for the explore agent where only reading is needed, and {setting}" if is_general else setting


RULES = (SubagentModel(),)
