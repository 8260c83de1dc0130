"""When nobody was there: what is left of the gaps between prompts after the first while of each."""

from __future__ import annotations

from collections.abc import Iterable

from opencode_tui.clock import Span


def absences(prompts: Iterable[int], away_ms: int, span: Span, last_before_ms: int | None) -> tuple[Span, ...]:
    """The parts of a span that lie at least so long after the last prompt, in order of time.

    `prompts` are the moments of those in the span, in order, and `last_before_ms` is that of the last one before it;
    None if there was none: until the first prompt, nothing is known of anybody's absence.
    """
    found: list[Span] = []
    last = last_before_ms
    for prompt in (*prompts, span.end_ms):
        if last is not None and (start := max(span.start_ms, last + away_ms)) < prompt:
            found.append(Span(start, prompt))
        last = prompt
    return tuple(found)
