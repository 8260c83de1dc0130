"""A session's turn as text: one function for each column of the turns' table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from opencode_tui.clock import Calendar, month_day
from opencode_tui.money import NANO, format_usd, plural, tokens_text
from opencode_tui.paths import last_part
from opencode_tui.records.model_key import short_name
from opencode_tui.records.session import SessionView, ToolCount, Turn
from opencode_tui.report.words import amount_text, clock_time, meter

CONTEXT_CELLS = 4


def short_model(model: str) -> str:
    """The model without its provider."""
    return short_name(model)


def duration_text(ms: int) -> str:
    """Such as `0.4s`, `42s`, `3m 05s`, `1h 12m`, `2d 3h`."""
    ms = max(ms, 0)
    seconds = ms // 1000
    if seconds < 10:
        return f"{ms / 1000:.1f}s" if ms % 1000 // 100 else f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d {hours % 24}h"
    if hours:
        return f"{hours}h {minutes % 60:02}m"
    return f"{minutes}m {seconds % 60:02}s" if minutes else f"{seconds}s"


def fine_usd(nano: int) -> str:
    """An amount with two to four decimals: $0.0186, $0.41, $12.50."""
    if abs(nano) < NANO // 100:
        return format_usd(nano)
    whole, _, decimals = f"{Decimal(nano) / NANO:,.4f}".partition(".")
    return f"${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def inside(path: str, directory: str) -> str:
    """The path relative to a directory if it lies inside, else unchanged."""
    head = directory.rstrip("/") + "/"
    return path.removeprefix(head) if directory else path


def turn_time(turn: Turn, view: SessionView, calendar: Calendar, *, brief: bool = False) -> str:
    """When it started; if not on the day of the last call, with its date, or with `brief` the date alone."""
    time = clock_time(turn.started_ms, calendar)
    day = calendar.day(turn.started_ms)
    if day == calendar.day(view.last_ms):
        return time
    date = month_day(day)
    return date if brief else f"{date} {time}"


def turn_cost(turn: Turn) -> str:
    """Its cost, or if nothing was billed, the list price in brackets."""
    if not turn.cost_nano and turn.list_nano:
        return f"({amount_text(turn.list_nano, turn.lower_bound)})"
    return amount_text(turn.cost_nano, turn.lower_bound)


def output_tokens(turn: Turn) -> str:
    """Output and reasoning tokens."""
    return tokens_text(turn.tokens.output + turn.tokens.reasoning)


def cache_tokens(turn: Turn) -> str:
    """Tokens read from the cache and written to it."""
    return tokens_text(turn.tokens.cache_read + turn.tokens.cache_write)


def context_percent(turn: Turn) -> str:
    """The context fill of its last call in percent; its size if the model's limit is not known."""
    if turn.context_limit:
        return f"{turn.context_tokens * 100 // turn.context_limit}%"
    return tokens_text(turn.context_tokens) if turn.context_tokens else ""


def context_fill(turn: Turn) -> str:
    """`context_percent` with a small bar before it."""
    if not turn.context_limit:
        return context_percent(turn)
    bar = meter(turn.context_tokens, turn.context_limit, CONTEXT_CELLS)
    return f"{bar} {context_percent(turn):>4}"


def tool_text(tool: ToolCount) -> str:
    """Such as `bash 2 ✕1`: two uses, one of which failed."""
    return f"{tool.name} {tool.uses}" + (f" ✕{tool.failures}" if tool.failures else "")


def tools_text(turn: Turn) -> str:
    """Such as `edit 4 · bash 2 ✕1`."""
    return " · ".join(map(tool_text, turn.tools))


def file_names(turn: Turn) -> str:
    """The distinct names of its files."""
    return ", ".join(dict.fromkeys(map(last_part, turn.files)))


def file_paths(turn: Turn, directory: str) -> str:
    """Its files, relative to the session's directory."""
    return ", ".join(inside(path, directory) for path in turn.files)


def speed(turn: Turn) -> str:
    """Output tokens per second; empty if no call has completed."""
    if turn.tokens_per_second is None:
        return ""
    return f"{turn.tokens_per_second:.0f}" if turn.tokens_per_second >= 9.95 else f"{turn.tokens_per_second:.1f}"


def took(turn: Turn) -> str:
    """How long it took up to the end of its last call; empty while its first call runs."""
    return "" if turn.running and not turn.duration_ms else duration_text(turn.duration_ms)


def edited_again(turn: Turn) -> str:
    """Such as `2 files edited again`."""
    return f"{plural(turn.edit_retries, 'file')} edited again"


def marks(turn: Turn) -> tuple[str, ...]:
    """The turn's marks, each a glyph and a word: `▲ same file`, `↶ undone`, `→ glm-5`."""
    found = [f"▲ {cause}" for cause in turn.causes]
    if turn.running:
        found.append("● running")
    if turn.undone:
        found.append("↶ undone" if turn.undone >= turn.calls else f"↶ {turn.undone:,} undone")
    if turn.inherited_nano:
        found.append(f"↱ {fine_usd(turn.inherited_nano)} inherited")
    if turn.errors:
        found.append("✕ " + plural(turn.errors, "error"))
    if turn.edit_retries:
        found.append(f"↺ {edited_again(turn)}")
    if turn.switched and turn.models:
        found.append(f"→ {short_model(turn.models[-1])}")
    return tuple(found)


def marks_text(turn: Turn) -> str:
    return "  ".join(marks(turn))


def remarks(turn: Turn) -> str:
    """The marks, then the prompt's first line if it may be shown."""
    return "  ".join(filter(None, (*marks(turn), f"“{turn.prompt}”" if turn.prompt else "")))


def turn_title(turn: Turn, view: SessionView, calendar: Calendar) -> tuple[str, ...]:
    """The title of an opened turn's panel, from the longest variant to the shortest."""
    name = f"Turn {turn.number:,}" if turn.id else "Calls of no turn"
    counted = f"{name} · {turn_time(turn, view, calendar)} · {turn_cost(turn)} · {plural(turn.calls, 'call')}"
    longer = f"{counted} · {took(turn)}" if took(turn) else counted
    return (f"{longer} · {marks_text(turn)}", longer, counted, name) if marks(turn) else (longer, counted, name)


def lines_of_turns(turns: Sequence[Turn], view: SessionView, calendar: Calendar) -> list[str]:
    """A line for each turn with a heading above: its number, time, cost, context, and what happened in it."""
    cells = [
        (
            f"{turn.number or ''}",
            turn_time(turn, view, calendar, brief=True),
            turn_cost(turn),
            context_percent(turn),
            "  ".join(filter(None, (marks_text(turn), tools_text(turn), file_names(turn)))),
        )
        for turn in turns
    ]
    heads = ("#", "Time", "Cost", "Ctx", "What")
    number, time, cost, context, _ = (max(map(len, column)) for column in zip(heads, *cells, strict=True))
    return [
        f"{row[0]:>{number}}  {row[1]:<{time}}  {row[2]:>{cost}}  {row[3]:>{context}}  {row[4]}".rstrip()
        for row in (heads, *cells)
    ]
