"""Answers as they are compared: what several parts of a session make is in one order."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from opencode_tui.records.answers import Answer
from opencode_tui.records.sessions import SessionList


def in_order(answer: Answer) -> Answer:
    """The answer with the costs of each session in order."""
    if not isinstance(answer, SessionList):
        return answer
    rows = (replace(row, costs=row.costs and ",".join(sorted(_pairs(row.costs)))) for row in answer.rows)
    return replace(answer, rows=tuple(rows))


def _pairs(costs: str) -> Iterator[str]:
    values = costs.split(",")
    return (f"{at},{nano}" for at, nano in zip(values[::2], values[1::2], strict=True))
