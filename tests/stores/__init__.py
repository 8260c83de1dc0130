"""Builders of OpenCode's stores of every generation, each with the truth of what was billed in it."""

from collections.abc import Callable
from pathlib import Path

from opencode_tui.records.calls import Tokens
from tests.stores.files import Files
from tests.stores.language import Store
from tests.stores.tools import Tool, tool
from tests.stores.truth import Truth
from tests.stores.v1 import V1
from tests.stores.v2 import V2

__all__ = ["V1", "V2", "Files", "MakeStore", "Store", "Tokens", "Tool", "Truth", "tool"]

MakeStore = Callable[[Path], Store]
"""A new store under a root; every generation's class is one."""
