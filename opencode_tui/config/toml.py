"""Reads the settings' file as TOML with exact decimals and one-sentence errors."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from opencode_tui.config.errors import SettingsError, unreadable
from opencode_tui.paths import tilde


def read_toml(file: Path) -> dict[str, Any]:
    """The file's tables, with Decimal for fractional numbers. Raises SettingsError."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        raise SettingsError(f"{_place(file, before)}: not UTF-8 text; save the file as UTF-8") from None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(file, text, str(error)) from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{tilde(file)}: a value is too long or nested too deeply; shorten it") from None


def _malformed(file: Path, text: str, message: str) -> SettingsError:
    reason, _, at = message.rpartition(" (at ")
    position = re.match(r"line (\d+), column (\d+)", at)
    # tomllib gives no position for errors at the end of the document
    place = f"{tilde(file)}: line {position[1]}, column {position[2]}" if position else _place(file, text)
    reason = reason or message
    return SettingsError(f"{place}: {reason[:1].lower()}{reason[1:]}; correct the TOML there")


def _place(file: Path, before: str) -> str:
    """The file with the line and column after the text `before`, counted from 1."""
    line = before.count("\n") + 1
    return f"{tilde(file)}: line {line}, column {len(before) - before.rfind(chr(10))}"
