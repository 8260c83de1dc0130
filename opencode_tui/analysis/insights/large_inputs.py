"""Build output, logs, installed packages, generated code and lock files that were read into the context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate

from opencode_tui.analysis.call_figures import listed, reached
from opencode_tui.analysis.context_inputs import FRESH, ContextInput, context_inputs, paid_inputs, sum_of_inputs
from opencode_tui.analysis.insights.rule import InsightRule, InsightSettings, where
from opencode_tui.analysis.loops import is_edit
from opencode_tui.analysis.tool_kinds import files_shown
from opencode_tui.analysis.unwritten_files import ignore_line
from opencode_tui.money import plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.facts import ToolFacts
from opencode_tui.records.insights import Finding, Threshold, Words
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

_ADVICE, _REST = "add to .ignore in the project: ", "; and tell it in AGENTS.md not to read them"


class LargeInputs(InsightRule):
    """The cost is worked out from how the context grew with the next call, as the size of an output is not recorded."""

    name = "large_inputs"
    lever = "context"
    version = 6
    thresholds = (Threshold("large_input_tokens", 5000),)

    def may_find(self, signs: SessionSigns, settings: InsightSettings) -> bool:
        return signs.unwritten > 0

    def find(self, work: SessionWork, settings: InsightSettings) -> Iterator[Finding]:
        least = self.thresholds[0].of(settings)
        inputs = list(_inputs(work, least))
        if not inputs:
            return
        paid = paid_inputs(inputs)
        files: dict[str, None] = {}
        known: list[int] = []
        for each in inputs:
            files.update(dict.fromkeys(file for use in each.uses for file in files_shown(use)))
            known.append(len(files))
        yield self.finding(
            *(work, paid.calls),
            key=work.project or work.directory,
            shares=paid.shares,
            saved=paid.shares,
            each={FRESH: paid.fresh, "input": paid.last},
            sure="estimated",
            file=last_part(next(iter(files))),
            lines=" ".join(dict.fromkeys(ignore_line(file, work.directory) for file in files)),
            directory=work.project or work.directory,
            tokens_of_input=listed(accumulate(each.tokens for each in inputs)),
            files_of_input=listed(known),
        )

    def words(self, findings: Sequence[Finding]) -> Words:
        files, tokens = (reached(findings, name, "input") for name in ("files", "tokens"))
        lines = ", ".join(dict.fromkeys(line for each in findings for line in str(each.figures["lines"]).split()))
        files = max(1, files)
        named = f"{findings[0].figures['file']}" + (f" and {files - 1} more" if files > 1 else "")
        return Words(
            title=f"{named} read: {tokens_text(tokens)} tokens that nobody wrote",
            what=(
                f"{where(findings)} read {named}, {plural(files, 'file')} of packages, builds, logs or generators, "
                f"which added {tokens_text(tokens)} tokens to the context"
            ),
            how=f"{_ADVICE}{lines}{_REST}",
            sum_shown=sum_of_inputs(findings, tokens),
        )


def _inputs(work: SessionWork, least: int) -> Iterator[ContextInput]:
    """The reading of such files; a folder of which the session itself edits files is somebody's own."""
    line_of = partial(ignore_line, directory=work.directory)
    written = {"", *(line_of(use.target) for use in work.tools if is_edit(use))}

    def is_unwritten(use: ToolFacts) -> bool:
        files = files_shown(use)
        return bool(files) and all(line_of(file) not in written for file in files)

    return context_inputs(work, ("read", "grep", "bash"), is_unwritten, least)


def advised_lines(how: str) -> tuple[str, ...]:
    """The lines for a project's ignore file in what an insight of this rule says to do; none in that of another."""
    if not (how.startswith(_ADVICE) and how.endswith(_REST)):
        return ()
    return tuple(how.removeprefix(_ADVICE).removesuffix(_REST).split(", "))


RULES = (LargeInputs(),)
