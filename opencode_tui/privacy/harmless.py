"""Somebody's text made harmless: the one place that all text passes on its way to a screen, a clipboard or a shell.

What a store holds was written by models, by other people and by whoever made an import: a title can carry escape
sequences, a session's id a line feed and a command.
"""

from __future__ import annotations

import re
import unicodedata

_OUTPUT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories that move a cursor, turn text around, or cannot be written."""
_STORED = _OUTPUT | {"Co"}
"""Private characters as well: they say nothing outside of the font that they were made for."""
_JOINER = "\u200d"  # zero-width joiner: part of many emoji
_ID = re.compile(r"[a-z]{3}_[A-Za-z0-9_-]{1,100}")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*")
_QUOTED = {"'": "'\"'\"'", "\\": "'\"\\\\\"'"}
_LONGEST = 1000


def one_line(text: str, limit: int = _LONGEST) -> str:
    """The text on one line, without control characters, bidirectional overrides and the like, cut at `limit`."""
    text = text[: limit * 2]
    if not text.isprintable():
        text = " ".join(_replaced(text, _STORED, " ").split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def lines(text: str) -> str:
    """Text for a terminal: its line feeds stay, anything else that a terminal would act on becomes a space."""
    if text.isprintable():
        return text
    return "\n".join(line if line.isprintable() else _replaced(line, _OUTPUT, " ") for line in text.split("\n"))


def cells(text: str) -> str:
    """Text of a screen's row, as wide as before: characters that have no width go."""
    return text if text.isprintable() else _replaced(text, _OUTPUT, "")


def shown_id(id: str) -> str:
    """An id for people: one of OpenCode's form as it is, anything else quoted as for a shell."""
    return id if _ID.fullmatch(id) else for_shell(id)


def for_shell(text: str) -> str:
    """One word that sh, bash, zsh and fish all take for the text, and in which they find nothing to run.

    A backslash is written outside of the single quotes, because fish reads it inside of them too.
    """
    line = one_line(text)
    if _PLAIN_WORD.fullmatch(line):
        return line
    return "'" + "".join(_QUOTED.get(char, char) for char in line) + "'"


def for_tmux(text: str, limit: int = 80) -> str:
    """The text on one line, in which tmux finds no style and nothing to run."""
    return one_line(text, limit).replace("#", "##")


def _replaced(text: str, categories: frozenset[str], by: str) -> str:
    return "".join(char if char == _JOINER or unicodedata.category(char) not in categories else by for char in text)
