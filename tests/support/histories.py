"""Sessions written by dice, in which every insight rule finds something now and then."""

from __future__ import annotations

from random import Random
from typing import Any

from opencode_tui.clock import MINUTE_MS
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import ToolFacts
from opencode_tui.records.work import TASKS, ChildWork, SessionWork
from tests.support.periods import child
from tests.support.records import replace
from tests.support.watched import NOON
from tests.support.work import GLM, KIMI, OPUS, Written, call, session, turn

FILES = ("src/a.ts", "src/b.ts", "docs/a.md", "package-lock.json")
COMMANDS = ("npm test", "npm run build", "ls src")
MODELS = (KIMI, GLM, OPUS)


def history(dice: Random) -> SessionWork:
    """A session with its subagents; it keeps to a few habits, as real ones do."""
    habits = dice.sample(("edit", "read", "search", "command", "lock"), dice.randint(1, 3))
    model, cost = dice.choice(MODELS), dice.choice((0, 1, 300))
    context = dice.choice((1_000, 20_000, 90_000))
    turns = []
    for _ in range(dice.choice((1, 3, 6, 26))):
        calls = []
        for _ in range(dice.randint(1, 6)):
            context += dice.choice((0, 10, 300, 7_000, 15_000)) if dice.random() < 0.95 else -context * 2 // 3
            context = max(1, context)
            used = model if dice.random() < 0.95 else dice.choice(MODELS)
            calls.append(_call(dice, dice.choice(habits), context, used, f"{cost * context / 20_000_000:.6f}"))
        turns.append(turn(*calls))
    work = session(*turns, parent_id="ses_0" if dice.random() < 0.3 else None)
    children = tuple(_child(dice, number, work.id) for number in range(dice.choice((0, 0, 2, 7))))
    first = work.turns[0]
    asked = tuple(ToolFacts(first.calls[-1].id, "task", "explore", True, 1000, child.id) for child in children)
    asking = replace(first, tools=(*first.tools, *asked), task=first.task if first.edits or not asked else "delegation")
    return replace(work, turns=(asking, *work.turns[1:]), children=children)


def _call(dice: Random, habit: str, context: int, model: str, cost: str) -> Written:
    read = dice.choice((0, context // 2, context * 95 // 100, context * 95 // 100))
    fields: dict[str, Any] = {
        "model": model,
        "agent": dice.choice(("build", "build", "build", "plan", "compaction")),
        "error": dice.choice((None,) * 9 + ("APIError", "MessageAbortedError")),
    }
    return call(
        cost,
        *_uses(dice, habit),
        pause_s=dice.choice((5, 5, 5, 400)),
        input=context - read,
        output=dice.choice((5, 60, 900)),
        cache_read=read,
        cache_write=dice.choice((0, context - read)),
        **fields,
    )


def _uses(dice: Random, habit: str) -> list[str]:
    mark = dice.choice(("", "", "", "!"))
    if habit == "edit":
        return [f"{dice.choice(('edit', 'write'))}{mark} {dice.choice(FILES)}"]
    if habit == "command":
        return [f"bash{mark}#{dice.randint(1, 2)} {dice.choice(COMMANDS)}"]
    if habit == "search":
        return [f"grep#{dice.randint(3, 4)} src"]
    if habit == "lock":
        return [f"read {FILES[-1]}"]
    return [f"read{mark}#{dice.randint(5, 6)} {dice.choice(FILES)}" for _ in range(dice.randint(1, 2))]


def _child(dice: Random, number: int, parent_id: str) -> ChildWork:
    is_nested = number > 0 and dice.random() < 0.2
    return child(
        dice.choice(("0", "0.01", "3.00")),
        id=f"ses_c{number}",
        parent="ses_c0" if is_nested else parent_id,
        depth=2 if is_nested else 1,
        agent=dice.choice(("explore", "fixer")),
        model=dice.choice(MODELS),
        task=dice.choice((*TASKS, "exploration", "exploration", "exploration")),
        tokens=Tokens(dice.choice((1_000, 40_000, 200_000)), 100),
        started_ms=NOON + number * MINUTE_MS,
        last_ms=NOON + (number + 1) * MINUTE_MS,
        reads=("src/a.ts", "src/b.ts", "src/c.ts", "src/d.ts", "src/e.ts")[: dice.choice((2, 5))],
    )
