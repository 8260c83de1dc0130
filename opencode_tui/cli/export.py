"""`opencode-tui export`: every call of the ledger, or its sums, in a format of other programs."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import TextIO

from opencode_tui.analysis.periods import parse_day
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import NOTIFIER_S, Trouble, opened
from opencode_tui.cli.output_file import output_place
from opencode_tui.cli.signals import ended_in_order
from opencode_tui.clock import EVER, now_ms
from opencode_tui.money import plural
from opencode_tui.readings.context import Context
from opencode_tui.readings.exports import is_bounded, read_counters, read_exported_calls
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.export.formats import EXPORT_FORMATS
from opencode_tui.report.export.output import check_place, is_regular, put_whole, text_file
from opencode_tui.report.export.request import (
    CallRequest,
    CallsAsFile,
    CallsAsText,
    CallsSent,
    ExportError,
    Format,
    SendRequest,
    SumsAsText,
    Tally,
)


def run(arguments: argparse.Namespace) -> int:
    try:
        first = parse_day(arguments.since) if arguments.since else None
        output = output_place(arguments.output)
        format = EXPORT_FORMATS[arguments.format]()
        _check(arguments, format, output)
    except (ValueError, ExportError) as error:
        raise Trouble(str(error), EXIT_USAGE) from None
    wait_s = NOTIFIER_S if isinstance(format, CallsSent) else None  # what is sent and not noted would be sent again
    with ended_in_order(), opened(arguments, wait_s) as at:
        try:
            if isinstance(format, CallsSent):
                since_ms = at.calendar.start_of(first) if first else EVER.start_ms
                print(format.send(SendRequest(at.ledger, since_ms, arguments.titles, os.environ, now_ms)))
            else:
                place = output and check_place(output, [at.ledger.path, *(Path(each.path) for each in at.states)])
                with at.reading(now_ms()) as context:
                    said = _write(format, place, first, context, arguments.titles)
                if place and is_regular(place):
                    print(f"{said} in {output}")
        except ExportError as error:
            raise Trouble(str(error)) from None
    return 0


def _check(arguments: argparse.Namespace, format: Format, output: Path | None) -> None:
    """Raises ExportError for options that do not go together, before anything is read."""
    name = arguments.format
    if isinstance(format, CallsAsFile) and (output is None or not is_regular(output)):
        raise ExportError(f"{name} is no text; name a file with --output, such as --output calls.{name}")
    if isinstance(format, CallsSent) and arguments.output is not None:
        raise ExportError(f"{name} is sent to a collector; leave --output out")
    if isinstance(format, SumsAsText) and arguments.titles:
        raise ExportError(f"{name} has no sessions; leave --titles out")


def _write(
    format: CallsAsText | CallsAsFile | SumsAsText,
    place: Path | None,
    first: date | None,
    context: Context,
    titles: bool,
) -> str:
    """Write the export to a file or to standard output; returns in a few words what it holds."""
    if isinstance(format, SumsAsText):
        with _text(place) as file:
            file.write(format.write(read_counters(first, context)))
        return "metrics"
    tally = Tally(read_exported_calls(first, context))
    request = CallRequest(tally, context.calendar, titles)
    if isinstance(format, CallsAsText):
        with _text(place) as file:
            format.write(request, file)
    elif place is not None:
        with put_whole(place) as fresh:
            format.write(request, fresh)
    least = "≥ " if is_bounded(first, context) else ""
    copies = tally.copies and f" and {tally.copies:,} {'copy' if tally.copies == 1 else 'copies'}"
    return f"{plural(tally.calls, 'call')}{copies or ''}, {least}{exact_usd(tally.cost_nano)},"


def _text(place: Path | None) -> AbstractContextManager[TextIO]:
    return text_file(place) if place else nullcontext(sys.stdout)
