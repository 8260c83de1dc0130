"""One session as text and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural, tokens_text, usd
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.session import Node, SessionView, Turn
from opencode_tui.records.shipped import Shipped
from opencode_tui.report.json_values import SCHEMA_VERSION, tokens_json
from opencode_tui.report.session_facts import MOST_LEVELS, cache, calls_with_subagents
from opencode_tui.report.shipped_words import shipped_json, shipped_lines
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.report.turn_words import edited_again
from opencode_tui.report.words import amount_text

_TURN_COLUMNS = (
    TextColumn("turn"),
    TextColumn("began", "left"),
    TextColumn("spend"),
    TextColumn("task", "left", gives_way=10),
    TextColumn("calls", gives_way=5),
    TextColumn("input", gives_way=9),
    TextColumn("output", gives_way=8),
    TextColumn("cache", gives_way=7),
    TextColumn("context", gives_way=4),
    TextColumn("tools", "left", gives_way=3, least=10),
    TextColumn("model", "left", gives_way=6, least=10),
    TextColumn("notes", "left", gives_way=1, least=12),
)


def session_json(
    session: SessionView, turns: Mapping[str, tuple[Turn, ...]], calendar: Calendar, shipped: Shipped | None = None
) -> dict[str, Any]:
    """The JSON contract: the session, with each subagent in the same shape in `children`.

    Deeper than MOST_LEVELS the tree is flattened into that level's `children`, since JSON parsers limit the depth;
    `parent` still names each one's parent. `turns` are by session id, for every session of the tree.
    """
    children: dict[str, list[Node]] = defaultdict(list)
    above: list[Node] = []
    for node in session.tree:
        del above[min(node.depth, MOST_LEVELS) :]
        if above:
            children[above[-1].id].append(node)
        if node.depth < MOST_LEVELS:
            above.append(node)
    # from the deepest up, without recursion, since trees can be of any depth
    made: dict[str, dict[str, Any]] = {}
    for node in reversed(session.tree):
        made[node.id] = {
            "id": node.id,
            "parent": node.parent_id,
            "title": node.title,
            "own_usd": usd(node.own_nano),
            "total_usd": usd(node.total_nano),
            "lower_bound": node.lower_bound,
            "inherited_usd": usd(sum(turn.inherited_nano for turn in turns[node.id])),
            "state": node.state,
            "agent": node.agent,
            "model": node.model,
            "calls": node.calls,
            "turns": [_turn_json(turn, calendar) for turn in turns[node.id]],
            "children": [made[child.id] for child in children[node.id]],
        }
    causes = [cause.sentence for cause in session.causes]
    remedies = [cause.remedy for cause in session.causes]
    more = {"causes": causes, "remedies": remedies, "shipped": shipped_json(shipped) if shipped else None}
    return {"schema_version": SCHEMA_VERSION} | made[session.id] | more


def _turn_json(turn: Turn, calendar: Calendar) -> dict[str, Any]:
    return {
        "id": turn.id,
        "number": turn.number,
        "started_at": calendar.iso(turn.started_ms),
        "ended_at": calendar.iso(turn.ended_ms),
        "running": turn.running,
        "cost_usd": usd(turn.cost_nano),
        "inherited_usd": usd(turn.inherited_nano),
        "list_usd": usd(turn.list_nano),
        "tokens": tokens_json(turn.tokens),
        "calls": turn.calls,
        "errors": turn.errors,
        "undone": turn.undone,
        "context_tokens": turn.context_tokens,
        "context_limit": turn.context_limit,
        "models": list(turn.models),
        "switched": turn.switched,
        "tools": [{"name": tool.name, "uses": tool.uses, "failures": tool.failures} for tool in turn.tools],
        "files": list(turn.files),
        "tokens_per_second": turn.tokens_per_second,
        "prompt": turn.prompt,
        "causes": list(turn.causes),
        "task": turn.task,
        "one_shot": turn.is_one_shot,
        "edit_retries": turn.edit_retries,
        "lower_bound": turn.lower_bound,
    }


def session_text(
    session: SessionView, calendar: Calendar, width: int | None = None, shipped: Shipped | None = None
) -> str:
    """The facts, the tree, and the turns in `width` cells."""
    return "\n".join(
        [
            *_facts(session),
            *(shipped_lines(shipped) if shipped else ()),
            "",
            *_tree(session),
            "",
            *_turns(session, calendar, width),
        ]
    )


def _facts(session: SessionView) -> list[str]:
    subagents, of_cache = len(session.tree) - 1, cache(session)
    lines = [
        session.title,
        f"{shown_id(session.id)} · {session.state} · {session.project or session.directory}",
        f"total {amount_text(session.total_nano, session.lower_bound)}"
        f" · own {amount_text(session.own_nano, session.own_lower_bound)}"
        + (f" · {plural(subagents, 'subagent')}" if subagents else ""),
        f"{'own: ' if subagents else ''}{plural(session.calls, 'call')} · {tokens_text(session.tokens.total)} tokens"
        + (f" · {of_cache[0]}" if of_cache else ""),
        *([f"with subagents: {plural(calls_with_subagents(session) or 0, 'call')}"] if subagents else []),
    ]
    if session.inherited_nano or session.copied_calls:
        origin = f" from {session.fork_of.title} ({shown_id(session.fork_of.id)})" if session.fork_of else ""
        lines.append(f"{format_usd(session.inherited_nano)} inherited{origin}, not billed again")
    lines += [f"forked as {fork.title} ({shown_id(fork.id)})" for fork in session.forks]
    undone = sum(turn.undone for turn in session.turns)
    if undone:
        lines.append(f"{plural(undone, 'call')} undone in OpenCode, spent all the same")
    for cause in session.causes:
        lines.append(f"why: {cause.sentence}")
        lines += [f"     → {cause.remedy}"] if cause.remedy else []
    if session.list_nano:
        lines.append(f"not billed: {format_usd(session.list_nano)} at list price")
    return lines


def _tree(session: SessionView) -> list[str]:
    """One line a session; a branch line continues while an ancestor has further siblings below."""
    lines, open_at = [], [False] * (MOST_LEVELS + 1)
    for node in reversed(session.tree):
        level = min(node.depth, MOST_LEVELS)
        more = open_at[level]
        rules = "".join("│  " if open_at[depth] else "   " for depth in range(1, level))
        branch = ("├─ " if more else "└─ ") if level else ""
        odd = f" · {node.odd}" if node.odd else ""
        tasks = f" · resumed, {node.tasks} tasks" if node.tasks > 1 else ""
        lines.append(
            f"{rules}{branch}{node.title}  {amount_text(node.total_nano, node.lower_bound)}"
            f" · own {amount_text(node.own_nano, node.own_lower_bound)}"
            f" · {node.agent} · {node.model} · {node.state}{tasks}{odd}"
        )
        open_at[level] = True
        open_at[level + 1 :] = [False] * (MOST_LEVELS - level)
    return lines[::-1]


def _turns(session: SessionView, calendar: Calendar, width: int | None) -> list[str]:
    if not session.turns:
        return ["no turns"]
    return [text_table(_TURN_COLUMNS, [_turn(turn, calendar) for turn in session.turns], width)]


def _turn(turn: Turn, calendar: Calendar) -> tuple[str, ...]:
    tokens = turn.tokens
    fill = f"{turn.context_tokens / turn.context_limit:.0%}" if turn.context_limit else tokens_text(turn.context_tokens)
    notes = [
        *turn.causes,
        *(["running"] if turn.running else []),
        *([f"{format_usd(turn.inherited_nano)} inherited"] if turn.inherited_nano else []),
        *([f"{turn.undone} undone"] if turn.undone else []),
        *([plural(turn.errors, "error")] if turn.errors else []),
        *([edited_again(turn)] if turn.edit_retries else []),
        *([turn.prompt] if turn.prompt else []),
    ]
    return (
        str(turn.number or ""),
        calendar.local(turn.started_ms).strftime("%Y-%m-%d %H:%M"),
        amount_text(turn.cost_nano, turn.lower_bound),
        turn.task,
        str(turn.calls),
        tokens_text(tokens.input),
        tokens_text(tokens.output + tokens.reasoning),
        tokens_text(tokens.cache_read + tokens.cache_write),
        fill,
        " ".join(f"{tool.name} {tool.uses}" + (f"✕{tool.failures}" if tool.failures else "") for tool in turn.tools),
        ("→ " if turn.switched else "") + ", ".join(turn.models),
        ", ".join(notes),
    )
