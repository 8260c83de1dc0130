"""`opencode-tui team export`: what this machine's ledger shares with whoever adds up the team."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from opencode_tui.analysis.periods import parse_day
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.common import Trouble, opened
from opencode_tui.cli.output_file import output_place
from opencode_tui.clock import EVER, Span, now_ms
from opencode_tui.money import plural
from opencode_tui.paths import tilde
from opencode_tui.report.export.output import check_place, is_regular, put_whole
from opencode_tui.report.export.request import ExportError
from opencode_tui.team.exporting import write_seat

_FILE_NAMED = "name a file, such as team.db in a synced folder"


def export_seat(arguments: argparse.Namespace) -> int:
    place, first = output_place(arguments.file), _first(arguments.since)
    if place is None or not is_regular(place):
        what = "- is standard output" if place is None else f"{tilde(place)} is {_kind(place)}"
        raise Trouble(f"{what}, and what a seat shares is a database; {_FILE_NAMED}", EXIT_USAGE)
    with opened(arguments) as at:
        try:
            target = check_place(place, [at.ledger.path, *(Path(each.path) for each in at.states)])
        except ExportError as error:
            raise Trouble(str(error), EXIT_USAGE) from None
        span = Span(at.calendar.start_of(first), EVER.end_ms) if first else EVER
        with at.ledger.reading() as connection, put_whole(target) as fresh:
            calls = write_seat(connection, fresh, at.settings.team.share, span, now_ms())
    print(f"{tilde(target)}: {plural(calls, 'call')}, shares {at.settings.team.share} (team.share says what)")
    return EXIT_OK


def _kind(place: Path) -> str:
    return "a directory" if place.is_dir() else "a device or a pipe"


def _first(text: str | None) -> date | None:
    try:
        return parse_day(text) if text else None
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None
