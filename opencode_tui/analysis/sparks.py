"""A session's spend over time, worked out where it is shown: most rows of a long list are never drawn."""

from __future__ import annotations

import msgspec

from opencode_tui.records.sessions import SessionRow

SPARK_STEPS = 12
_NUMBERS = msgspec.json.Decoder(list[int])


def spark_of(row: SessionRow) -> tuple[int, ...]:
    """The nano-dollars in each of SPARK_STEPS from the row's start to its end; empty if it has no costs.

    No call is before the start. Calls after the end, as a clock that was set back can date them, are left out.
    """
    if row.costs is None:
        return ()
    found, start_ms, length = [0] * SPARK_STEPS, row.started_ms, row.last_ms - row.started_ms + 1
    last_ms = max(row.started_ms, row.last_ms)
    moments = iter(_NUMBERS.decode(f"[{row.costs}]") if length else ())
    for at_ms, nano in zip(moments, moments, strict=True):
        if at_ms <= last_ms:
            found[(at_ms - start_ms) * SPARK_STEPS // length] += nano
    return tuple(found)
