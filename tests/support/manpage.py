"""The manual page of the command line, from its parser: `python -m tests.support.manpage` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]

import opencode_tui.cli
from opencode_tui.cli.parser import make_parser

FILE = Path(opencode_tui.cli.__file__).with_name("opencode-tui.1")


def manpage() -> str:
    """The page without a date, so that it changes with the commands alone."""
    page = Manpage(make_parser())
    page.date, page.manual = "", "User Commands"
    return re.sub(r"[ \t]+$", "", str(page), flags=re.MULTILINE).rstrip() + "\n"


if __name__ == "__main__":
    FILE.write_text(manpage())
