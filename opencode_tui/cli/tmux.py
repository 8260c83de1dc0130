"""`opencode-tui tmux`: puts a key that opens the dashboard, and the status line, into the user's tmux.conf."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path

from opencode_tui import paths
from opencode_tui.cli import EXIT_USAGE, Trouble
from opencode_tui.guard.files import put_in_place

BEGIN = "# >>> opencode-tui >>> written by `opencode-tui tmux install`; `opencode-tui tmux remove` takes it out"
END = "# <<< opencode-tui <<<"
_PLACES = ("~/.tmux.conf", "$XDG_CONFIG_HOME/tmux/tmux.conf", "~/.config/tmux/tmux.conf")
_LARGEST = 1 << 20
_STATUS_LENGTH = 100
"""Cells for `status-right`; tmux's 40 cut the line off."""


def run(arguments: argparse.Namespace) -> int:
    file = conf_file(getattr(arguments, "file", ""))
    before = _read(file)
    after = without_block(before, file)
    if arguments.action == "remove":
        return _remove(file, before, after)
    block = block_of(arguments)
    if arguments.action == "preview":
        print(f"# for {file}\n{block}", end="")
        return 0
    text = f"{after}{'' if after.endswith(chr(10)) or not after else chr(10)}{block}"
    if text == before:
        print(f"{file} has it already")
        return 0
    print(f"# for {file}\n{block}", end="")
    if not (arguments.yes or _agrees(file)):
        print(f"{file} stays as it is")
        return 0
    _write(file, text)
    print(f"{file} is written; `tmux source-file {shlex.quote(str(file))}` puts it into effect now")
    return 0


def conf_file(given: str = "") -> Path:
    """The tmux.conf to change: the given one, else the first that exists where tmux looks, else ~/.tmux.conf.

    A link is followed, so that the file in somebody's dotfiles changes and the link stays. Raises Trouble.
    """
    try:
        places = [paths.expand(given)] if given else [paths.expand(os.path.expandvars(each)) for each in _PLACES]
    except ValueError as error:
        raise Trouble(str(error)) from None
    file = next((each for each in places if each.exists()), places[0])
    return file.resolve() if file.is_symlink() else file.absolute()


def block_of(arguments: argparse.Namespace) -> str:
    """The lines to add, between their two marks."""
    command = " ".join([_program(), *_places_of(arguments)])
    key, width = arguments.key, arguments.width
    opens = f"bind-key {_quoted(key)} split-window -h -d -l {width} -c '#{{pane_current_path}}' {_quoted(command)}"
    lines = [BEGIN, opens]
    if not arguments.no_status:
        # The condition keeps a second `source-file` from adding it again.
        shown = f"set-option -ag status-right {_quoted(f' #({command_of_status(command)})')}"
        there = "#{m:*opencode-tui*status*,#{status-right}}"
        lines += [f"set-option -g status-right-length {_STATUS_LENGTH}"]
        lines += [f"if-shell -F {_quoted(there)} {_quoted('')} {_quoted(shown)}"]
    return "\n".join([*lines, END, ""])


def command_of_status(command: str) -> str:
    """The command of the status line. tmux expands formats in `#()`, where two `#` stand for one."""
    return f"{command} status".replace("#", "##")


def without_block(text: str, file: Path) -> str:
    """The text without the lines between our marks. Raises Trouble if only one of the marks is there."""
    lines = text.splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if line.rstrip("\r\n") == BEGIN]
    ends = [number for number, line in enumerate(lines) if line.rstrip("\r\n") == END]
    if not begins and not ends:
        return text
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise Trouble(
            f"{file}: the lines of opencode-tui are not between one `{BEGIN[:24]}` and one `{END}`; see to them"
        )
    return "".join(lines[: begins[0]] + lines[ends[0] + 1 :])


def _remove(file: Path, before: str, after: str) -> int:
    if after == before:
        print(f"nothing of opencode-tui is in {file}")
        return 0
    _write(file, after)
    print(f"{file} is without it; a tmux that runs keeps the key and the line until it is restarted")
    return 0


def _program() -> str:
    found = shutil.which("opencode-tui")
    own = Path(sys.argv[0])
    if found and own.exists() and Path(found).samefile(own):
        return "opencode-tui"
    if own.name == "opencode-tui" and own.exists():
        return shlex.quote(str(own.absolute()))
    return f"{shlex.quote(sys.executable)} -m opencode_tui"


def _places_of(arguments: argparse.Namespace) -> list[str]:
    flags = (("--data-dir", "data_dir"), ("--ledger", "ledger"), ("--config", "config"))
    given = [(flag, getattr(arguments, name, None)) for flag, name in flags]
    return [
        part for flag, value in given if value for part in (flag, shlex.quote(str(Path(value).expanduser().absolute())))
    ]


def _quoted(text: str) -> str:
    """The text as one word of tmux's command language."""
    if "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _agrees(file: Path) -> bool:
    if not sys.stdin.isatty():
        raise Trouble(f"{file} is not written without a yes; say --yes", EXIT_USAGE)
    print(f"Write this to {file}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST or not file.is_file():
            raise Trouble(f"{file} is no file that tmux would read; name another with --file")
        return file.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise Trouble(f"{file} is not UTF-8; add the lines of `opencode-tui tmux preview` by hand") from None
    except OSError as error:
        raise Trouble(f"{file} cannot be read ({error.strerror}); name another with --file") from None


def _write(file: Path, text: str) -> None:
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
        file.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(file, text, mode)
    except OSError as error:
        raise Trouble(f"{file} cannot be written ({error.strerror}); name another with --file") from None
