"""A call as text, with the arithmetic of its cost."""

from __future__ import annotations

from decimal import Decimal

from opencode_tui.clock import Calendar
from opencode_tui.money import NANO, plural
from opencode_tui.pricing.rates import Rates, cost_nano
from opencode_tui.records.calls import is_unlisted
from opencode_tui.records.privacy.harmless import shown_id
from opencode_tui.records.session import CallRates, CallRow, ToolRow
from opencode_tui.report.turn_words import duration_text, short_model
from opencode_tui.report.words import amount_text

BASES = {"recorded": "recorded", "custom": "by your own price", "list": "by list price"}
KINDS = ("input", "output", "reasoning", "cache read", "cache write")


def exact_usd(nano: int) -> str:
    """An amount with all its decimals, at least two: $0.0078402, $1.50."""
    sign, dollars = ("-" if nano < 0 else ""), Decimal(abs(nano)) / NANO
    whole, _, decimals = f"{dollars:,.9f}".partition(".")
    return f"{sign}${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def rate_text(nano: int) -> str:
    """A rate in nano-dollars per million tokens, such as `$0.95/M` or `$4/M`."""
    return exact_usd(nano).removesuffix(".00") + "/M"


def token_terms(call: CallRow) -> list[str]:
    """One term for each kind of token in the call, with its rate if known: `output 669 × $4/M`."""
    tokens, rates = call.tokens, call.rates
    per_million = (
        (rates.input, rates.output, rates.output, rates.cache_read, rates.cache_write) if rates else (None,) * 5
    )
    counts = tokens.counts
    return [
        f"{name} {count:,}" if rate is None else f"{name} {count:,} × {rate_text(rate)}"
        for name, count, rate in zip(KINDS, counts, per_million, strict=True)
        if count
    ]


def at_rates(call: CallRow, rates: CallRates) -> int:
    """The cost of the call's tokens at these rates, in nano-dollars."""
    return cost_nano(call.tokens, Rates(rates.input, rates.output, rates.cache_read, rates.cache_write))


def arithmetic(call: CallRow) -> str:
    """Such as `input 5,436 × $0.95/M + output 669 × $4/M = $0.0078402 recorded`.

    If the recorded amount differs from the computed one, the text shows both.
    """
    amount, basis = exact_usd(call.amount_nano), BASES[call.basis]
    terms = " + ".join(token_terms(call))
    if not terms:
        return f"no tokens yet: {amount}" if call.completed_ms is None else f"no tokens: {amount} {basis}"
    if call.rates is None:
        return f"{terms}: {amount} {basis}, rates not known"
    made = at_rates(call, call.rates)
    if made == call.amount_nano:
        return f"{terms} = {amount} {basis}"
    if call.basis == "recorded" and not call.recorded_nano and call.list_nano:
        return f"{terms} = {exact_usd(made)} at list price; $0.00 recorded, not billed"
    return f"{terms} = {exact_usd(made)}, but {amount} {basis}"


def provenance(call: CallRow) -> str:
    """The call's id and the source of its rates."""
    id = shown_id(call.id)
    return f"{id} · rates from {call.rates.source}" if call.rates and call.rates.source else id


def call_marks(call: CallRow) -> tuple[str, ...]:
    found = []
    if call.completed_ms is None and not call.error:
        found.append("● running")
    if call.undone:
        found.append("↶ undone, spent all the same")
    if call.copied_from:
        found.append("↱ copied, not billed again")
    return tuple(found)


def call_head(call: CallRow, calendar: Calendar) -> str:
    """Such as `14:20:05  kimi-k2.6 high  build  $0.0078  12s  tools 9s  53 tokens/s`."""
    time = calendar.local(call.created_ms).strftime("%H:%M:%S")
    model = " ".join(filter(None, (short_model(call.model), call.variant)))
    times = (took_text(call), tools_time(call), speed_text(call))
    cost = amount_text(call.cost_nano, call.missing is not None)
    return "  ".join(filter(None, (time, model, call.agent, cost, *times, *call_marks(call))))


def took_text(call: CallRow) -> str:
    """How long it took with its tools; empty while it runs and for inferred calls."""
    if call.completed_ms is None or is_unlisted(call.id):
        return ""
    return duration_text(call.completed_ms - call.created_ms)


def tools_time(call: CallRow) -> str:
    """How long its tools took after the answer; empty if the end of the answer is not known."""
    if call.completed_ms is None or call.streamed_ms is None or not call.tools:
        return ""
    return f"tools {duration_text(call.completed_ms - call.streamed_ms)}"


def speed_text(call: CallRow) -> str:
    """Output tokens per second of the answer; empty if the end of the answer is not known."""
    written = call.tokens.output + call.tokens.reasoning
    if call.streamed_ms is None or call.streamed_ms <= call.created_ms or not written:
        return ""
    return f"{written * 1000 / (call.streamed_ms - call.created_ms):,.0f} tokens/s"


def tool_line(tool: ToolRow) -> str:
    """Such as `✓ edit src/Button.tsx 0.3s`; `failed`, `refused` and `running` are words as well as glyphs."""
    glyph, word = {True: ("✓", ""), False: ("✕", "failed"), None: ("●", "running")}[tool.ok]
    word = "refused" if tool.refused else word
    took = duration_text(tool.duration_ms) if tool.duration_ms is not None else ""
    child = f"→ {shown_id(tool.child_session_id)}" if tool.child_session_id else ""
    return " ".join(filter(None, (glyph, tool.name, tool.target, word, took, child)))


def call_lines(call: CallRow, calendar: Calendar) -> list[tuple[str, str]]:
    """(kind, text) for each line about a call; kinds are `head`, `sum`, `tool`, `error` and `note`."""
    lines = [("head", call_head(call, calendar)), ("sum", arithmetic(call))]
    if call.missing:
        lines.append(("error", f"▲ could not be read: {call.missing}"))
    lines += [("tool", tool_line(tool)) for tool in call.tools]
    if call.error:
        lines.append(("error", f"✕ {call.error}"))
    if call.copied_from:
        paid = f"{exact_usd(call.amount_nano)} paid there" if call.amount_nano else "free there"
        lines.append(("note", f"↱ copied from {call.copied_from}, {paid}"))
    lines.append(("note", provenance(call)))
    return lines


def together(calls: tuple[CallRow, ...]) -> str:
    """The exact sum of the calls' costs."""
    least = "≥" if any(call.missing for call in calls) else ""
    return f"{plural(len(calls), 'call')} = {least}{exact_usd(sum(call.cost_nano for call in calls))}"
