"""Finds the files that a shell command line reads into its output, by the programs and options that are known.

A path is kept in the form in which a read tool's is. Patterns, programs and values of options are never kept: where an
option, a quote or an expansion leaves open what a word is, nothing of that command is.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import NamedTuple

from opencode_tui.records.privacy.command_lines import CommandPiece, commands_of
from opencode_tui.records.privacy.targets import file_of

_LONGEST = 2000
_MOST_FILES = 8
_FIRST = re.compile(r"(?:\S*/)?([a-z]+)(?=\s|$)")
_ARGUMENT = re.compile(
    r"""\s+(?:(?P<fd>\d?)(?:>>?(?:&[\d-]|[ \t]*(?P<into>[^\s<>]+))|<[ \t]*[^\s<>]+)"""
    r"""|(?P<word>(?:[^\s'"\\<>()$`]|'[^']*'|"(?:[^"\\]|\\.)*"|\\.)++))(?=\s|$)""",
    re.DOTALL,
)
_PATH = re.compile(r"~?[\w@%+:,.*/-]*[./][\w@%+:,.*/-]*")
_FOLDERS = frozenset(
    [
        "node_modules",
        "bower_components",
        "site-packages",
        "vendor",
        "third_party",
        "dist",
        "build",
        "out",
        "target",
        "coverage",
        "venv",
        "htmlcov",
    ]
)
"""Names that are kept without anything that makes a word a path."""
_NO_FILE = re.compile(r"[./*]+")


class _Reader(NamedTuple):
    """How a program's arguments are read: options without and with a value, and how many words come before files."""

    flags: str
    valued: str = "(?!)"
    before_files: int = 0
    gives_first: str = "(?!)"
    """Options whose value stands in the place of the word before the files."""


_ENDS = _Reader(r"[qvfFzr]*|[nc]?[-+]?\d+k?|-(?:lines|bytes)=[-+]?\d+", "[nc]")
_PAGER = _Reader("[NRSFXineE]+")
_GREP_FLAGS = "[EFGPRrHhIiLlnoqsvwxcyzaUbZT]"
_GREP = _Reader(
    rf"{_GREP_FLAGS}+|[ABC]?\d+|m\d+|-(?:colou?r|include|exclude|exclude-dir|max-count|context)=.*"
    "|-(?:recursive|ignore-case|line-number|count|files-with-matches|fixed-strings|text|extended-regexp)",
    f"{_GREP_FLAGS}*[ABCm]",
    1,
    f"{_GREP_FLAGS}*e",
)
_RG_FLAGS = "[FPsiSwxvclLnNoqbHIuUz0p]"
_RG = _Reader(
    rf"{_RG_FLAGS}+|[ABC]?\d+|-(?:colou?r|glob|type|max-count|context)=.*"
    "|-(?:no-heading|hidden|no-ignore|line-number|ignore-case|files-with-matches|fixed-strings|text)",
    f"{_RG_FLAGS}*[ABCmgtTEMjd]",
    1,
    f"{_RG_FLAGS}*e",
)
_READERS = {
    **dict.fromkeys(("cat", "tac", "zcat"), _Reader("[AbEensTtuv]+")),
    **dict.fromkeys(("less", "more"), _PAGER),
    **dict.fromkeys(("head", "tail"), _ENDS),
    **dict.fromkeys(("grep", "egrep", "fgrep"), _GREP),
    "rg": _RG,
    "nl": _Reader("ba"),
    "bat": _Reader(r"[AnpP]+|-plain|-(?:paging|style|colou?r)=\w+"),
    "sed": _Reader("[nErsuz]+|-quiet|-regexp-extended", before_files=1, gives_first="[nErsuz]*e"),
    "awk": _Reader(r"F\S+", "[Fv]", 1),
    "jq": _Reader("[rceSsjnaCM]+|-raw-output|-compact-output|-exit-status|-slurp", before_files=1),
}
_FILTERS = frozenset((*_READERS, "column", "cut", "fold", "rev", "sort", "tr", "uniq", "wc", "yq"))

_NAMED = re.compile(rf"\b(?:{'|'.join(_READERS)})\s")


def files_read(line: str) -> tuple[str, ...]:
    """The files and folders, at most eight, whose content a command line shows, each once."""
    if not _NAMED.search(line):
        return ()
    folder: str | None = ""
    found: dict[str, None] = {}
    pieces = list(commands_of(line[:_LONGEST]))
    for place, piece in enumerate(pieces):
        program = _program(piece)
        if program == "cd":
            folder = _entered(folder, piece.text)
        elif program in _READERS and _is_shown(pieces, place):
            for word in _files(_READERS[program], piece.text):
                if kept := _within(folder, word):
                    found[kept] = None
    return tuple(found)[:_MOST_FILES]


def _program(piece: CommandPiece) -> str:
    found = _FIRST.match(piece.text)
    return found[1] if found else ""


def _is_shown(pieces: list[CommandPiece], place: int) -> bool:
    """Whether what a command writes goes on to the end of its pipe, at most filtered."""
    for piece in pieces[place + 1 :]:
        if piece.after != "|":
            return True
        if _program(piece) not in _FILTERS or _arguments(piece.text) is None:
            return False
    return True


def _arguments(text: str) -> list[str] | None:
    """The words after a program as they are written; None if one cannot be read, or the output goes to a file."""
    words: list[str] = []
    first = _FIRST.match(text)
    place = first.end() if first else 0
    text = text.rstrip()
    while place < len(text):
        found = _ARGUMENT.match(text, place)
        if found is None or (found["into"] and found["fd"] in ("", "1")):
            return None
        if found["word"]:
            words.append(found["word"])
        place = found.end()
    return words


def _files(reader: _Reader, text: str) -> list[str]:
    """The words of a command that name files."""
    flags, valued, first = _options(reader)
    before, found = reader.before_files, []
    words = iter(_arguments(text) or ())
    for word in words:
        if word == "--":
            found += list(words)
        elif len(word) > 1 and word[0] == "-":
            if first.fullmatch(word[1:]):
                before = 0
            elif not valued.fullmatch(word[1:]):
                if flags.fullmatch(word[1:]):
                    continue
                return []
            next(words, "")
        else:
            found.append(word)
    return found[before:]


@lru_cache
def _options(reader: _Reader) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    return re.compile(reader.flags), re.compile(reader.valued), re.compile(reader.gives_first)


def _bare(word: str) -> str:
    """A word without the quotes around it; empty if it is no plain path."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        word = word[1:-1]
    if word in _FOLDERS:
        return f"{word}/"
    return word if _PATH.fullmatch(word) and not _NO_FILE.fullmatch(word) else ""


def _within(folder: str | None, word: str) -> str:
    """A file of a folder as it may be kept; empty if the folder is not known or the word is no path."""
    path = _bare(word)
    if not path or (folder is None and path[0] not in "/~"):
        return ""
    return file_of(posixpath.join(folder or "", path) if path[0] != "~" else path)


def _entered(folder: str | None, text: str) -> str | None:
    """The folder after a `cd`, relative to that of the line; None if it is not known."""
    words = _arguments(text)
    if words is None or len(words) != 1 or words[0][0] in "-~":
        return None
    path = words[0][1:-1] if words[0][0] in "'\"" else words[0]
    if not re.fullmatch(r"[\w@%+:,./ -]+", path) or (folder is None and path[0] != "/"):
        return None
    return posixpath.normpath(posixpath.join(folder or "", path))
