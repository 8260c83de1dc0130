"""Which tool uses only looked something up, and which are work that could be handed to a subagent."""

from __future__ import annotations

from opencode_tui.analysis.deeds import Kind, deed_of
from opencode_tui.analysis.unwritten_files import is_log
from opencode_tui.records.command_heads import heads_of
from opencode_tui.records.facts import ToolFacts

_LOOKS: frozenset[Kind] = frozenset(("read", "search", "web", "diff", "look"))
TEXT_SEARCHES = frozenset(("grep", "codesearch"))
"""Not `glob`, of which one path is an answer as short as none."""
_SHOW_TEXT = frozenset(
    [
        "ls",
        "cat",
        "tac",
        "head",
        "tail",
        "less",
        "more",
        "bat",
        "nl",
        "grep",
        "egrep",
        "fgrep",
        "rg",
        "sed",
        "awk",
        "jq",
        "pwd",
        "wc",
        "cd",
    ]
)
_SEARCH_TEXT = frozenset(("grep", "egrep", "fgrep", "rg"))
_SEARCHERS = _SEARCH_TEXT | {"git grep", "ag", "ack"}
_MAY_WRITE = frozenset(("awk",))
"""Programs of `_SHOW_TEXT` whose script can write a file as well."""
_MAY_CHANGE = frozenset(("curl", "wget", "gh", "glab"))
"""Programs that look things up, and change things elsewhere as well."""


def looks_something_up(use: ToolFacts) -> bool:
    """Whether it read or searched something and can have changed nothing."""
    if only_shows_files(use):
        return True
    deed = deed_of(use.name, use.target, use.ok)
    return deed.kinds <= _LOOKS and not (deed.is_command and any(map(_may_change, heads_of(use.target))))


def _may_change(head: str) -> bool:
    return head.partition(" ")[0] in _MAY_CHANGE


def changes_nothing(use: ToolFacts) -> bool:
    """Whether it looked something up or wrote a note for itself."""
    return looks_something_up(use) or deed_of(use.name, use.target, use.ok).did == "plan"


def files_shown(use: ToolFacts) -> tuple[str, ...]:
    """The files that a use brought into the context: that of a read or a search, those of a command that does only it.

    What else a command wrote, such as a build, cannot be separated from them.
    """
    if use.name == "bash":
        shows = use.files and all(head.partition(" ")[0] in _SHOW_TEXT for head in heads_of(use.target))
        return use.files if shows else ()
    return (use.target,) if use.name in ("read", "grep") else ()


def only_shows_files(use: ToolFacts) -> bool:
    """Whether it is a command that showed files and can have changed none, such as `cat` or `sed -n`."""
    return bool(use.files) and all(head in _SHOW_TEXT and head not in _MAY_WRITE for head in heads_of(use.target))


def files_opened(use: ToolFacts) -> tuple[str, ...]:
    """The files that a use read, whole or in part, with the read tool or by a command that did nothing else.

    No logs of a command: `tail` waits for what a program writes, and that is new each time.
    """
    if use.name == "read":
        return (use.target,) if use.target else ()
    if not only_shows_files(use) or not _SEARCH_TEXT.isdisjoint(heads_of(use.target)):
        return ()
    return tuple([file for file in use.files if not is_log(file)])


def searched_in_vain(use: ToolFacts) -> bool:
    """Whether it searched and found nothing, as a search tool said or the exit code of a command that only searched."""
    if use.name != "bash":
        return use.found_nothing
    return use.ok is False and not use.refused and all(head in _SEARCHERS for head in heads_of(use.target))


def is_hands_on(use: ToolFacts) -> bool:
    """Whether it read, edited or ran something itself, neither planning nor asking a subagent."""
    deed = deed_of(use.name, use.target, use.ok)
    is_tool_of_others = deed.did == "other" and not deed.is_command
    return use.child_session_id is None and deed.did not in ("plan", "delegate") and not is_tool_of_others
