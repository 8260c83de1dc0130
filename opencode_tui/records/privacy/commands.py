"""Reduces a shell command to what may be stored: the program's name and a subcommand, both from a list of known ones.

Arguments, assignments, unknown programs and directories can all contain a secret. This module returns only words from
the list, so no way of quoting a command can leak one.
"""

from __future__ import annotations

import re

from opencode_tui.records.privacy.programs import MODULES, PROGRAMS, PYTHONS

_LONGEST = 2000
_ENDS = r"(?=[\s;&|<>()]|$)"
_WORD = r"""(?:[^\s'"\\`$;&|<>(){}#!*?]|'[^']*'|"[^"\\`$]*"|\\[^\n])"""
_ASSIGNMENT = re.compile(rf"[A-Za-z_]\w*\+?={_WORD}*+(?=\s)\s+")
_PROGRAM = re.compile(rf"(?:[^\s'\"\\`$;&|<>(){{}}=:@#]*/)?([A-Za-z0-9][A-Za-z0-9._+-]{{0,30}}){_ENDS}")
_SUBCOMMAND = re.compile(rf"[ \t]+([A-Za-z][A-Za-z0-9._-]{{0,30}}){_ENDS}")
_MODULE = re.compile(rf"[ \t]+-m[ \t]+([A-Za-z_][A-Za-z0-9._]{{0,30}}){_ENDS}")
_ELSEWHERE = re.compile(rf"cd[ \t]+{_WORD}++[ \t]*(?:&&|;|\n)\s*")
_NUMBER = re.compile(r"[ \t]+\d+(?:\.\d+)?[smhd]?(?=\s)")
_RUNNERS = frozenset({"sudo", "doas", "time", "env", "nohup", "nice", "exec", "command", "xargs", "timeout", "setsid"})


def command_head(command: str) -> str:
    """The program and subcommand, such as `git push`, `npm run`, `python -m pytest`; "" for an unknown program.

    Skips `cd somewhere &&`, assignments, and programs that only start another one (`sudo`, `time`) if that is known.
    """
    text = command[:_LONGEST].lstrip()
    while moved := _ELSEWHERE.match(text):
        text = text[moved.end() :]
    return _head(text)


def _head(text: str) -> str:
    while assigned := _ASSIGNMENT.match(text):
        text = text[assigned.end() :]
    found = _PROGRAM.match(text)
    if found is None or found[1] not in PROGRAMS:
        return ""
    program, rest = found[1], text[found.end() :]
    if program in _RUNNERS:
        number = _NUMBER.match(rest) if program == "timeout" else None
        return _head(rest[number.end() if number else 0 :].lstrip(" \t")) or program
    if program in PYTHONS:
        module = _MODULE.match(rest)
        return f"{program} -m {module[1]}" if module and module[1] in MODULES else program
    sub = _SUBCOMMAND.match(rest)
    return f"{program} {sub[1]}" if sub and sub[1] in PROGRAMS[program] else program
