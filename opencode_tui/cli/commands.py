"""`opencode-tui commands`: puts /usage and /globalusage into OpenCode, and takes them out.

A slash command of OpenCode is a Markdown file in `command/` of its configuration directory, in 1.x and 2.x alike. What
it says after the front matter becomes the prompt, with the output of each !`command` put in its place.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from opencode_tui import paths
from opencode_tui.cli import Trouble
from opencode_tui.guard.files import PUBLIC, put_in_place, small_text
from opencode_tui.guard.install import config_dir

FILE_MARK = "# written by `opencode-tui commands install`"
"""The second line of our files, a comment of the front matter, which OpenCode does not send."""
SLASH_COMMANDS = {
    "usage": ("What this session costs", ("usage", "--session", "current")),
    "globalusage": ("What today, this week and this month cost", ("usage", "--compact")),
}
"""By name: the description, and the words of our command line."""
_FILE = """\
---
{mark}
description: {description} (opencode-tui)
---
Repeat the lines below to me word for word, in a code block. Do not use tools, do not add anything.

!`{command}`
"""
_PLACES = (("data_dir", "--data-dir"), ("ledger", "--ledger"), ("config", "--config"))


def run(arguments: argparse.Namespace) -> int:
    {"install": _install, "remove": _remove}[arguments.action](arguments)
    return 0


def command_files() -> dict[str, Path]:
    """The file of each of our slash commands, whether or not it is there."""
    folder = config_dir(os.environ) / "command"
    return {name: folder / f"{name}.md" for name in SLASH_COMMANDS}


def command_text(name: str, program: str, options: str = "") -> str:
    """The file of a slash command, with our program and its options as a shell takes them."""
    description, words = SLASH_COMMANDS[name]
    return _FILE.format(mark=FILE_MARK, description=description, command=f"{program} {shlex.join(words)}{options} 2>&1")


def _install(arguments: argparse.Namespace) -> None:
    files, texts = command_files(), _texts(arguments)
    for file in files.values():  # before the first is written
        for each in (file, file.parent.with_name("commands") / file.name):  # OpenCode reads both directories
            if os.path.lexists(each) and not _is_ours(each):
                raise Trouble(f"{each} is not a file of opencode-tui's; rename it, and run this again")
    for name, file in files.items():
        text = texts[name]
        known = small_text(file)
        if known == text:
            print(f"/{name} is there already: {paths.tilde(file)}")
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(file, text, PUBLIC)
        except OSError as error:
            raise Trouble(f"{file} cannot be written ({error.strerror}); make its directory writable") from error
        print(f"/{name} is {'brought up to date' if known else 'installed'}: {paths.tilde(file)}")
    print("An OpenCode that runs takes them up when it is started again; each use is one short call of its model.")


def _remove(arguments: argparse.Namespace) -> None:
    for name, file in command_files().items():
        if not os.path.lexists(file):
            print(f"There is no /{name} in OpenCode.")
        elif not _is_ours(file):
            print(f"/{name} stays: {paths.tilde(file)} is not a file of opencode-tui's.")
        else:
            try:
                file.unlink()
            except OSError as error:
                raise Trouble(f"{file} cannot be removed ({error.strerror}); delete it yourself") from error
            print(f"/{name} is removed.")


def _is_ours(file: Path) -> bool:
    return small_text(file).startswith(f"---\n{FILE_MARK}\n")


def _texts(arguments: argparse.Namespace) -> dict[str, str]:
    """The files by name, which run our program by its path, with the places of this command line. Raises Trouble."""
    script = Path(sys.executable).with_name("opencode-tui")
    # -P: the user's project, where OpenCode runs it, is no place to import from.
    words = [str(script)] if script.is_file() else [sys.executable, "-P", "-m", "opencode_tui"]
    options = ""
    for name, option in _PLACES:
        if (place := getattr(arguments, name, None)) is not None:
            options += f" {option} {shlex.quote(str(paths.expand(place).absolute()))}"
    program = shlex.join(words)
    if set("`\n") & set(program + options):
        raise Trouble("a path with a backtick or a line break cannot stand in a slash command; use another path")
    try:
        (program + options).encode()
    except UnicodeEncodeError:
        raise Trouble("a path that is not UTF-8 cannot stand in a slash command; use another path") from None
    return {name: command_text(name, program, options) for name in SLASH_COMMANDS}
