"""A large file read raw in turn after turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from opencode_tui.analysis.call_figures import sum_left
from opencode_tui.analysis.context_inputs import fresh_rate
from opencode_tui.analysis.conversation import uses_by_call
from opencode_tui.analysis.insights.parts import calls_left, without_first
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, project_file_key, where
from opencode_tui.analysis.overhead import is_overhead
from opencode_tui.analysis.tool_kinds import files_opened
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork

_TURNS = 3
"""The least number of turns that read the file."""
_MILLION = 1_000_000


class _Read(Struct, frozen=True):
    turn_id: str
    after: CallFacts
    """The call that got the file as its input."""
    tokens: int
    nano: int


class LargeReads(InsightRule):
    """How large a file was is what the context grew by from the call that read it, and nothing else, to the next one.

    The cost is estimated: what those tokens cost when they were first read, once each time, though they were sent with
    later calls too.
    """

    name = "large_reads"
    lever = "context"
    is_followed_whole = True
    version = 5
    thresholds = (Threshold("large_read_tokens", 10_000),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.turns >= _TURNS and signs.most_reads >= _TURNS

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        of_file: dict[str, list[_Read]] = defaultdict(list)
        for turn in work.turns if len(work.turns) >= _TURNS else ():
            for file, read in _reads(turn, work):
                if read.tokens >= least:
                    of_file[file].append(read)
        for file, reads in sorted(of_file.items()):
            if len({read.turn_id for read in reads}) >= _TURNS:
                yield self.finding(
                    *(work, [read.after for read in reads]),
                    key=project_file_key(work, file),
                    shares={read.after.id: read.nano for read in reads},
                    saved={read.after.id: read.nano for read in reads[1:]},
                    sure="estimated",
                    file=file,
                    each={"tokens": {read.after.id: read.tokens for read in reads}},
                    runs=1,
                )

    def words(self, findings: Sequence[Finding]) -> Words:
        reads, tokens = max(1, calls_left(findings)), sum_left(findings, "tokens")
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        file = last_part(str(findings[0].figures["file"]))
        return Words(
            title=f"{file} read whole {plural(reads, 'time')}",
            what=f"{where(findings)} read {file} {plural(reads, 'time')}, about "
            f"{tokens_text(tokens // reads)} tokens each time",
            how=f"ask for the lines of {file} that matter, which read takes as offset and limit, or have it searched; "
            "a summary in AGENTS.md is read once a session",
            sum_shown=f"{tokens_text(tokens)} tokens when first read: {format_usd(cost)}"
            f"{without_first(cost, saves, 'session')}",
        )


def _reads(turn: TurnWork, work: SessionWork) -> Iterator[tuple[str, _Read]]:
    """The files that were read alone in a call of the turn, whose next call cost something."""
    asked = uses_by_call(turn.tools)
    for call, after in pairwise(turn.calls):
        uses, rates = asked.get(call.id, ()), work.rates.get(after.model)
        if len(uses) != 1 or not uses[0].ok or rates is None or len(files := files_opened(uses[0])) != 1:
            continue
        if call.model == after.model and not is_overhead(after) and call.tokens.context and after.cost_nano:
            written = call.tokens.output + call.tokens.reasoning
            tokens = after.tokens.context - call.tokens.context - written
            paid = min(tokens, after.tokens.input + after.tokens.cache_write)
            nano = min(after.cost_nano, max(0, paid) * fresh_rate(after, rates) // _MILLION)
            yield files[0], _Read(turn.id, after, paid, nano)


RULES = (LargeReads(),)
