"""What to do about a cause, in one line for the person at OpenCode.

The action stands before the first colon and its reason after it, so that a narrow pane can show the action alone.
`esc` and the words with a slash are OpenCode's own key and commands.
"""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.analysis.call_costs import first_and_last, mean_cost, multiple, total_cost
from opencode_tui.analysis.quoting import in_quotes
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.facts import CallFacts

_MANY = 4
"""The number of calls from which a turn is costly by their number."""
FAILED = "read the error in OpenCode, or change the provider with /models: failed calls are billed as well"
DEPTH = "esc in OpenCode, and ask for the work without subagents of subagents"


def one_message(file: str, rounds: int, nano: int) -> str:
    """For one file edited in many turns, which cost `nano` nano-dollars in all."""
    each = format_usd(nano // max(1, rounds))
    return f"say all you want of {file} in one message, or /undo: that was round {rounds}, at {each} each"


def interrupt_loop(calls: Sequence[CallFacts]) -> str:
    """For the same tool call again and again."""
    return (
        f"esc in OpenCode, then say what to try instead: each further call costs about {format_usd(mean_cost(calls))}"
    )


def switch_back(model: str, times: str) -> str:
    """For a model that costs `times` what the one before it does, while the session still runs on it."""
    return f"/models in OpenCode, back to {model}: each call now costs {times} as much"


def compact(calls: Sequence[CallFacts], *, freed: bool = False) -> str:
    """For a context that fills or has grown over these calls; `freed` if it was compacted or left since."""
    size = tokens_text(calls[-1].tokens.context)
    if freed:
        return f"/compact sooner, or /new for a new subject: the context had grown to {size} tokens"
    first, last = map(mean_cost, first_and_last(calls))
    grown = f", and costs {multiple(last, first)} the first" if 0 < first * 2 <= last else ""
    return f"esc in OpenCode, then /compact: each call reads {size} tokens{grown}"


def smaller_steps(calls: Sequence[CallFacts]) -> str:
    """For a turn that made nearly all of a session's cost, by many calls or by a few costly ones."""
    each = f"about {format_usd(mean_cost(calls))} each" if len(calls) > 1 else format_usd(total_cost(calls))
    if len(calls) >= _MANY:
        return f"ask in smaller steps, and esc in OpenCode when a turn runs on: {len(calls):,} calls at {each}"
    read = max(call.tokens.context for call in calls)
    size = f", and read up to {tokens_text(read)} tokens" if read else ""
    return f"/models for a cheaper model, or give it less to read: {plural(len(calls), 'call')} cost {each}{size}"


def fewer_subagents(subagents: int, nano: int) -> str:
    each = (
        f"{'each' if subagents > 1 else 'it'} cost {'about ' if subagents > 1 else ''}{format_usd(nano // subagents)}"
    )
    return f"esc in OpenCode, or a cheaper model for its subagents in opencode.json: {each}"


def pause(title: str, nano: int, calls: int) -> str:
    """For spend without a single cause: the session that spent the most."""
    each = f": {plural(calls, 'call')} at about {format_usd(nano // calls)}" if calls and nano else ""
    return f"esc in OpenCode stops {in_quotes(title)} if it can wait, /models chooses a cheaper model{each}"
