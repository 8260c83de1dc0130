"""Build output, installed packages, generated code and lock files that were read into the context."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from msgspec import Struct

from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, figure, where
from opencode_tui.analysis.loops import is_edit
from opencode_tui.analysis.overhead import is_overhead
from opencode_tui.analysis.unwritten_files import ignore_line
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.session import CallRates
from opencode_tui.records.work import SessionWork

_READERS = ("read", "grep")
_SMALL = frozenset((*EDIT_TOOLS, "todowrite", "todoread", "glob"))
"""Tools whose output adds next to nothing to the context."""
_CACHED_PERCENT = 90
_MILLION = 1_000_000


class _Input(Struct, frozen=True):
    """What the reading of such files by one call added to the context."""

    files: tuple[str, ...]
    tokens: int
    paid_by: CallFacts
    """The next call, which read it first."""
    fresh_nano: int
    carried: int
    """The calls after that one which read it from the cache."""
    carried_nano: int


class LargeInputs(InsightRule):
    """The cost is worked out from how the context grew with the next call, as the size of an output is not recorded."""

    name = "large_inputs"
    lever = "context"
    thresholds = (Threshold("large_input_tokens", 5000),)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        inputs = [each for each in _inputs(work) if each.tokens >= least and each.fresh_nano]
        if not inputs:
            return
        files = tuple(dict.fromkeys(file for each in inputs for file in each.files))
        fresh, carried = sum(each.fresh_nano for each in inputs), sum(each.carried_nano for each in inputs)
        yield self.finding(
            *(work, [each.paid_by for each in inputs]),
            key=work.project or work.directory,
            cost_nano=fresh + carried,
            saves_nano=fresh + carried,
            sure="estimated",
            file=last_part(files[0]),
            files=len(files),
            lines=" ".join(dict.fromkeys(ignore_line(file, work.directory) for file in files)),
            directory=work.project or work.directory,
            tokens=sum(each.tokens for each in inputs),
            carried=sum(each.carried for each in inputs),
            fresh_nano=fresh,
            carried_nano=carried,
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        files, tokens, carried, fresh_nano, carried_nano = (
            sum(figure(finding, name) for finding in findings)
            for name in ("files", "tokens", "carried", "fresh_nano", "carried_nano")
        )
        lines = ", ".join(dict.fromkeys(line for each in findings for line in str(each.figures["lines"]).split()))
        named = f"{findings[0].figures['file']}" + (f" and {files - 1} more" if files > 1 else "")
        return Words(
            title=f"{named} read: {tokens_text(tokens)} tokens that nobody wrote",
            what=(
                f"{where(findings)} read {named}, {plural(files, 'file')} of packages, builds or generators, which "
                f"added {tokens_text(tokens)} tokens to the context"
            ),
            how=f"add to .ignore in the project: {lines}; and tell it in AGENTS.md not to read them",
            sum_shown=(
                f"{tokens_text(tokens)} tokens, by how much the context grew: {format_usd(fresh_nano)} when first "
                f"read, and {format_usd(carried_nano)} for {plural(carried, 'call')} that read them from the cache"
            ),
        )


def _inputs(work: SessionWork) -> Iterator[_Input]:
    """What was read of such files, where it can be told from what else was read."""
    line_of = partial(ignore_line, directory=work.directory)
    if not any(use.name in _READERS and line_of(use.target) for use in work.tools):
        return
    calls = [call for call in work.calls if call.tokens.context and not is_overhead(call)]
    uses: dict[str, list[ToolFacts]] = defaultdict(list)
    for use in work.tools:
        uses[use.call_id].append(use)
    written = {line_of(use.target) for use in work.tools if is_edit(use)} - {""}
    for place, (call, next_call) in enumerate(pairwise(calls)):
        loud = [use for use in uses[call.id] if use.name not in _SMALL]
        lines = {line_of(use.target) if use.name in _READERS else "" for use in loud}
        if not loud or "" in lines or lines & written or call.model != next_call.model:
            continue
        tokens = next_call.tokens.context - call.tokens.context - call.tokens.output
        rates = work.rates.get(call.model)
        if tokens <= 0 or rates is None or call.turn_id != next_call.turn_id:
            continue
        carried = _carried(calls[place + 1 :])
        fresh = min(tokens * _fresh_rate(next_call, rates) // _MILLION, next_call.cost_nano)
        yield _Input(
            tuple(dict.fromkeys(use.target for use in loud)),
            *(tokens, next_call, fresh, carried, tokens * carried * rates.cache_read // _MILLION),
        )


def _carried(calls: Sequence[CallFacts]) -> int:
    """How many calls after the first of these go on with its context, cached, on the same model."""
    many = 0
    for before, call in pairwise(calls):
        if call.model != before.model or call.tokens.context < before.tokens.context:
            break
        is_cached = call.tokens.cache_read * 100 >= _CACHED_PERCENT * before.tokens.context
        many += is_cached and call.cost_nano > 0
    return many


def _fresh_rate(call: CallFacts, rates: CallRates) -> int:
    """The rate at which a call paid for what it read for the first time: that of the cache if it wrote most of it."""
    return rates.cache_write if call.tokens.cache_write > call.tokens.input else rates.input


RULES = (LargeInputs(),)
