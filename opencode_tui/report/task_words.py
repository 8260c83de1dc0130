"""What a day's spend was for, as a line."""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.money import percentages
from opencode_tui.records.usage import Slice
from opencode_tui.records.work import NOT_KNOWN

_MOST = 4


def task_lines(tasks: Sequence[Slice]) -> tuple[str, ...]:
    """Such as `for: coding 62% · testing 21% · git 9%`, then shorter ones; none as long as nothing is known."""
    known = [each for each in tasks if each.key != NOT_KNOWN and each.spend_nano]
    if not known:
        return ()
    shares = dict(zip((each.key for each in tasks), percentages(tuple(each.spend_nano for each in tasks)), strict=True))
    parts = [f"{each.key} {shares[each.key]}%" for each in known if shares[each.key]][:_MOST]
    return tuple(f"for: {' · '.join(parts[:count])}" for count in range(len(parts), 0, -1))
