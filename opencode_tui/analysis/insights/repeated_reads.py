"""The same part of a file read again and again, though nothing had changed it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from opencode_tui.analysis.conversation import uses_by_call
from opencode_tui.analysis.file_changes import changed_file, may_change_files
from opencode_tui.analysis.insights.parts import calls_left, rest_text, without_first
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, project_file_key, where
from opencode_tui.analysis.loops import identity
from opencode_tui.analysis.overhead import is_overhead
from opencode_tui.analysis.tool_kinds import files_opened, looks_something_up
from opencode_tui.money import format_usd, plural
from opencode_tui.paths import last_part
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork


class _Read(Struct, frozen=True):
    call: CallFacts
    turn_id: str


class RepeatedReads(InsightRule):
    """The cost is that of the calls which read the file and did nothing but look.

    A command that showed the file, such as `cat` or `sed -n`, has read it too; each command line is a part of its own.
    A run of reads ends with an edit of the file, with a command that may have changed it, and with a compaction, after
    which the model no longer has what it read.
    """

    name = "repeated_reads"
    lever = "context"
    is_followed_whole = True
    version = 4
    thresholds = (Threshold("repeated_reads", 4),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.most_reads >= self.thresholds[0].of(settings)

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        read = Counter(file for turn in work.turns for use in turn.tools for file in files_opened(use))
        if max(read.values(), default=0) < least:
            return
        did_more = {use.call_id for turn in work.turns for use in turn.tools if not looks_something_up(use)}
        of_file: dict[str, list[list[_Read]]] = defaultdict(list)
        for file, reads in _runs(work):
            run = [read for read in reads if read.call.id not in did_more]
            if len({read.call.id for read in run}) >= least:
                of_file[file].append(run)
        for file, runs in sorted(of_file.items()):
            first = {run[0].call.id for run in runs}
            calls = {read.call.id: read.call for run in runs for read in run}
            again = {id: call.cost_nano for id, call in calls.items() if id not in first}
            yield self.finding(
                *(work, calls.values()),
                key=project_file_key(work, file),
                saved=again,
                file=file,
                runs=1,
            )

    def words(self, findings: Sequence[Finding]) -> Words:
        reads = calls_left(findings)
        cost = sum(finding.cost_nano for finding in findings)
        saves = sum(finding.saves_nano for finding in findings)
        file = last_part(str(findings[0].figures["file"]))
        first = without_first(cost, saves, "row")
        if cost != saves:
            of_it = f"{rest_text(cost, saves)} of it; the others {format_usd(saves)}"
            first = f", the first of each row of reads {of_it}"
        return Words(
            title=f"{file} read {plural(reads, 'time')}",
            what=f"{plural(reads, 'call')} of {where(findings)} did nothing but look, and read {file}, which OpenCode "
            f"had not changed in between: {format_usd(cost)}",
            how=f"say that {file} is in the conversation already, or put what is always needed of it into AGENTS.md",
            sum_shown=f"{plural(reads, 'call')} cost {format_usd(cost)}{first}",
        )


def _runs(work: SessionWork) -> Iterator[tuple[str, list[_Read]]]:
    """Each file with the reads of one part of it between which nothing changed it."""
    running: dict[str, dict[str, list[_Read]]] = {}
    for turn in work.turns:
        uses = uses_by_call(turn.tools)
        for call in turn.calls:
            if is_overhead(call):
                yield from _ended(running)
            for use in uses.get(call.id, ()):
                if may_change_files(use):
                    file = changed_file(use)
                    yield from _ended({file: running.pop(file, {})} if file else running)
                elif use.ok is not False and (part := identity(use)):
                    for file in files_opened(use):
                        running.setdefault(file, {}).setdefault(part, []).append(_Read(call, turn.id))
    yield from _ended(running)


def _ended(running: dict[str, dict[str, list[_Read]]]) -> Iterator[tuple[str, list[_Read]]]:
    for file, parts in running.items():
        yield from ((file, reads) for reads in parts.values())
    running.clear()


RULES = (RepeatedReads(),)
