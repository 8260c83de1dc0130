"""A session as text: its heading, its facts, and the lines of its tree."""

from __future__ import annotations

from opencode_tui.clock import Calendar, short_day
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.session import Node, SessionName, SessionView
from opencode_tui.records.sessions import State
from opencode_tui.report.turn_words import duration_text, fine_usd, short_model
from opencode_tui.report.words import amount_text, clock_time, fitting, remedy_text, text_cells

STATE_WORDS: dict[State, str] = {
    "active": "● active",
    "idle": "○ idle",
    "archived": "□ archived",
    "deleted": "✕ deleted",
}
MOST_CAUSES = 2
TITLE_RANK, LEAST_NODE_TITLE = 7, 12
"""In a line of the tree: the drop rank of the title, and to how many characters it may be cut."""
MOST_LEVELS = 40
"""The deepest level of nesting on the screen, in JSON and in text."""
Fact = tuple[str, ...]
"""One fact, from its longest variant to its shortest."""


def resume_command(session_id: str) -> str:
    """The command that resumes a session in OpenCode, quoted for a shell."""
    shown = shown_id(session_id)
    return f"opencode -s {shown}" if shown == session_id else f"opencode --session={shown}"


def session_name(session: SessionName) -> str:
    return f"“{session.title or 'untitled'}”"


def spent(view: SessionView) -> Fact:
    """Such as `$0.41 · own $0.30 +3 subagents`."""
    total, own = amount_text(view.total_nano, view.lower_bound), amount_text(view.own_nano, view.own_lower_bound)
    count = len(view.tree) - 1
    if count < 1:
        return (total,)
    return (f"{total} · own {own} +{plural(count, 'subagent')}", f"{total} · own {own} +{count}")


def session_counts(view: SessionView) -> Fact:
    """The session's own turns and calls, without what a fork copied."""
    turns, whole = plural(own_turns(view), "turn"), calls_with_subagents(view)
    if whole is None:
        return (f"{turns} · {plural(view.calls, 'call')}",)
    own = f"{turns} · {view.calls:,} own {'call' if view.calls == 1 else 'calls'}"
    return (f"{own}, {whole:,} with subagents", f"{own}, {whole:,} with sub", own)


def own_turns(view: SessionView) -> int:
    """The number of turns with a call of the session's own; calls that belong to no turn are none."""
    return sum(bool(turn.id) and not turn.is_inherited for turn in view.turns)


def calls_with_subagents(view: SessionView) -> int | None:
    """The calls of the session and all its subagents; None without subagents."""
    below = view.tree[1:]
    return view.calls + sum(node.calls for node in below) if below else None


def tokens(view: SessionView) -> Fact:
    """The tokens by kind, then shorter: input, output with reasoning, and cache."""
    count = view.tokens
    kinds = (
        ("input", count.input),
        ("output", count.output),
        ("reasoning", count.reasoning),
        ("cache read", count.cache_read),
        ("cache write", count.cache_write),
    )
    out, cached = tokens_text(count.output + count.reasoning), tokens_text(count.cache_read + count.cache_write)
    return (
        " · ".join(f"{name} {tokens_text(number)}" for name, number in kinds if number) or "no tokens",
        f"input {tokens_text(count.input)} · output {out} · cache {cached}",
        f"in {tokens_text(count.input)} · out {out} · cache {cached}",
    )


def cache(view: SessionView) -> Fact:
    """Such as `cache 72% hit, saved $0.12`; empty without input tokens."""
    if not view.tokens.context:
        return ()
    hit = f"cache {round(view.cache_hit_rate * 100)}% hit"
    saved = view.cache_saved_nano
    if saved is None:
        return (f"{hit}, saving not known", hit)
    if saved < 0:
        return (f"{hit}, cost {format_usd(-saved)} more", hit)
    return (f"{hit}, saved {format_usd(saved)}", hit)


def unbilled(view: SessionView) -> Fact:
    if view.list_nano <= 0:
        return ()
    listed = format_usd(view.list_nano)
    return (f"+{listed} at list price, not billed", f"+{listed} list, not billed")


def inherited(view: SessionView) -> Fact:
    """The cost of a fork's copied calls in the session that paid for them."""
    if not view.copied_calls:
        return (f"↱ fork of {session_name(view.fork_of)}",) if view.fork_of else ()
    origin = f" from {session_name(view.fork_of)}" if view.fork_of else ""
    paid, copies = fine_usd(view.inherited_nano), plural(view.copied_calls, "copied call")
    return (
        f"↱ {paid} inherited{origin}, not billed again ({copies})",
        f"↱ {paid} inherited{origin}, not billed again",
        f"↱ {paid} inherited, not billed again",
        f"↱ {paid} inherited",
    )


def forks(view: SessionView) -> Fact:
    if not view.forks:
        return ()
    count = plural(len(view.forks), "fork")
    return (f"↱ {count} of it: {', '.join(map(session_name, view.forks))}", f"↱ {count} of it")


def undone(view: SessionView) -> Fact:
    """Calls that were reverted or deleted, with their amount if whole turns were, since it is exact only then."""
    if view.state == "deleted":
        return ("✕ OpenCode deleted it; its money stays spent", "✕ deleted, spent all the same")
    turns = [turn for turn in view.turns if turn.undone]
    if not turns:
        return ()
    calls = plural(sum(turn.undone for turn in turns), "call")
    if any(turn.undone < turn.calls for turn in turns):
        return (f"↶ {calls} undone, spent all the same", f"↶ {calls} undone")
    spend = format_usd(sum(turn.cost_nano for turn in turns))
    return (f"↶ {calls} undone, {spend} of it spent all the same", f"↶ {calls} undone, {spend} spent")


def when(view: SessionView, calendar: Calendar) -> Fact:
    """The times of its start and its last call, and the duration between them."""
    first, last = calendar.day(view.started_ms), calendar.day(view.last_ms)
    start, end = clock_time(view.started_ms, calendar), clock_time(view.last_ms, calendar)
    took = duration_text(view.last_ms - view.started_ms)
    if first == last:
        return (f"{short_day(first)} {start} to {end}, {took}", f"{start} to {end}, {took}")
    return (f"{short_day(first)} {start} to {short_day(last)} {end}, {took}", f"{short_day(first)} {start}, {took}")


def facts(view: SessionView, calendar: Calendar) -> list[Fact]:
    """All facts that apply, the most important first."""
    parent: Fact = (f"subagent of {session_name(view.parent)}",) if view.parent else ()
    odd: Fact = (view.tree[0].odd,) if view.tree and view.tree[0].odd else ()
    found = [
        spent(view),
        session_counts(view),
        tokens(view),
        cache(view),
        unbilled(view),
        inherited(view),
        undone(view),
    ]
    return [fact for fact in (*found, forks(view), parent, odd, when(view, calendar)) if fact]


def causes(view: SessionView) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What made it expensive, one sentence each, with what to do about it from the longest variant to the shortest."""
    return tuple((f"▲ {cause.sentence}", remedy_text(cause.remedy)) for cause in view.causes[:MOST_CAUSES])


def shown_title(view: SessionView) -> str:
    return view.title or "untitled"


def head(view: SessionView) -> Fact:
    """State, project and resume command, from the longest variant to the shortest; the id is shortened last."""
    state, project, command = (
        STATE_WORDS[view.state],
        last_part(view.project or view.directory),
        resume_command(view.id),
    )
    model = short_model(view.model)
    return (
        " · ".join(filter(None, (state, view.project, view.agent, model, command))),
        " · ".join(filter(None, (state, project, view.agent, model, command))),
        " · ".join(filter(None, (state, project, command))),
    )


def head_lines(view: SessionView) -> tuple[Fact, Fact]:
    """The same on two lines, for narrow panes."""
    state, project = STATE_WORDS[view.state], last_part(view.project or view.directory)
    above = (f"{state} · {project} · {short_model(view.model)}", f"{state} · {project}", state)
    return above, (resume_command(view.id), f"-s {shown_id(view.id)}", shown_id(view.id))


def low_line(view: SessionView, width: int) -> str:
    """The state's glyph, the title and the amount in `width` cells, for panes of a few rows; the title gives way."""
    glyph, amounts = STATE_WORDS[view.state][0], (*spent(view), amount_text(view.total_nano, view.lower_bound))
    for amount in amounts:
        room = width - text_cells(f"{glyph}  {amount}")
        if room >= min(text_cells(shown_title(view)), LEAST_NODE_TITLE):
            return f"{glyph} {fitting((shown_title(view),), room)} {amount}"
    return fitting((f"{glyph} {amounts[-1]}", amounts[-1]), width)


def node_pieces(node: Node, root_nano: int) -> list[tuple[int, str]]:
    """(drop rank, text) for each part of a line of the tree, in display order; the highest rank is dropped first."""
    share = f"{node.total_nano * 100 // root_nano}%" if node.depth and root_nano else ""
    own = f"own {amount_text(node.own_nano, node.own_lower_bound)}" if node.own_nano != node.total_nano else ""
    state = "running" if node.state == "active" else "" if node.state == "idle" else node.state
    pieces = [
        (0, node.agent or "agent not known"),
        (0, amount_text(node.total_nano, node.lower_bound)),
        (0, node.odd),
        (4, own),
        (2, share),
        (3, state),
        (6, f"resumed {node.tasks}×" if node.tasks > 1 else ""),
        (5, short_model(node.model)),
        (TITLE_RANK, node.title if node.depth else ""),
    ]
    return [(rank, text) for rank, text in pieces if text]


def node_text(node: Node, root_nano: int, width: int) -> str:
    """As much of the line as fits in `width` cells; agent, amount and any oddity always stay.

    The title, which comes last, is cut where LEAST_NODE_TITLE cells of it fit.
    """
    pieces = node_pieces(node, root_nano)
    while (room := width - text_cells(" · ".join(text for _, text in pieces))) < 0:
        last, text = max(pieces)
        if last == TITLE_RANK and text_cells(text) + room >= LEAST_NODE_TITLE:
            pieces[-1] = (last, fitting((text,), text_cells(text) + room))
        elif not last:
            break
        else:
            pieces = [piece for piece in pieces if piece[0] != last]
    return " · ".join(text for _, text in pieces)


def node_glyph(node: Node) -> str:
    return STATE_WORDS[node.state][0]


def children_of(tree: tuple[Node, ...]) -> dict[str, tuple[str, ...]]:
    """The child ids of each id, derived from order and depth alone, so that cycles are impossible.

    Nodes deeper than MOST_LEVELS become children of that level, since widgets limit the depth.
    """
    found: dict[str, list[str]] = {}
    way: list[Node] = []
    for node in tree:
        while way and way[-1].depth >= node.depth:
            way.pop()
        if node.id not in found:
            found[node.id] = []
            if way:
                found[way[-1].id].append(node.id)
            if len(way) < MOST_LEVELS:
                way.append(node)
    return {id: tuple(ids) for id, ids in found.items()}


def packed(facts: list[Fact], width: int) -> list[str]:
    """The facts on as few lines as possible, without splitting a fact that fits on a line."""
    lines: list[str] = []
    for fact in facts:
        text = fitting(fact, width)
        if lines and text_cells(lines[-1]) + 3 + text_cells(text) <= width:
            lines[-1] += "   " + text
        else:
            lines.append(text)
    return lines
