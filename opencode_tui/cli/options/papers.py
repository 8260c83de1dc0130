"""What is written for other people and other programs."""

from __future__ import annotations

from opencode_tui.cli.options.parsers import RECONCILE_EXIT_CODES, REPORT_EXIT_CODES, Commands
from opencode_tui.cli.options.shared import add_paper
from opencode_tui.report.export.formats import EXPORT_FORMATS


def add_report(commands: Commands) -> None:
    what = "write a report on a week, a month or some days, or say whether the ledger still says what one does"
    report = commands.add("report", what, codes=REPORT_EXIT_CODES, example="report --format html -o last-week.html")
    add_paper(report)
    report.add_argument("--verify", metavar="FILE", help="hold a written report against the ledger")


def add_reconcile(commands: Commands) -> None:
    what = "compare OpenCode's own figures with the ledger: each difference by its cause"
    commands.add("reconcile", what, codes=RECONCILE_EXIT_CODES, example="reconcile --json")


def add_export(commands: Commands) -> None:
    what = "write every call, or its sums, in a format of other programs"
    export = commands.add(
        "export", what, json=False, example="export --format csv --since 2026-05-01 --output calls.csv"
    )
    export.add_argument("--format", choices=EXPORT_FORMATS, required=True, help="which one; otlp sends to a collector")
    export.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-05-13 (default: all)")
    export.add_argument("-o", "--output", metavar="FILE", help="the file to write (default: standard output)")
    export.add_argument("--titles", action="store_true", help="with the sessions' titles")


def add_metrics(commands: Commands) -> None:
    metrics = commands.add(
        "metrics",
        "serve OpenMetrics on this machine, for Prometheus",
        json=False,
        example="metrics --listen 127.0.0.1:9400",
    )
    listen = "the address on this machine, such as 127.0.0.1:9400; port 0 takes a free one"
    metrics.add_argument("--listen", metavar="ADDRESS:PORT", required=True, help=listen)
