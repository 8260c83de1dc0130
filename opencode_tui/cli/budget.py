"""`opencode-tui budget`: each budget with its owner, what is spent, what is left, and whether the guard holds it."""

from __future__ import annotations

import argparse
import json
import os

from opencode_tui.cli.common import opened
from opencode_tui.clock import now_ms
from opencode_tui.guard.status import guard_status
from opencode_tui.readings.budgets import read_budgets
from opencode_tui.report.budgets import Holding, budgets_json, budgets_text


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as at:
        now = now_ms()
        with at.reading(now) as context:
            budgets = read_budgets(context)
        status = guard_status(at.settings, at.ledger.path.absolute(), os.environ, now)
    names = frozenset(str(each["name"]) for each in status.held.get("budgets", ()))
    lifts = dict(status.lifts)
    if status.lifted_until_ms is not None:
        lifts["budget"] = max(status.lifted_until_ms, lifts.get("budget", 0))
    holding = Holding(names if status.guarded or status.condition == "lifted" else frozenset(), lifts)
    if arguments.json:
        print(json.dumps(budgets_json(budgets, holding, at.calendar)))
    else:
        print(budgets_text(budgets, holding, at.calendar))
    return 0
