"""Where buckets of four weeks lie in time, and what of a selection they and the time between them have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, pairwise

from opencode_tui.clock import Span
from opencode_tui.ledger.selection import NamedSpan
from opencode_tui.ledger.sums import BUCKET_QUARTERS, QUARTER_MS

BUCKET_MS = BUCKET_QUARTERS * QUARTER_MS
SESSIONS_OF_BUCKETS = "coalesce('[' || group_concat(sessions) || ']', '[]')"
"""SQL for the ids of the sessions of several rows of `bucket_sum`, as a JSON list."""


def whole_buckets(span: Span) -> tuple[int, int]:
    """The number of the first bucket that lies in a span, and the one after the last."""
    return -(-span.start_ms // BUCKET_MS), span.end_ms // BUCKET_MS


def runs(numbers: Collection[int]) -> list[Span]:
    """The time of these buckets, in one span as long as they follow each other."""
    starts = sorted(number for number in numbers if number - 1 not in numbers)
    ends = sorted(number + 1 for number in numbers if number + 1 not in numbers)
    return [Span(start * BUCKET_MS, end * BUCKET_MS) for start, end in zip(starts, ends, strict=True)]


def between(parts: Sequence[Span], whole: Span) -> list[Span]:
    """What a span has besides these parts of it, which are in order."""
    edges = (whole.start_ms, *chain.from_iterable((part.start_ms, part.end_ms) for part in parts), whole.end_ms)
    return [Span(start, end) for start, end in list(pairwise(edges))[::2] if start < end]


def cut_spans(spans: Sequence[NamedSpan], parts: Sequence[Span]) -> Iterator[NamedSpan]:
    """The named spans as far as they lie in these parts; their hours are counted from where they were before."""
    for each in spans:
        span = each.span
        for part in parts:
            if part.start_ms <= span.start_ms and span.end_ms <= part.end_ms:
                yield each
            elif span.start_ms < part.end_ms and part.start_ms < span.end_ms:
                inside = Span(max(span.start_ms, part.start_ms), min(span.end_ms, part.end_ms))
                yield NamedSpan(each.names, inside, each.hours_from)
