"""`opencode-tui`: the dashboard, on OpenCode's stores or on a demo day."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.cli.asking_git import asking_git
from opencode_tui.cli.common import NOTIFIER_S, Trouble, open_ledger, settings_for, usable_ledger
from opencode_tui.cli.program import sync_program
from opencode_tui.cli.settings_file import SettingsFile
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.settings import GO_PLAN, OPENCODE_GO, Alerts, Budget, Network, Settings
from opencode_tui.config.team import Team
from opencode_tui.guard.setup import SyncProgram


def run(arguments: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Trouble("the dashboard needs a terminal; for scripts there is `opencode-tui today`")
    settings = settings_for(arguments)
    if arguments.no_mouse:
        settings = replace(settings, ui=replace(settings.ui, mouse=False))
    if arguments.demo:
        from opencode_tui.cli.demo import demo_store
        from opencode_tui.cli.demo.seats import demo_team

        calendar = calendar_for(settings.timezone)
        with demo_store(zone=calendar.zone) as place:
            team = demo_team(place.ledger.with_name("seats"), place.ledger, now_ms(), calendar)
            return _show(_of_demo(settings, place.data_dir, place.ledger, team))
    return _show(settings, SettingsFile(arguments), partial(sync_program, arguments))


def _of_demo(settings: Settings, data_dir: Path, ledger: Path, team: Team) -> Settings:
    """The user's UI settings with default limits, the demo's plan and team, and neither deliveries nor network."""
    from opencode_tui.alerts.channels import all_off
    from opencode_tui.cli.demo import GO_CAPS

    return replace(
        settings,
        data_dirs=(data_dir,),
        ledger=ledger,
        machine="demo",
        budget=Budget(),
        alerts=Alerts(),
        channels=all_off(settings.channels),
        network=Network(),
        quota={OPENCODE_GO: replace(GO_PLAN, windows=GO_CAPS)},
        budgets={},
        tags={},
        team=team,
    )


def _show(
    settings: Settings, file: SettingsFile | None = None, program: Callable[[Path], SyncProgram] | None = None
) -> int:
    usable_ledger(settings)
    from opencode_tui.accounts.background import ServiceAsker
    from opencode_tui.alerts.notifier import CLOSE_S, Notifier
    from opencode_tui.feed import LedgerFeed
    from opencode_tui.ui.app import run_app

    notifier = Notifier(settings, lambda: open_ledger(settings, NOTIFIER_S), os.environ)
    asker = ServiceAsker(settings, lambda: open_ledger(settings, NOTIFIER_S), os.environ)

    def use(changed: Settings) -> None:
        notifier.use(changed)
        asker.use(changed)

    try:
        run_app(
            LedgerFeed(
                lambda: open_ledger(settings),
                settings,
                os.environ,
                notify=notifier.notify,
                deliver_waiting=notifier.deliver_waiting,
                use_channels=use,
                program=program,
                ask_services=lambda watched: asker.ask_due(watched=watched) if file else None,
                ask_git=asking_git,
            ),
            settings,
            file,
        )
    except ValueError as error:
        raise Trouble(str(error)) from None
    finally:
        if notifier.is_delivering:
            print(f"opencode-tui: an alert is still being delivered; waiting at most {CLOSE_S:.0f} s", file=sys.stderr)
        notifier.close()
    return 0
