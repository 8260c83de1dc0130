"""`opencode-tui mcp`: lets OpenCode's agent ask what it costs, over standard input and output."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from opencode_tui.cli import EXIT_OK, Trouble

INSTALL = "pip install 'opencode-tui[mcp]'"


def run(arguments: argparse.Namespace) -> int:
    if find_spec("mcp") is None:
        raise Trouble(f"mcp needs the library mcp, which is not installed; install it with: {INSTALL}")
    from opencode_tui.cli.mcp_server import serve_stdio

    serve_stdio(arguments)
    return EXIT_OK
