"""`python -m opencode_tui` is `opencode-tui`."""

import sys

from opencode_tui.cli import program

sys.exit(program())
