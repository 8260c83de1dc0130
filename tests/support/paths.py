"""Where the files that tests read are in the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
COMMANDS_WITH_SECRETS = ROOT / "tests" / "support" / "commands_with_secrets.json"
