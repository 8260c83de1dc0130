"""Titles, which are somebody's text, within our own sentences."""

from __future__ import annotations


def in_quotes(title: str) -> str:
    """Such as `"Fix header"`; quotation marks within become single ones, so that it is clear where the title ends."""
    return '"' + title.replace('"', "'") + '"'
