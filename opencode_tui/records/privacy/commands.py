"""Reduces a shell command line to what may be stored: each program's name and a subcommand, both from known lists.

Arguments, assignments, unknown programs and directories can all contain a secret. This module returns only words from
the lists, the signs `-m`, `-i`, `--test` and `>`, and what stands between commands, so no way of quoting a command can
leak one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opencode_tui.records.privacy.command_lines import commands_of, is_one_command, line_of, split_line
from opencode_tui.records.privacy.programs import MODULES, NAMED_SCRIPTS, PROGRAMS, PYTHONS

_LONGEST = 2000
_MOST_STARTED = 8
"""Programs that start one another, as `sudo env npx tsc` does."""
_ENDS = r"(?=[\s;&|<>()]|$)"
_WORD = r"""(?:[^\s'"\\`$;&|<>(){}#!*?]|'[^']*'|"[^"\\`$]*"|\\[^\n])"""
_ASSIGNMENT = re.compile(rf"[A-Za-z_]\w*\+?={_WORD}*+(?=\s)\s+")
_PROGRAM = re.compile(rf"(?:[^\s'\"\\`$;&|<>(){{}}=:@#]*/)?([A-Za-z0-9][A-Za-z0-9._+-]{{0,30}}){_ENDS}")
_SUBCOMMAND = re.compile(rf"[ \t]+([A-Za-z][A-Za-z0-9._-]{{0,30}}){_ENDS}")
_MODULE = re.compile(rf"[ \t]+-m[ \t]+([A-Za-z_][A-Za-z0-9._]{{0,30}}){_ENDS}")
_NUMBER = re.compile(r"[ \t]+\d+(?:\.\d+)?[smhd]?(?=\s)")
_SKIPPED = re.compile(
    rf"(?:[ \t]+(?:-y|--yes|--no-install|-q|--quiet|-s|--silent|--frozen|--locked){_ENDS}"
    r"|[ \t]+(?:-C|--prefix|--cwd|--dir|--filter|--workspace|--with|--extra|--group|--project)"
    rf"(?:[ \t]+|=){_WORD}++{_ENDS})++"
)
_SCRIPT = re.compile(rf"[ \t]+([A-Za-z][A-Za-z0-9_-]{{0,30}})(?::[A-Za-z0-9:._-]{{1,40}})?{_ENDS}")
_MANAGE = re.compile(rf"[ \t]+(?:\./)?(?=manage\.py{_ENDS})")
_GIVEN = re.compile(r"[ \t]+-l?c[ \t]+(?:'([^']*)'|\"([^\"\\`$]*)\")")
_IN_PLACE = re.compile(r"(?:[ \t]+-[A-HJ-Za-hj-z]{1,4}(?=\s))*+[ \t]+(?:-[A-Za-z]{0,3}i|--in-place)(?=[\s.=]|$)")
_HERE = r"<<-?[ \t]*['\"]?\w{1,30}['\"]?"
_WRITTEN = re.compile(rf"(?:(?:[ \t]*{_HERE}|[ \t]+{_WORD}++(?=[\s<]))*+[ \t]+|[ \t]*)>{{1,2}}(?![>&])(?![ \t]*/dev/)")
_NODE_TEST = re.compile(r"[ \t]+--test(?=\s|$)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOTHING = "(?!)"
_RUNNERS = {
    "sudo": ("[AbEHKnPS]+|-preserve-env|-non-interactive", "[CDghpRrTtUu]|user|group"),
    "doas": ("[Lns]+", "[aCu]"),
    "time": ("[aplv]+", "[fo]"),
    "env": ("[0iv]*|-ignore-environment", "[Cu]|unset|chdir"),
    "nohup": (_NOTHING, _NOTHING),
    "nice": (r"\d+", "n|adjustment"),
    "ionice": ("t", "[cn]"),
    "exec": ("[cl]+", "a"),
    "command": ("p", _NOTHING),
    "xargs": (r"[0oprtx]+|-null|-no-run-if-empty|I ?(?:\{\}|%)", "[adEILnPs]|max-args|max-procs"),
    "timeout": ("v|-verbose|-foreground|-preserve-status", "[ks]|signal|kill-after"),
    "setsid": ("[cfw]+", _NOTHING),
    "stdbuf": (_NOTHING, "[eio]"),
    "caffeinate": ("[dimsu]+", "[tw]"),
}
"""Programs that start another one, with their options before it: those without and those with a value.

With any other option only they are named.
"""


@lru_cache
def _options(program: str) -> re.Pattern[str]:
    flags, valued = _RUNNERS[program]
    with_value = rf"--?(?:{valued})(?:=|[ \t]*){_WORD}++"
    return re.compile(rf"(?:[ \t]+(?:-(?:{flags})|--(?:[a-z-]+={_WORD}++)?|{with_value})(?=\s))*+")


_STARTERS = {
    **dict.fromkeys(("npx", "bunx", "uvx"), frozenset({""})),
    **dict.fromkeys(("uv", "poetry", "pdm", "hatch", "rye", "pipenv"), frozenset({"run"})),
    **dict.fromkeys(("npm", "pnpm", "yarn"), frozenset({"exec", "dlx"})),
    "bun": frozenset({"x"}),
    "bundle": frozenset({"exec"}),
}
"""Which subcommands of a program only start another program."""
_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_SHORT = {"t": "test", "tst": "test", "i": "install"}
_SHELLS = frozenset({"bash", "sh", "zsh"})
_WRITERS = frozenset({"cat", "echo", "printf"})
_FILTERS = _words("""
  ag ack awk bat cat column cut egrep fgrep fold grep head hexdump jq less more nl od rev rg sed sort strings tac tail
  tr uniq wc xxd yq
""")
"""Programs that after a `|` only show less of what the command before it wrote."""
_PASSING = _words("""
  alias cd clear echo exit export false popd printf pushd set sleep source test trap true ulimit umask unset wait
""")
"""Programs that are of no interest beside others."""
_MOST_KEPT = 12
_UNKNOWN = "…"
"""In the place of commands of a line that have no name."""


@lru_cache(maxsize=2048)
def command_head(command: str) -> str:
    """The program and subcommand of each command, such as `npm run test` or `ls && git push`; "" if none is known.

    Skips assignments, programs that only start another one (`sudo`, `npx`, `uv run`) if that is known, and beside
    others `cd`, `echo` and the like, and what only filters an output. A file that is changed in place or written shows
    as `sed -i` and `cat >`, commands that are not known as `…`. A command that comes again is named once.
    """
    return _head_of(command, _MOST_STARTED)


def _head_of(line: str, left: int) -> str:
    """The same, of a line that may start so many others, each the next."""
    if is_one_command(line):
        return _head(line[:_LONGEST].lstrip(), left)
    found: dict[str, str] = {}
    for after, head in _heads(line[:_LONGEST], left):
        found.setdefault(head or _UNKNOWN, after)
    if len(found) > 1:
        found = {head: after for head, after in found.items() if head not in _PASSING} or dict([*found.items()][:1])
    if not found.keys() - {_UNKNOWN}:
        return ""
    kept = [(after, head) for head, after in found.items()]
    if len(kept) > _MOST_KEPT:
        kept = [*[each for each in kept if each[1] != _UNKNOWN][: _MOST_KEPT - 1], (";", _UNKNOWN)]
    return line_of(kept)


def _heads(line: str, left: int) -> list[tuple[str, str]]:
    """(what stands before it, head) of the commands of a line, without filters."""
    found: list[tuple[str, str]] = []
    for after, text in commands_of(line):
        inner = _head(text, left)
        is_filter = after == "|" and inner in _FILTERS and bool(found) and found[-1][1] not in _PASSING
        if not is_filter:
            found += [(after if not place else ";", head) for place, head in enumerate(split_line(inner))]
    return found


def _head(text: str, left: int) -> str:
    while assigned := _ASSIGNMENT.match(text):
        text = text[assigned.end() :]
    found = _PROGRAM.match(text)
    if found is None or found[1] not in PROGRAMS or not left:
        return ""
    program, rest = found[1], text[found.end() :]
    if skipped := _SKIPPED.match(rest):
        rest = rest[skipped.end() :]
    if program in _RUNNERS:
        if options := _options(program).match(rest):
            rest = rest[options.end() :]
        number = _NUMBER.match(rest) if program == "timeout" else None
        return _head(rest[number.end() if number else 0 :].lstrip(" \t"), left - 1) or program
    if program in PYTHONS:
        return _of_python(program, rest, left - 1)
    if program in _SHELLS and (given := _GIVEN.match(rest)):
        return _head_of(given[1] or given[2] or "", left - 1) or program
    if program in ("sed", "perl"):
        return f"{program} -i" if _IN_PLACE.match(rest) else program
    if program in _WRITERS:
        return f"{program} >" if _WRITTEN.match(rest) else program
    if program == "node" and _NODE_TEST.match(rest):
        return "node --test"
    return _with_subcommand(program, rest, left - 1)


def _of_python(program: str, rest: str, left: int) -> str:
    if managed := _MANAGE.match(rest):
        return _head(rest[managed.end() :], left)
    module = _MODULE.match(rest)
    return f"{program} -m {module[1]}" if module and module[1] in MODULES else program


def _with_subcommand(program: str, rest: str, left: int) -> str:
    """The program with its subcommand and a script's name, or what it only starts."""
    starts = _STARTERS.get(program, frozenset())
    if "" in starts:
        return _head(rest.lstrip(" \t"), left) or program
    sub = _SUBCOMMAND.match(rest)
    word = sub[1] if sub else ""
    if program in _MANAGERS:
        word = _SHORT.get(word, word)
    if sub is None or word not in PROGRAMS[program]:
        return _with_script(program, rest) if program == "yarn" else program
    rest = rest[sub.end() :]
    if skipped := _SKIPPED.match(rest):
        rest = rest[skipped.end() :]
    if word in starts and (started := _head(rest.lstrip(" \t"), left)):
        return started
    head = f"{program} {word}"
    if program in _MANAGERS and word in ("run", "run-script"):
        return _with_script(head, rest)
    service = _SUBCOMMAND.match(rest) if program in ("docker", "podman") and word == "compose" else None
    return f"{head} {service[1]}" if service and service[1] in PROGRAMS["docker-compose"] else head


def _with_script(head: str, rest: str) -> str:
    """With the first part of a script's name, as of `test:unit`, if it is a known one."""
    script = _SCRIPT.match(rest)
    return f"{head} {script[1]}" if script and script[1] in NAMED_SCRIPTS else head
