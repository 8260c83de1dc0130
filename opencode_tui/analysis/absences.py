"""When nobody was there: what is left of the gaps between prompts after the first while of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from opencode_tui.clock import Calendar, Span

NIGHT_ENDS = 6
"""The hour until which it is night."""
_LEAST_RUNS = 2
"""The least number of sessions in a night that look like runs of a timer."""


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


def sessions_of_a_timer(prompts: Sequence[tuple[int, str]], calendar: Calendar) -> frozenset[str]:
    """The sessions that nobody sat at, it seems: prompted once, between 0:00 and 6:00, in a night of such ones only.

    `prompts` are (moment in Unix ms, session). OpenCode 2 does not record that `opencode run` began a session. Whoever
    is up at night goes on with one or the other.
    """
    times = Counter(id for _, id in prompts)
    nights: dict[date, list[str]] = defaultdict(list)
    for at_ms, id in prompts:
        if (local := calendar.local(at_ms)).hour < NIGHT_ENDS:
            nights[local.date()].append(id)
    found = (ids for ids in nights.values() if len(ids) >= _LEAST_RUNS and all(times[id] == 1 for id in ids))
    return frozenset(id for ids in found for id in ids)
