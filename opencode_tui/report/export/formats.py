"""All formats by name. A format's file is imported when the format is asked for, since some need large libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencode_tui.report.export.request import ExportError, Format


def _csv() -> Format:
    from opencode_tui.report.export.csv_calls import write_csv
    from opencode_tui.report.export.request import CallsAsText

    return CallsAsText(write_csv)


def _jsonl() -> Format:
    from opencode_tui.report.export.jsonl import write_jsonl
    from opencode_tui.report.export.request import CallsAsText

    return CallsAsText(write_jsonl)


def _sqlite() -> Format:
    from opencode_tui.report.export.request import CallsAsFile
    from opencode_tui.report.export.sqlite import write_sqlite

    return CallsAsFile(write_sqlite)


def _parquet() -> Format:
    from opencode_tui.report.export.request import CallsAsFile

    try:
        from opencode_tui.report.export.parquet import write_parquet
    except ImportError as error:
        raise _lacks("Parquet", "pyarrow", "parquet", error) from None
    return CallsAsFile(write_parquet)


def _focus() -> Format:
    from opencode_tui.report.export.focus import write_focus
    from opencode_tui.report.export.request import CallsAsText

    return CallsAsText(write_focus)


def _openmetrics() -> Format:
    from opencode_tui.report.export.openmetrics import openmetrics_text
    from opencode_tui.report.export.request import SumsAsText

    return SumsAsText(openmetrics_text)


def _otlp() -> Format:
    from opencode_tui.report.export.request import CallsSent

    try:
        from opencode_tui.report.export.otlp import send_calls
    except ImportError as error:
        raise _lacks("OTLP", "opentelemetry-exporter-otlp-proto-http", "otlp", error) from None
    return CallsSent(send_calls)


EXPORT_FORMATS: dict[str, Callable[[], Format]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "sqlite": _sqlite,
    "parquet": _parquet,
    "focus": _focus,
    "openmetrics": _openmetrics,
    "otlp": _otlp,
}


def _lacks(format: str, library: str, extra: str, error: ImportError) -> ExportError:
    from opencode_tui.report.export.request import ExportError

    found = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
    return ExportError(f"{format} needs {library}{found}; install it with: pip install 'opencode-tui[{extra}]'")
