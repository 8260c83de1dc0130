"""The changes of files that the levers offer for what a period shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from opencode_tui import paths
from opencode_tui.analysis.cheaper_models import setting_name
from opencode_tui.analysis.unwritten_files import bare_line
from opencode_tui.cli import Trouble
from opencode_tui.cli.levers.agents import ElsewhereError, file_of_agent
from opencode_tui.cli.levers.place import followed, text_of
from opencode_tui.guard.install import config_dir
from opencode_tui.money import format_usd, plural
from opencode_tui.pricing.jsonc_editing import with_json_string
from opencode_tui.readings.agent_models import model_of
from opencode_tui.readings.levers_set import slug
from opencode_tui.records.levers import FileChange, GeneratedReads, LeversView, MixedSubagent, NotOffered, SubagentSpend

HINT = (
    "- When a session has gone on for about 20 turns, or something new begins, say in one short line that /compact or a"
    " new session makes the next turns cheaper.\n"
)
_HINT_TOKENS = 40


def offered_changes(view: LeversView) -> tuple[list[FileChange], list[NotOffered]]:
    """(the changes, why others are not offered), in the order of the levers."""
    changes: list[FileChange] = []
    by_hand: list[NotOffered] = []
    for make in (_ignore_lines, _subagent_models, _compact_hint):
        changes += make(view, by_hand)
    return changes, by_hand


def _ignore_lines(view: LeversView, by_hand: list[NotOffered]) -> Iterator[FileChange]:
    """A `.ignore` for each project, which OpenCode's grep and glob follow, as ripgrep does."""
    projects = dict.fromkeys(each.project for each in view.generated)
    taken: list[str] = []
    for project in projects:
        folder = Path(project)
        if not folder.is_absolute() or folder in (Path("/"), paths.home()) or not paths.is_folder(folder):
            continue
        taken.append(_unique(f"ignore-{folder.name}", taken))
        try:
            change = _ignoring(folder, taken[-1], [each for each in view.generated if each.project == project])
        except Trouble as trouble:
            by_hand.append(NotOffered("context", str(trouble)))
            continue
        if change is not None:
            yield change


def _ignoring(folder: Path, name: str, reads: Sequence[GeneratedReads]) -> FileChange | None:
    file = followed(folder / ".ignore")
    before = text_of(file)
    known = {bare_line(line) for line in (before or "").splitlines()}
    with suppress(Trouble):
        known |= {bare_line(line) for line in (text_of(folder / ".gitignore") or "").splitlines()}
    new = [each for each in reads if bare_line(each.line) not in known]
    if not new:
        return None
    end = "\r\n" if "\r\n" in (before or "") else "\n"
    text = before or ""
    if text and not text.endswith("\n"):
        text += end
    count, cost = sum(each.reads for each in new), format_usd(sum(each.cost_nano for each in new))
    return FileChange(
        name,
        "context",
        file,
        before,
        text + "".join(f"{each.line}{end}" for each in new),
        f"{plural(count, 'read')} of generated or installed files, by calls that cost {cost}. With these lines"
        " OpenCode's grep and glob leave such files out, as ripgrep does wherever it is used; a file that is read by"
        " its name is read all the same.",
    )


def _subagent_models(view: LeversView, by_hand: list[NotOffered]) -> Iterator[FileChange]:
    """The model of a subagent in OpenCode's own settings, which 1.x and 2.x read alike."""
    taken: list[str] = []
    for each in view.subagents:
        set_by, model = model_of(each.agent, each.directories)
        if set_by is not None and model == setting_name(each.cheaper):
            by_hand.append(_is_set(each, set_by))
            continue
        try:
            taken.append(_unique(f"model-{each.agent}", taken))
            change = _cheaper(each, taken[-1])
        except Trouble as trouble:
            by_hand.append(NotOffered("routing", str(trouble)))
            continue
        if change.after != change.before:
            yield change
        else:
            by_hand.append(_is_set(each, change.file))
    by_hand += [NotOffered("routing", _why_not(each)) for each in view.mixed]


def _is_set(each: SubagentSpend, file: Path) -> NotOffered:
    held = f"the model of the subagent {each.agent} is {setting_name(each.cheaper)} already, by {paths.tilde(file)}"
    return NotOffered("routing", f"{held}; sessions take it up once OpenCode is started again", is_set=True)


def _why_not(each: MixedSubagent) -> str:
    """Why no setting is offered for a subagent that an insight names."""
    ran = f"no setting is written for the subagent {each.agent}"
    if len(each.models) == 1:
        return f"{ran}, as it would save less than a cent; by hand: {each.how}"
    return (
        f"{ran}: it ran on {_few(each.models)}, one setting would replace them all, and on no model in use would all of"
        f" its calls together cost much less; by hand: {each.how}"
    )


def _cheaper(each: SubagentSpend, name: str) -> FileChange:
    saved, cost = format_usd(each.spend_nano - each.cheaper_nano), format_usd(each.spend_nano)
    seen = f"{plural(each.calls, 'call')} on {_few(each.models)}"
    what = (
        f"the subagent {each.agent} changed nothing and cost {cost} in {seen};"
        f" the same tokens cost {format_usd(each.cheaper_nano)} on {each.cheaper}, {saved} less (estimated, as another"
        " model uses other tokens). It holds for sessions that begin once OpenCode is started again."
    )
    try:
        file = followed(file_of_agent(each.agent, each.directories))
    except ElsewhereError as error:
        raise Trouble(f"{what} {error}; write {setting_name(each.cheaper)} there") from None
    before = text_of(file)
    text = (before or "").removeprefix("\ufeff")
    try:
        after = with_json_string(text or _NEW, ("agent", each.agent, "model"), setting_name(each.cheaper))
    except ValueError as error:
        raise Trouble(
            f'{what} {paths.tilde(file)} cannot be edited ({error}); write "model": "{setting_name(each.cheaper)}" for'
            f" the agent {each.agent} by hand"
        ) from None
    mark = "\ufeff" if (before or "").startswith("\ufeff") else ""
    return FileChange(name, "routing", file, before, mark + after, what)


_NEW = '{\n  "$schema": "https://opencode.ai/config.json"\n}\n'


def _few(models: Sequence[str]) -> str:
    more = len(models) - 1
    return f"{models[0]} and {plural(more, 'other model')}" if more else models[0]


def _compact_hint(view: LeversView, by_hand: list[NotOffered]) -> Iterator[FileChange]:
    """A line in OpenCode's AGENTS.md, which each call of 1.x and 2.x carries."""
    long = view.long_sessions
    evidence = next(each for each in view.levers if each.lever == "compaction")
    if not long.sessions and not evidence.insights:
        return
    try:
        file = followed(config_dir(os.environ) / "AGENTS.md")
        before = text_of(file)
    except Trouble as trouble:
        by_hand.append(NotOffered("compaction", str(trouble)))
        return
    if "/compact" in (before or ""):
        return
    end = "\r\n" if "\r\n" in (before or "") else "\n"
    text = before or ""
    if text and not text.endswith("\n"):
        text += end
    seen = evidence.insights[0].what if evidence.insights else ""
    if long.sessions:
        seen = f"{plural(long.sessions, 'session')} of more than 20 turns cost {format_usd(long.spend_nano)}"
    yield FileChange(
        "compact-hint",
        "compaction",
        file,
        before,
        text + HINT.replace("\n", end),
        f"{seen}. The line asks the model to say when /compact pays; it is about {_HINT_TOKENS} tokens in every call.",
    )


def _unique(name: str, taken: Sequence[str]) -> str:
    plain, number = slug(name), 2
    while (found := plain if number == 2 else f"{plain}-{number - 1}") in taken:
        number += 1
    return found
