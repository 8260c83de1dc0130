"""What a turn was for, by what its tools did, on written cases."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.task_classes import TASK_RULES, TurnDeeds, rule_for, task_of
from opencode_tui.records.work import TASKS

BUTTON, OTHER = "src/Button.tsx", "src/Header.tsx"
CASES: dict[str, tuple[str, ...]] = {
    "planning": ("todowrite",),
    "exploration": ("read src/a.ts", "grep src", "bash ls", "webfetch example.org"),
    "coding": (f"read {BUTTON}", f"edit {BUTTON}", "bash npm test"),
    "coding after its own failure": (f"edit {BUTTON}", "bash! npm test", f"edit {BUTTON}", "bash npm test"),
    "coding of new files": tuple(f"write src/new{n}.ts" for n in range(5)),
    "coding with a note": (f"edit {BUTTON}", "edit README.md"),
    "coding then committed": (f"edit {BUTTON}", "bash git commit"),
    "coding in a plan": ("todowrite", f"apply_patch {BUTTON}"),
    "coding with help": ("task explore", f"edit {BUTTON}"),
    "refactoring": tuple(f"edit src/file{n}.ts" for n in range(4)),
    "refactoring by a move": ("bash git mv", f"edit {BUTTON}"),
    "debugging": ("bash! npm test", f"read {BUTTON}", f"edit {BUTTON}", "bash npm test"),
    "debugging without an edit": ("bash! node", "bash! node", f"read {BUTTON}"),
    "testing": ("bash npm test",),
    "testing by writing tests": ("edit src/Button.test.tsx", "write tests/test_a.py", "bash pytest"),
    "testing by a script": ("bash npm run typecheck",),
    "testing by a script of yarn": ("bash yarn e2e",),
    "testing of a project": ("bash manage.py test",),
    "testing with a linter": ("bash python -m mypy", "read a.py"),
    "testing in a line": ("bash ls && npm test",),
    "testing after setting up": ("bash cp; npm ci && npm test",),
    "testing of what is unknown": ("bash … && npm test",),
    "build and deploy in a line": ("bash rm && npm run build",),
    "coding in a line": ("bash sed -i && npm test",),
    "coding by a pipe": ("bash curl | tee",),
    "git in a line": ("bash npm test && git commit && git push",),
    "exploration in a line": ("bash ls && cat; grep",),
    "review": ("bash git diff", "read src/a.ts"),
    "review of a request": ("bash gh pr",),
    "documentation": ("read src/a.ts", "edit README.md", "write docs/guide.html"),
    "git": ("bash git status", "bash git diff", "bash git add", "bash git commit", "bash git push"),
    "build and deploy": ("bash docker", "bash kubectl"),
    "build and deploy by a file": ("edit package.json", "bash npm install"),
    "build and deploy by a script": ("bash npm run build",),
    "build and deploy before the tests": ("bash npm ci",),
    "exploration of what runs": ("bash docker ps", "bash docker compose logs", "bash kubectl get", "bash pip list"),
    "exploration of a plan": ("bash terraform plan", "bash gh run"),
    "coding by commands": ("bash sed -i", "bash npm test"),
    "coding by writing": ("bash cat >", "bash mkdir"),
    "coding by deleting": ("bash rm", "bash mv"),
    "delegation": ("read src/a.ts", "task explore", "task general"),
    "conversation": (),
}
AGENTS = {
    ("plan",): ("read src/a.ts", "planning"),
    ("code-reviewer",): ("read src/a.ts", "review"),
    ("compaction",): ("", "compaction"),
    ("summary",): ("", "compaction"),
    ("title",): ("", "conversation"),
    ("title", "build"): ("read src/a.ts", "exploration"),
    ("build", "compaction"): ("", "conversation"),
    ("plan", "build"): (f"edit {BUTTON}", "coding"),
}
V2_NAMES = {"bash": "shell", "apply_patch": "patch", "task": "subagent"}


def turn(uses: tuple[str, ...], agents: tuple[str, ...] = ("build",), names: dict[str, str] | None = None) -> TurnDeeds:
    deeds = []
    for use in uses:
        name, _, target = use.partition(" ")
        bare = name.rstrip("!")
        deeds.append(deed_of((names or {}).get(bare, bare), target, not name.endswith("!")))
    return TurnDeeds(agents, tuple(deeds))


@pytest.mark.parametrize("names", [None, V2_NAMES], ids=["1.x", "2.x"])
@pytest.mark.parametrize("case", CASES)
def test_a_turn_is_what_it_did(case: str, names: dict[str, str] | None) -> None:
    task = task_of(turn(CASES[case], names=names))
    assert case == task or case.startswith(f"{task} ")


@pytest.mark.parametrize("agents", AGENTS, ids=" ".join)
def test_the_agent_says_what_the_tools_do_not(agents: tuple[str, ...]) -> None:
    use, task = AGENTS[agents]
    assert task_of(turn((use,) if use else (), agents)) == task


def test_every_rule_decides_some_case_and_has_a_reason_of_its_own() -> None:
    turns = [turn(uses) for uses in CASES.values()]
    turns += [turn((use,) if use else (), agents) for agents, (use, _) in AGENTS.items()]
    assert {id(rule_for(each)) for each in turns} == {id(rule) for rule in TASK_RULES}
    assert len({rule.reason for rule in TASK_RULES}) == len(TASK_RULES)
    assert {rule.task for rule in TASK_RULES} == set(TASKS)


@pytest.mark.parametrize("odd", ["", "[bold]", "\x00", "💥" * 50, "a/b\\c"])
def test_odd_targets_and_tools_of_others_are_no_trouble(odd: str) -> None:
    for name in ("edit", "bash", "read", "task", "github_create_issue", odd or "x"):
        assert task_of(TurnDeeds(("build",), (deed_of(name, odd, None),))) in TASKS


def test_a_search_that_finds_nothing_is_no_failure() -> None:
    searched = ("bash! grep", "bash! git diff", "bash! test", "bash! ls && grep", "edit src/a.ts")
    assert task_of(turn(searched)) == "coding"
    assert task_of(turn(("bash! grep && npm test", "edit src/a.ts"))) == "debugging"
