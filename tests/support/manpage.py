"""The manual page of the command line, from its parser: `python -m tests.support.manpage` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]

import opencode_tui.cli
from opencode_tui.cli.parser import make_parser
from tests.support.examples import examples

FILE = Path(opencode_tui.cli.__file__).with_name("opencode-tui.1")


def manpage() -> str:
    """The page without a date, so that it changes with the commands alone."""
    page = Manpage(make_parser())
    page.date, page.manual = "", "User Commands"
    text = re.sub(r"[ \t]+$", "", str(page), flags=re.MULTILINE).rstrip() + "\n"
    name, lines = ".SH NAME\nopencode\\-tui", "".join(map(_example, dict.fromkeys(examples().values())))
    text = text.replace(f"{name}\n", f"{name} \\- what OpenCode costs, live and in scripts\n")
    return text.replace(".SH COMMENTS\n", f".SH EXAMPLES\n{lines}.SH EXIT STATUS\n")


def _example(words: str) -> str:
    """A paragraph with a command line, in which a shell would read `-` and quotes."""
    line = f"opencode-tui {words}".replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    return f".PP\n.nf\n{line}\n.fi\n"


if __name__ == "__main__":
    FILE.write_text(manpage())
