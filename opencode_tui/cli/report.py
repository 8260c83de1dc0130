"""`opencode-tui report`: a period as a page for whoever owns the budget, and whether the ledger still says so."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys

from opencode_tui import paths
from opencode_tui.cli import EXIT_OK, EXIT_USAGE
from opencode_tui.cli.asking_git import asking_git
from opencode_tui.cli.common import Opened, Trouble, opened
from opencode_tui.cli.output_file import output_place, write_output
from opencode_tui.cli.report_options import asked_format, asked_period
from opencode_tui.clock import now_ms
from opencode_tui.guard.files import read_small
from opencode_tui.readings.context import Context, context_of
from opencode_tui.readings.insights import settle_insights
from opencode_tui.readings.proof import check_proof
from opencode_tui.readings.report import read_report
from opencode_tui.readings.turn_settling import settle_span
from opencode_tui.records.proof import Proof
from opencode_tui.report.cost_report_words import period_label
from opencode_tui.report.export.output import is_regular
from opencode_tui.report.papers import paper_of
from opencode_tui.report.proof_words import proof_check_json, proof_check_text
from opencode_tui.report.words import amount_text

EXIT_DIFFERS = 1
_MOST_BYTES = 64 << 20


def run(arguments: argparse.Namespace) -> int:
    if arguments.verify is not None:
        return _verify(arguments)
    target = output_place(arguments.output)
    format = asked_format(arguments, target)
    with opened(arguments) as at:
        period = asked_period(arguments, at.calendar.day(now_ms()))
        if target is not None and (target.is_dir() or arguments.output.endswith("/")):
            target /= f"opencode-costs-{period.label.replace(' to ', '_')}.{format}"
        span = at.calendar.span(period.first, period.last)
        settle_span(at.ledger, span)
        settle_insights(at.ledger, at.settings.insights.options, at.sync.book, span, live=at.sync.answers)
        with at.ledger.reading() as connection:
            context = _context(at, connection)
            report = read_report(period, context, asking_git(context.settings))
            paper = paper_of(report, format, context.calendar)
    if target is None:
        sys.stdout.write(paper)
        return EXIT_OK
    write_output(target, paper)
    spent = amount_text(report.totals.spend_nano, report.lower_bound)
    if is_regular(target):
        print(f"{paths.tilde(target)}: {period_label(report.label)}, {spent} spent")
    return EXIT_OK


def _context(at: Opened, connection: sqlite3.Connection) -> Context:
    """The context with the settings' own lines, not with a cutoff that was raised for today."""
    return context_of(at.sync, connection, now_ms(), at.settings, at.states)


def _verify(arguments: argparse.Namespace) -> int:
    if any(
        value is not None
        for value in (arguments.week, arguments.month, arguments.first, arguments.last, arguments.output)
    ):
        raise Trouble("--verify takes the period from the file; leave the other options out", EXIT_USAGE)
    if not arguments.verify:
        raise Trouble("--verify needs the name of a report's file", EXIT_USAGE)
    proof = _read_proof(arguments.verify)
    with opened(arguments) as at, at.ledger.reading() as connection:
        check = check_proof(proof, _context(at, connection))
    print(json.dumps(proof_check_json(check)) if arguments.json else proof_check_text(check))
    return EXIT_OK if check.holds else EXIT_DIFFERS


def _read_proof(name: str) -> Proof:
    """The proof in a report's file. Raises Trouble."""
    from opencode_tui.report.papers.reading import proof_in

    file = paths.expand(name)
    again = "write it again with `opencode-tui report -o`"
    try:
        return proof_in(read_small(file, _MOST_BYTES))
    except OSError as error:
        raise Trouble(f"the report {name} cannot be read ({error.strerror}); name another file") from None
    except UnicodeDecodeError:
        raise Trouble(f"{name} is no report of opencode-tui's, or is damaged; {again}") from None
    except ValueError as error:
        raise Trouble(f"{name} cannot be verified: {error}; {again}") from None
