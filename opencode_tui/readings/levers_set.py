"""Finds what the levers advise and is set already: in ignore files, in OpenCode's configuration and in AGENTS.md."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from opencode_tui import paths
from opencode_tui.analysis.cheaper_models import setting_name
from opencode_tui.analysis.insights import RULE_OF
from opencode_tui.analysis.insights.large_inputs import advised_lines
from opencode_tui.analysis.insights.subagent_model import OF_ANY_WORK, SubagentModel, how_to_set
from opencode_tui.analysis.unwritten_files import bare_line
from opencode_tui.ledger import lever_queries
from opencode_tui.ledger.environments import file_behind
from opencode_tui.pricing.files import xdg
from opencode_tui.readings.agent_models import model_of, text_of_place
from opencode_tui.readings.context import Context
from opencode_tui.records.insights import Insight
from opencode_tui.records.levers import AppliedChange, GeneratedReads, LeverEvidence, SubagentSpend

_IGNORE_FILES = (".ignore", ".gitignore")
_NAME = re.compile(r"[^a-z0-9.]+")


class SettingsInPlace:
    """Reads the files each time. What cannot be read is taken as not set."""

    def __init__(self, context: Context) -> None:
        self._connection, self._calendar, self._now_ms = context.connection, context.calendar, context.now_ms
        ledger = file_behind(context.connection)
        self._applied = () if ledger is None else applied_changes(folder_of_changes(ledger))

    def marked(
        self,
        evidence: LeverEvidence,
        generated: Sequence[GeneratedReads] = (),
        subagents: Sequence[SubagentSpend] = (),
        *,
        has_long_sessions: bool = False,
    ) -> LeverEvidence:
        """The evidence with what is set already, and as its advice the first insight's that is not.

        The other arguments are what a change of a file would be offered for; see LeversView.
        """
        found = {insight.id: self._of_insight(insight) for insight in evidence.insights}
        already = [*found.values()]
        if evidence.lever == "context":
            for project in dict.fromkeys(each.project for each in generated):
                already.append(self._ignored(project, [each.line for each in generated if each.project == project]))
        if evidence.lever == "routing":
            already += [self._model(each.agent, setting_name(each.cheaper), each.directories) for each in subagents]
        if evidence.lever == "compaction" and has_long_sessions:
            already.append(self._hint())
        sentences = tuple(dict.fromkeys(filter(None, already)))
        left = next((each.how for each in evidence.insights if not found[each.id]), "")
        return msgspec.structs.replace(evidence, already=sentences, advice=left) if sentences else evidence

    def _of_insight(self, insight: Insight) -> str:
        """Where that which the insight advises is set; empty if it is not, or is no setting."""
        if insight.lever == "compaction":
            return self._hint()
        if lines := advised_lines(insight.how):
            return self._ignored(insight.key, lines)
        if not isinstance(RULE_OF.get(insight.rule), SubagentModel) or insight.key in OF_ANY_WORK:
            return ""
        directories = lever_queries.directories_of(self._connection, [each.id for each in insight.sessions])
        _, model = model_of(insight.key, directories)
        return self._model(insight.key, model, directories) if insight.how == how_to_set(insight.key, model) else ""

    def _ignored(self, project: str, lines: Sequence[str]) -> str:
        folder = Path(project)
        if not folder.is_absolute():
            return ""
        parts, left = [], list(lines)
        for file in (folder / name for name in _IGNORE_FILES):
            known = {bare_line(line) for line in text_of_place(file).splitlines()}
            if here := [line for line in left if bare_line(line) in known]:
                left = [line for line in left if line not in here]
                parts.append(f"{paths.tilde(file)} has {', '.join(here)}{self._since('context', file)}")
        rest = "; a file that is read by its name is read all the same"
        return "" if left or not parts else f"{' and '.join(parts)}{rest}"

    def _model(self, agent: str, wanted: str, directories: Sequence[str]) -> str:
        file, model = model_of(agent, directories)
        if file is None or model != wanted:
            return ""
        since = self._since("routing", file, f"model-{slug(agent)}")
        return f"the model of the subagent {agent} is {model} by {paths.tilde(file)}{since}"

    def _hint(self) -> str:
        file = xdg(os.environ, "XDG_CONFIG_HOME", paths.home() / ".config") / "AGENTS.md"
        if "/compact" not in text_of_place(file):
            return ""
        return f"{paths.tilde(file)} speaks of /compact{self._since('compaction', file)}"

    def _since(self, lever: str, file: Path, name: str = "") -> str:
        """Since when, if `levers apply` wrote it."""
        place = str(file.resolve())
        for each in reversed(self._applied):
            if (each.lever, each.file, each.undone_ms) == (lever, place, None) and name in ("", each.name):
                return f", since {self._calendar.moment(each.applied_ms, self._now_ms)}"
        return ""


def folder_of_changes(ledger: Path) -> Path:
    """Where the changes that were applied are kept."""
    return ledger.parent / "levers"


def applied_changes(folder: Path) -> tuple[AppliedChange, ...]:
    """The changes in the order in which they were applied; a file that is none of ours is left out."""
    found = []
    for file in folder.glob("*.json") if paths.is_folder(folder) else ():
        with suppress(ValueError, msgspec.ValidationError):
            found.append(msgspec.convert(json.loads(text_of_place(file)), AppliedChange))
    return tuple(sorted(found, key=lambda each: each.id))


def slug(text: str) -> str:
    """A part of a change's name."""
    return _NAME.sub("-", text.casefold()).strip("-") or "agent"
