"""Replaces `{env:NAME}` and `{file:path}` in the text of OpenCode's configuration before it is parsed.

As in OpenCode 1.18.34 and 2.0.15: first every variable, quoted or not, in comments too, a missing one by the empty
text; then every file by its trimmed content, escaped for a JSON string, except on lines that begin with `//`. If a file
is missing, OpenCode rejects the configuration; here it is replaced by the empty text and reported.
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from opencode_tui.pricing import jsonc
from opencode_tui.pricing.files import Mark, file_mark, read_text, reason, shown_path

_VARIABLE = re.compile(r"\{env:([^}]+)\}")
_FILE = re.compile(r"\{file:([^}]+)\}")
_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" + (
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The characters that JavaScript's `trim` removes."""


class Substituted(Struct, frozen=True):
    text: str
    unset: tuple[str, ...]
    """The names of variables that are missing or empty."""
    unreadable: tuple[str, ...]
    """Files that could not be read, each as named in the text, with the reason; never their content."""
    files: tuple[tuple[Path, Mark], ...]
    """Each included file, with its mark before it was read."""


def substitute(
    text: str, folder: Path, environ: Mapping[str, str], home: Path, *, unquoted_nothing: str = ""
) -> Substituted:
    """Returns the text with all tokens replaced; relative files are relative to `folder`.

    `unquoted_nothing` replaces missing values outside strings: with `null`, an unknown price leaves the rest of the
    text parsable.
    """
    unset: list[str] = []
    unreadable: list[str] = []
    files: list[tuple[Path, Mark]] = []

    def replaced(pattern: re.Pattern[str], within: str) -> str:
        spans = jsonc.strings(within) if unquoted_nothing else []

        def one(match: re.Match[str]) -> str:
            if pattern is _VARIABLE:
                value = environ.get(match[1], "")
                if not value:
                    unset.append(match[1])
            elif _commented_out(within, match.start()):
                return match.group()
            else:
                value = included(match)
            return value or ("" if _inside(spans, match.start()) else unquoted_nothing)

        return pattern.sub(one, within)

    def included(match: re.Match[str]) -> str:
        path = _located(match[1], folder, home)
        files.append((path, file_mark(path)))
        try:
            content = read_text(path)
            if content is None:
                raise FileNotFoundError(None, "it does not exist")
        except (OSError, ValueError) as error:
            # A path made from a variable may contain a secret.
            name = shown_path(match.group()) if match.group() in text else "a file"
            unreadable.append(f"{name} ({reason(error)})")
            return ""
        return json.dumps(content.strip(_SPACE), ensure_ascii=False)[1:-1]

    result = replaced(_FILE, replaced(_VARIABLE, text))
    return Substituted(result, tuple(dict.fromkeys(unset)), tuple(dict.fromkeys(unreadable)), tuple(files))


def _commented_out(text: str, place: int) -> bool:
    """Returns whether the line starts with `//`; in a comment after other text, OpenCode does replace files."""
    line = text.rfind("\n", 0, place) + 1
    return text[line:place].lstrip(_SPACE).startswith("//")


def _located(name: str, folder: Path, home: Path) -> Path:
    path = home / name[2:].lstrip("/") if name.startswith("~/") else folder / name
    return Path(os.path.normpath(path))


def _inside(spans: list[tuple[int, int]], place: int) -> bool:
    before = bisect_right(spans, place, key=lambda span: span[0])
    return before > 0 and place < spans[before - 1][1]
