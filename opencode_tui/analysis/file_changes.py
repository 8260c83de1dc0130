"""Which tool uses may have changed files, so that doing the same again afterwards is no repetition."""

from __future__ import annotations

from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.tool_kinds import only_shows_files
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.command_heads import heads_of
from opencode_tui.records.facts import ToolFacts

_LOOKING = frozenset(
    """
head|tail|less|more|bat|nl|wc|grep|egrep|fgrep|rg|ag|ack|fd|ls|ll|tree|du|df|file|stat|pwd|cd|which|whoami|env|printenv
date|uname|ps|sleep|true|test|diff|cmp|realpath|readlink|basename|dirname|md5sum|sha256sum|git status|git diff|git log
git show|git grep|git blame|git ls-files|git rev-parse|git describe|git shortlog|gh run|gh pr|gh issue|gh search
npm test|npm ls|npm view|npm outdated|pnpm test|yarn test|bun test|deno test|deno check|jest|vitest|vitest run|mocha
pytest|py.test|python -m pytest|python3 -m pytest|tox|nox|go test|go vet|go list|cargo test|cargo check|cargo tree
npm run test|npm run e2e|npm run typecheck|npm run unit|pnpm run test|pnpm run e2e|pnpm run typecheck|pnpm run unit
yarn run test|yarn run e2e|yarn run typecheck|yarn e2e|yarn typecheck|bun run test|bun run e2e|bun run typecheck
manage.py test|rspec|phpunit|node --test
dotnet test|mvn test|gradle test|flutter test|swift test|mypy|pyright|basedpyright|tsc|terraform validate|terraform plan
""".strip()
    .replace("\n", "|")
    .split("|")
)
"""Commands that look or test and leave source files as they are; of all others nothing is known.

`cat`, `sed` and `echo` are not among them, as a file is often written by them; where the files that they showed are
known, they only looked.
"""


def changes_files(use: ToolFacts) -> bool:
    """Whether it changed a file with one of OpenCode's tools or is about to."""
    return use.name in EDIT_TOOLS and use.ok is not False


def may_change_files(use: ToolFacts) -> bool:
    """Whether a tool use changed files or may have, as commands may that are not known only to look."""
    if use.name in ("task", "unknown"):
        return True
    if use.name == "bash":
        return not only_shows_files(use) and any(_may_change(head) for head in heads_of(use.target))
    return changes_files(use)


def _may_change(head: str) -> bool:
    return head not in _LOOKING and deed_of("bash", head, None).did != "look"


def changed_file(use: ToolFacts) -> str:
    """The one file that a use changed; empty if it may have been another or several, as a patch can."""
    return use.target if use.name in ("edit", "write", "multiedit") else ""
