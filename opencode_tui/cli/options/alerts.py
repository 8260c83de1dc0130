"""What an alert and an insight are answered with."""

from __future__ import annotations

import argparse
from typing import Any

from opencode_tui.analysis.periods import OTHER_PERIODS, PERIODS
from opencode_tui.cli.options.parsers import Commands
from opencode_tui.cli.options.shared import add_period

_MOST_ALERTS = 1_000_000


def add_alerts(commands: Commands) -> None:
    alerts = commands.add(
        "alerts",
        "list the alerts that fired, with their causes and what each channel made of them",
        example="alerts --limit 5",
    )
    alerts.add_argument("--limit", type=_number, default=20, metavar="N", help="at most so many (default: 20)")
    add = commands.actions_of(alerts)
    test = add("test", "try each channel that is on; exit code 1 if one does not work", example="alerts test")
    test.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    ids: dict[str, Any] = {"dest": "ids", "nargs": "+", "metavar": "ID"}
    add("seen", "say that alerts were seen: they stand no longer", example="alerts seen all").add_argument(
        **ids, help="an alert's number, or all"
    )
    ack = add(
        "ack",
        "say that alerts were dealt with: they are seen, and no snooze brings them back",
        example="alerts ack 12 13",
    )
    ack.add_argument(**ids, help="an alert's number, or all")
    add(
        "unack", "take acknowledgements back: each alert is what it was before", example="alerts unack 12"
    ).add_argument(**ids, help="an alert's number, or all")
    snooze = add(
        "snooze", "hide alerts for a while, and fire none like them meanwhile", example="alerts snooze 12 --for 2h"
    )
    snooze.add_argument(**ids, help="an alert's number, or all")
    snooze.add_argument("--for", dest="time", metavar="TIME", required=True, help="how long: 90s, 30m, 2h or today")


def add_why(commands: Commands) -> None:
    what = "say why a period cost that, and what to do about it: insights, the costliest first"
    why = commands.add("why", what, example="why --period month")
    add_period(why, "week")
    why.set_defaults(period="week")
    why.add_argument("--dismissed", action="store_true", help="list those that were dismissed as well")
    add = commands.actions_of(why)
    ids: dict[str, Any] = {"dest": "ids", "nargs": "+", "metavar": "ID", "help": "an insight's id, or its beginning"}
    dismiss = add("dismiss", "show insights no longer, for a week", example="why dismiss 3f2a1b --for-ever")
    done = add(
        "done",
        "say that insights were acted on: what they cost from now on is compared with the week before",
        example="why done 3f2a1b",
    )
    for action in (dismiss, done):
        action.add_argument(**ids)
        known = f"{', '.join(PERIODS)}, {OTHER_PERIODS}"
        action.add_argument("--period", metavar="P", default=argparse.SUPPRESS, help=f"in which period: {known}")
    dismiss.add_argument("--for-ever", action="store_true", help="not for a week only")
    restore = add("restore", "take back that insights were dismissed or done", example="why restore 3f2a1b")
    restore.add_argument(**ids)
    for action in (dismiss, done, restore):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_ALERTS:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number of alerts; write one such as 20")
    return int(text)
