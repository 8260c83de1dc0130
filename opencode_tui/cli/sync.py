"""`opencode-tui sync`: read OpenCode's stores into the ledger, with a progress bar on a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opencode_tui.cli.common import settings_for, synced, using_ledger
from opencode_tui.cli.streams import raw
from opencode_tui.clock import monotonic_s
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import queries
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import plural
from opencode_tui.report.json_values import SCHEMA_VERSION
from opencode_tui.sync import Sync


def run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    with using_ledger(settings) as ledger:
        return _sync(arguments, settings, ledger)


def _sync(arguments: argparse.Namespace, settings: Settings, ledger: Ledger) -> int:
    before, began_s = queries.count_calls(ledger.connection), monotonic_s()
    with _progress() as report:
        sync = synced(settings, ledger, report, prices=True)
    after = queries.count_calls(ledger.connection)
    unreadable = sum(count for _, count in queries.unreadable_reasons(ledger.connection))
    if arguments.json:
        stores = [{"path": s.path, "generation": s.generation, "state": s.state} for s in sync.states]
        print(
            json.dumps(
                {
                    "schema_version": SCHEMA_VERSION,
                    "new_calls": after - before,
                    "calls": after,
                    "unreadable_rows": unreadable,
                    "seconds": round(monotonic_s() - began_s, 3),
                    "ledger": str(ledger.path),
                    "stores": stores,
                    "price_problems": list(sync.book.problems),
                }
            )
        )
    else:
        print(f"{plural(after - before, 'new call')}, {after:,} in all, in {ledger.path}")
        if unreadable:
            print(f"{plural(unreadable, 'row')} could not be read:")
            for reason, count in queries.unreadable_reasons(ledger.connection):
                print(f"  {count:,} × {reason}")
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[Sync], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=raw(sys.stderr)), transient=True) as progress:
        task = progress.add_task("Importing", total=None)

        def report(sync: Sync) -> None:
            importing = [state for state in sync.states if state.state == "importing"]
            progress.update(
                task,
                completed=sum(state.imported for state in importing),
                total=sum(state.total for state in importing) or None,
            )

        yield report
