"""What commands that read a breakdown do before and after it."""

from __future__ import annotations

import sys

from opencode_tui.cli.common import Opened
from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.requests import BreakdownRequest


def settle_usage(at: Opened, request: BreakdownRequest) -> None:
    """Classify the turns that a request needs classified."""
    if request.details or request.is_about_tasks:
        from opencode_tui.readings.turn_settling import settle_for

        settle_for(at.ledger, request)


def say_unknown(usage: Breakdown) -> None:
    """Says which filter nothing matches, and some of what there is."""
    if usage.unknown is not None:
        known = usage.known or ("none at all",)
        wanted = f"no {usage.unknown.dimension} is like {' or '.join(map(repr, usage.unknown.keys))}"
        there = f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}"
        print(f"opencode-tui: {wanted} in this period ({usage.label}); {there}", file=sys.stderr)
