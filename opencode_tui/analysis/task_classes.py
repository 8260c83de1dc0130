"""What a turn was for: one of TASKS, by a table of rules of which the first that holds decides.

No model is asked. A turn is classified by which agents answered, which tools they used, what those touched, in which
order, and how they ended. Calls for a title or a compaction say nothing about the work of the turn that they are in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opencode_tui.analysis.deeds import EDITS, Deed, Kind

VERSION = "4"
"""Change it with the rules, or with those of `deeds` and `retries`, so that turns are classified again."""
OVERHEAD_AGENTS = frozenset(("title", "compaction", "summary"))
_MANY_FILES = 4
_MANY_FAILURES = 2


class TurnDeeds:
    """A turn as the rules see it."""

    def __init__(self, agents: Iterable[str], deeds: tuple[Deed, ...]) -> None:
        self.agents = frozenset(agents) - OVERHEAD_AGENTS
        self.is_overhead = not self.agents
        self.is_compaction = self.is_overhead and any(agent != "title" for agent in agents)
        self.deeds = deeds
        self.kinds: frozenset[Kind] = frozenset().union(*[deed.kinds for deed in deeds])
        self.edits = self.kinds & EDITS

    def has(self, *kinds: Kind) -> bool:
        return not self.kinds.isdisjoint(kinds)

    def edits_only(self, kind: Kind) -> bool:
        return self.edits == {kind}

    def has_agent(self, word: str) -> bool:
        return any(word in agent.lower() for agent in self.agents)

    @property
    def failures(self) -> int:
        """Commands that failed."""
        return sum(deed.failed for deed in self.deeds)

    @property
    def began_with_a_failure(self) -> bool:
        """A command had failed when the first file was edited."""
        for deed in self.deeds:
            if deed.did in EDITS:
                return False
            if deed.failed:
                return True
        return False

    @property
    def changed_many_files(self) -> bool:
        """Many code files that were there before were edited, and none was written whole."""
        edits = [deed for deed in self.deeds if deed.did == "code" and deed.target]
        if len(edits) < _MANY_FILES:
            return False
        return len({deed.target for deed in edits}) >= _MANY_FILES and not any(deed.is_whole for deed in edits)


Test = Callable[[TurnDeeds], bool]


class TaskRule:
    """One row of the table."""

    def __init__(self, task: str, reason: str, test: Test) -> None:
        self.task, self.reason, self.test = task, reason, test


TASK_RULES = (
    TaskRule("compaction", "every call of it is OpenCode's own compaction", lambda t: t.is_compaction),
    TaskRule("conversation", "only a title was made", lambda t: t.is_overhead),
    TaskRule("planning", "the plan agent answered and edited nothing", lambda t: "plan" in t.agents and not t.edits),
    TaskRule(
        "debugging",
        "a command failed, and then files were edited",
        lambda t: bool(t.edits) and t.began_with_a_failure,
    ),
    TaskRule("documentation", "all files that it edited are documents", lambda t: t.edits_only("docs")),
    TaskRule("testing", "all files that it edited are tests", lambda t: t.edits_only("tests")),
    TaskRule("build and deploy", "all files that it edited belong to the build", lambda t: t.edits_only("setup")),
    TaskRule(
        "refactoring", "files were moved and code was edited", lambda t: "code" in t.edits and t.has("move", "git move")
    ),
    TaskRule("refactoring", "many code files were edited, and none was written whole", lambda t: t.changed_many_files),
    TaskRule("coding", "files were edited", lambda t: bool(t.edits)),
    TaskRule("delegation", "subagents were asked, and it edited nothing itself", lambda t: t.has("delegate")),
    TaskRule("git", "the repository was changed, and no file", lambda t: t.has("git", "git move")),
    TaskRule("coding", "commands wrote, moved or deleted files", lambda t: t.has("rewrite", "move")),
    TaskRule("review", "a reviewing agent answered, and no file was edited", lambda t: t.has_agent("review")),
    TaskRule("review", "changes were looked at, and no file was edited", lambda t: t.has("diff")),
    TaskRule("testing", "tests or checks ran, and no file was edited", lambda t: t.has("test")),
    TaskRule("build and deploy", "something was built or deployed", lambda t: t.has("build", "deploy")),
    TaskRule("debugging", "several commands failed", lambda t: t.failures >= _MANY_FAILURES),
    TaskRule("planning", "a plan was written down, and nothing was searched", lambda t: t.kinds == {"plan"}),
    TaskRule("exploration", "it only looked: files, searches, pages, commands", lambda t: bool(t.kinds)),
    TaskRule("conversation", "no tool was used", lambda t: True),
)
"""The rules in order: the first whose test holds names the task."""


def task_of(turn: TurnDeeds) -> str:
    """The class of a turn, one of TASKS."""
    return rule_for(turn).task


def rule_for(turn: TurnDeeds) -> TaskRule:
    """The rule that decides, with its reason."""
    for rule in TASK_RULES:
        if rule.test(turn):
            return rule
    raise AssertionError("the last rule holds for every turn")
