"""The templates of HTML papers: what they escape, how amounts are written, and how long foreign text may be."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.papers import LONGEST_NAME
from opencode_tui.report.papers.amounts import decimal_usd
from opencode_tui.report.words import amount_text

_LONGEST = 600


def html_template(name: str, **names: object) -> Template:
    """A template of this folder that knows these names beside those of amounts and `cut`."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) or not isinstance(value, str) else _shown(value),
    )
    cut = partial(one_line, limit=LONGEST_NAME)
    environment.globals.update(amount=amount_text, decimal=decimal_usd, exact=exact_usd, cut=cut, **names)
    return environment.get_template(name)


def _shown(text: str) -> str:
    """Foreign text on one line of some length; our own is not changed by it."""
    return one_line(text, _LONGEST)
