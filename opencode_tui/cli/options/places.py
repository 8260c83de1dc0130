"""What is put into OpenCode, a shell or tmux."""

from __future__ import annotations

import argparse
import re

from opencode_tui.cli.options.parsers import Commands

_SHELLS = ("bash", "zsh", "fish")


def add_commands(commands: Commands) -> None:
    what = "put /usage and /globalusage into OpenCode, which print what this session and these days cost"
    add = commands.add_with_actions("commands", what, example="commands install")
    add("install", "put the two commands into OpenCode, or bring them up to date", example="commands install")
    add("remove", "take the two commands out of OpenCode", example="commands remove")


def add_mcp(commands: Commands) -> None:
    commands.add(
        "mcp", "let OpenCode's agent ask what it costs, over standard input and output", json=False, example="mcp"
    )


def add_completions(commands: Commands) -> None:
    what = "print the shell's completion of this program's commands"
    completions = commands.add(
        "completions",
        what,
        json=False,
        example="completions bash > ~/.local/share/bash-completion/completions/opencode-tui",
    )
    completions.add_argument("shell", choices=_SHELLS, help="for which shell")


def add_tmux(commands: Commands) -> None:
    what = "put a key that opens the dashboard beside a pane, and the status line, into tmux.conf"
    add = commands.add_with_actions("tmux", what, example="tmux preview")
    for name, help, example in (
        ("preview", "print what would be written, and where", "tmux preview --width 60"),
        ("install", "show it, ask, and write it", "tmux install --key F9"),
        ("remove", "take it out again; everything else stays as it is", "tmux remove"),
    ):
        action = add(name, help, example=example)
        action.add_argument("--file", metavar="FILE", default="", help="another tmux.conf")
        if name != "remove":
            action.add_argument("--key", metavar="KEY", type=_key, default="O", help="the key after tmux's prefix (O)")
            action.add_argument("--width", metavar="N", type=_width, default=44, help="the pane's columns (44)")
            action.add_argument("--no-status", action="store_true", help="leave the status line alone")
        if name == "install":
            action.add_argument("--yes", action="store_true", help="do not ask")


def _width(text: str) -> int:
    if not text.isdecimal() or not 20 <= int(text) <= 500:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not 20 to 500 columns; write a number such as 44")
    return int(text)


def _key(text: str) -> str:
    if not re.fullmatch(r"(?:[CMS]-)*(?:[A-Za-z0-9]|F[0-9]{1,2})", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a key; write one such as O, C-o or F9")
    return text
