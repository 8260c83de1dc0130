"""`opencode-tui`: the dashboard, on OpenCode's stores or on a demo day."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace

from opencode_tui.cli.common import Trouble, open_ledger, settings_for
from opencode_tui.clock import calendar_for
from opencode_tui.settings import Budget, Settings


def run(arguments: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Trouble("the dashboard needs a terminal; for scripts there is `opencode-tui today`")
    settings = settings_for(arguments)
    if arguments.no_mouse:
        settings = replace(settings, ui=replace(settings.ui, mouse=False))
    if arguments.demo:
        from opencode_tui.demo import demo_store

        with demo_store(zone=calendar_for(settings.timezone).zone) as place:
            return _show(
                replace(settings, data_dirs=(place.data_dir,), ledger=place.ledger, machine="demo", budget=Budget())
            )
    return _show(settings)


def _show(settings: Settings) -> int:
    # A ledger that cannot be used is said before the screen is taken.
    open_ledger(settings).close()
    from opencode_tui.alerts.teller import Teller
    from opencode_tui.feed import LedgerFeed
    from opencode_tui.ui.app import run

    teller = Teller(settings, lambda: open_ledger(settings), os.environ)
    try:
        run(LedgerFeed(lambda: open_ledger(settings), settings, os.environ, tell=teller.tell), settings)
    except ValueError as error:
        raise Trouble(str(error)) from None
    finally:
        teller.close()
    return 0
