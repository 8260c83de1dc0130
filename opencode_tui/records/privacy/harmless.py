"""Sanitizes foreign text before it reaches a screen, a clipboard or a shell.

The text in a store was written by models, other people or an import: a title can contain escape sequences, a session's
id a line feed and a command.
"""

from __future__ import annotations

import re
import unicodedata

_OUTPUT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that move the cursor, reverse the text direction, or cannot be encoded."""
_STORED = _OUTPUT | {"Co"}
"""Also private-use characters, which have no meaning without their font."""
_JOINER = "\u200d"  # zero-width joiner: part of many emoji
_ID = re.compile(r"[a-z]{3}_[A-Za-z0-9_-]{1,100}")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*")
_QUOTED = {"'": "'\"'\"'", "\\": "'\"\\\\\"'"}
_LONGEST = 1000


def one_line(text: str, limit: int = _LONGEST) -> str:
    """The text on one line, without control characters and bidirectional overrides, cut at `limit` characters."""
    text = text[: limit * 2]
    if not text.isprintable():
        text = " ".join(_replaced(text, _STORED, " ").split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def lines(text: str) -> str:
    """Text for a terminal: line feeds are kept, other control characters become spaces."""
    if text.replace("\n", "").isprintable():
        return text
    return "\n".join(line if line.isprintable() else _replaced(line, _OUTPUT, " ") for line in text.split("\n"))


def plain_cells(text: str) -> str:
    """The text of a screen row without zero-width control characters, so that its width stays the same."""
    return text if text.isprintable() else _replaced(text, _OUTPUT, "")


def shown_id(id: str) -> str:
    """An id for display: unchanged if it has OpenCode's form, else quoted as for a shell."""
    return id if _ID.fullmatch(id) else for_shell(id)


def for_shell(text: str) -> str:
    """The text quoted as one word for sh, bash, zsh and fish, so that nothing in it is executed.

    A backslash is written outside the single quotes, because fish interprets it inside them.
    """
    line = one_line(text)
    if _PLAIN_WORD.fullmatch(line):
        return line
    return "'" + "".join(_QUOTED.get(char, char) for char in line) + "'"


def for_tmux(text: str, limit: int = 80) -> str:
    """The text on one line, escaped so that tmux finds no style or command in it."""
    return one_line(text, limit).replace("#", "##")


def _replaced(text: str, categories: frozenset[str], by: str) -> str:
    return "".join(char if char == _JOINER or unicodedata.category(char) not in categories else by for char in text)
