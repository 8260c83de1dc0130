"""Subagents that cost a multiple of the session that asked for them, on no cheaper model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.call_figures import groups_left, saving_calls
from opencode_tui.analysis.cheaper_models import bare_name, price_of_tokens
from opencode_tui.analysis.insights.fan_out import FAN_OUT
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, cost_and_saving, figure, where
from opencode_tui.analysis.subagents import cheapest_starts, started_by_turn, sum_of_starts, total_nano
from opencode_tui.money import format_usd, plural
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import ChildWork, SessionWork


class CostlySubagents(InsightRule):
    """The cost is that of the subagents on the session's own model or a more expensive one."""

    name = "costly_subagents"
    lever = "context"
    is_about_subagents = True
    reach = "broad"
    version = 2
    thresholds = (Threshold("subagent_cost", 3),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return (
            not signs.is_subagent
            and signs.family.many > 1
            and signs.family.nano >= self.thresholds[0].of(settings) * signs.nano
        )

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        if work.parent_id or not work.children or _fans_out(work, settings):  # a fan-out is the closer cause
            return
        own, below, times = work.cost_nano, total_nano(work.children), self.thresholds[0].of(settings)
        if below < times * own or not own:
            return
        by_model: dict[str, int] = defaultdict(int)
        for call in work.calls:
            by_model[call.model] += call.cost_nano
        model = max(sorted(by_model), key=lambda each: by_model[each])
        costly = [child for child in work.children if child.nano and _is_no_cheaper(child, model, work)]
        if len(costly) > 1 and total_nano(costly) >= times * own:
            yield self.finding_on(
                *(work, costly),
                key=model,
                saved=cheapest_starts(costly, len(costly) - 1),
                model=model,
                whole_nano=total_nano(costly),
                own_nano=own,
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        cost, starts = cost_and_saving(findings)
        many = max(1, groups_left(findings, "child"))
        whole, own = (max(1, sum(figure(each, name) for each in findings)) for name in ("whole_nano", "own_nano"))
        model = bare_name(str(findings[0].figures["model"]))
        return Words(
            title=f"{plural(many, 'subagent')} cost {whole // own}× the session that asked for them",
            what=(
                f"{plural(many, 'subagent')} of {where(findings)} cost {format_usd(cost)}, the session itself "
                f"{format_usd(own)}, and none ran on a cheaper model than its {model}"
            ),
            how="give the subagents a cheaper model in opencode.json, or ask the session itself to do the work",
            sum_shown=sum_of_starts(cost, starts, saving_calls(findings)),
        )


def _fans_out(work: SessionWork, settings: InsightSettings) -> bool:
    least = FAN_OUT.of(settings)
    return bool(least) and any(len(started) >= least for _, started in started_by_turn(work))


def _is_no_cheaper(child: ChildWork, model: str, work: SessionWork) -> bool:
    """Whether the subagent's tokens cost as much on the session's model as they did, or less."""
    if child.model == model:
        return True
    rates = work.rates.get(model)
    return rates is not None and 0 < price_of_tokens(child.tokens, rates) <= child.nano


RULES = (CostlySubagents(),)
