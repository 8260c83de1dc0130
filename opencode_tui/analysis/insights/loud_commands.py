"""Builds and tests whose output filled the context."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from opencode_tui.analysis.call_figures import listed, reached
from opencode_tui.analysis.context_inputs import FRESH, ContextInput, context_inputs, paid_inputs, sum_of_inputs
from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.money import plural, tokens_text
from opencode_tui.records.facts import ToolFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

_LEAST_TIMES = 2


class LoudCommands(InsightRule):
    """The cost is worked out from how the context grew with the next call, as the size of an output is not recorded."""

    name = "loud_commands"
    lever = "context"
    version = 4
    thresholds = (Threshold("loud_command_tokens", 5000),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.loud >= _LEAST_TIMES

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        by_command: dict[str, list[ContextInput]] = defaultdict(list)
        for each in context_inputs(work, ("bash",), _is_build_or_test, least):
            commands = {use.target for use in each.uses}
            if len(commands) == 1 and each.tokens >= least * len(each.uses):
                by_command[commands.pop()].append(each)
        for command, inputs in sorted(by_command.items()):
            if len(inputs) >= _LEAST_TIMES:
                paid = paid_inputs(inputs)
                yield self.finding(
                    *(work, paid.calls),
                    key=command,
                    shares=paid.shares,
                    saved=paid.shares,
                    each={FRESH: paid.fresh, "input": paid.last},
                    sure="estimated",
                    command=command,
                    tokens_of_input=listed(accumulate(each.tokens for each in inputs)),
                    times_of_input=listed(accumulate(len(each.uses) for each in inputs)),
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        times, tokens = max(1, reached(findings, "times", "input")), reached(findings, "tokens", "input")
        command = str(findings[0].figures["command"])
        return Words(
            title=f"{command} filled the context with {tokens_text(tokens)} tokens",
            what=(
                f"{command} ran {plural(times, 'time')} in {where(findings)}, and its output added about "
                f"{tokens_text(tokens // times)} tokens each time"
            ),
            how=f"tell it in AGENTS.md to run {command} quietly, or with its output cut to what failed",
            sum_shown=sum_of_inputs(findings, tokens),
        )


def _is_build_or_test(use: ToolFacts) -> bool:
    return not deed_of(use.name, use.target, use.ok).kinds.isdisjoint(("build", "test"))


RULES = (LoudCommands(),)
