"""`opencode-tui metrics`: serves OpenMetrics on this machine until it is ended."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, opened, say_trouble
from opencode_tui.cli.signals import ended_by_signals
from opencode_tui.clock import now_ms
from opencode_tui.readings.exports import read_counters
from opencode_tui.report.export.address import parse_listen
from opencode_tui.report.export.openmetrics import openmetrics_text
from opencode_tui.report.export.request import ExportError
from opencode_tui.report.export.server import serving


def run(arguments: argparse.Namespace) -> int:
    try:
        address = parse_listen(arguments.listen)
    except ValueError as error:
        raise Trouble(f"--listen: {error}", EXIT_USAGE) from None
    scrapes = Scrapes(arguments)
    try:
        with ended_by_signals() as ended, serving(address, scrapes.read) as place:
            print(f"serving http://{place}/metrics until ctrl+c", flush=True)
            ended.wait()
    except ExportError as error:
        raise Trouble(str(error)) from None
    return 0


class Scrapes:
    """Reads what every other command would read, and says a trouble once while it lasts."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Reads once, since a first import takes longer than Prometheus waits. Raises Trouble."""
        self._arguments = arguments
        self._lasting: Sequence[str] = ()
        self._read()

    def read(self) -> str:
        """The metrics of now. Raises ExportError."""
        try:
            return self._read()
        except Trouble as trouble:
            self._say([str(trouble)])
            raise ExportError(str(trouble)) from None

    def _read(self) -> str:
        troubles: list[str] = []
        with opened(self._arguments, say=troubles.append) as at, at.reading(now_ms()) as context:
            text = openmetrics_text(read_counters(None, context))
        self._say(troubles)
        return text

    def _say(self, troubles: Sequence[str]) -> None:
        for sentence in troubles:
            if sentence not in self._lasting:
                say_trouble(sentence)
        self._lasting = troubles
