"""Sessions written down as turns and calls, for tests of insight rules and task classes.

    work = session(
        turn(call("0.20", "edit src/Button.tsx", "bash! npm test")),
        turn(call("0.10", "edit src/Button.tsx"), call("0.05", pause_s=600, model=OPUS)),
    )

A use of a tool is its name and its target; `!` after the name means that it failed, `?` that it still runs, `0` that it
found nothing. `#7` after the name is its digest: uses with equal ones had the same input. `bash cat < build.log` showed
that file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_tui.analysis.insights.rule import AnyInsightRule, InsightRule
from opencode_tui.analysis.turn_work import turn_work
from opencode_tui.money import nano_from_usd
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.insights import Finding, Words
from opencode_tui.records.session import ModelRates
from opencode_tui.records.work import SessionWork, TurnWork
from tests.support.records import replace
from tests.support.watched import NOON

KIMI, GLM, OPUS = "opencode/kimi-k2.6", "opencode/glm-5.1", "anthropic/claude-opus-4-6"
RATES = {
    KIMI: ModelRates(950_000_000, 4_000_000_000, 160_000_000, 0, "models.json", NOON),
    GLM: ModelRates(600_000_000, 2_200_000_000, 110_000_000, 0, "models.json", NOON),
    OPUS: ModelRates(5_000_000_000, 25_000_000_000, 500_000_000, 6_250_000_000, "models.json", NOON),
}
"""Nano-dollars per million tokens, of models that are in use."""
LIMITS = {KIMI: 262_144, GLM: 200_000, OPUS: 200_000}


@dataclass(frozen=True)
class Written:
    """A call as it is written down, before it has a time."""

    cost: str
    uses: tuple[str, ...]
    pause_s: int
    fields: dict[str, Any]


def call(
    cost: str = "0.01",
    *uses: str,
    pause_s: int = 60,
    input: int = 1000,
    output: int = 100,
    cache_read: int = 0,
    cache_write: int = 0,
    **fields: Any,
) -> Written:
    """A call that began `pause_s` after the call before; `fields` are CallFacts', such as `model`, `agent`, `error`."""
    tokens = Tokens(input, output, 0, cache_read, cache_write)
    return Written(cost, uses, pause_s, {"model": KIMI, "agent": "build", "tokens": tokens, **fields})


def turn(*calls: Written, **fields: Any) -> tuple[tuple[Written, ...], dict[str, Any]]:
    """The calls of one prompt; `fields` are TurnWork's, such as `id` or `task`."""
    return calls, fields


def session(
    *turns: tuple[tuple[Written, ...], dict[str, Any]], id: str = "ses_1", start_ms: int = NOON, **fields: Any
) -> SessionWork:
    """A session's work; turns are named `turn_1` and so on, calls `ses_1.c1` and so on over the whole session."""
    made: list[TurnWork] = []
    number, now_ms = 0, start_ms
    for place, (calls, of_turn) in enumerate(turns, 1):
        turn_id = str(of_turn.get("id", f"turn_{place}"))
        facts: list[CallFacts] = []
        tools: list[ToolFacts] = []
        for each in calls:
            number += 1
            now_ms += each.pause_s * 1000
            facts.append(_facts(each, f"{id}.c{number}", turn_id, now_ms))
            tools += [_tool(use, facts[-1].id) for use in each.uses]
        made.append(replace(turn_work(turn_id, facts, tools), **of_turn))
    known = {"title": "Fix header", "agent": "build", "limits": LIMITS, "rates": RATES, "directory": "/home/dev/shop"}
    return SessionWork(id=id, turns=tuple(made), **{**known, **fields})


def _facts(each: Written, id: str, turn_id: str, at_ms: int) -> CallFacts:
    nano = nano_from_usd(each.cost)
    base = {"completed_ms": at_ms + 5000, "cost_nano": nano, "amount_nano": nano, "list_nano": 0}
    return CallFacts(
        **{"id": id, "turn_id": turn_id, "created_ms": at_ms, "copied": False, "error": None, **base, **each.fields}
    )


def _tool(text: str, call_id: str) -> ToolFacts:
    named, _, target = text.partition(" ")
    name, _, digest = named.partition("#")
    target, *files = target.split(" < ")
    ok = {"!": False, "?": None}.get(name[-1], True)
    plain, number, is_empty = name.rstrip("!?0"), int(digest) if digest else None, name.endswith("0")
    return ToolFacts(call_id, plain, target, ok, 1000, None, number, files=tuple(files), found_nothing=is_empty)


def found(rule: InsightRule, work: SessionWork, **settings: int) -> list[Finding]:
    """What a rule finds with these thresholds; the others have their defaults."""
    return list(rule.find(work, settings)) if rule.is_on(settings) else []


def words(rule: AnyInsightRule, findings: Iterable[Finding]) -> Words:
    """The words of an insight, which have to be plain text of one line each."""
    made = rule.words(sorted(findings, key=lambda finding: -finding.cost_nano))
    texts: Sequence[str] = (made.title, made.what, made.how, made.sum_shown)
    assert all(text and text == text.strip() and "\n" not in text for text in texts)
    return made
