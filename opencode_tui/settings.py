"""The settings as plain frozen records: one place for their names, defaults and meaning.

config.py fills them from flags, the environment and config.toml. They stand apart from it because the
command line has to answer in a fraction of the time that importing a validation library takes.
Money is nano-dollars here (`_nano`), and USD in the file and the environment (`_usd`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from opencode_tui.money import NANO


@dataclass(frozen=True, slots=True)
class Budget:
    warning_nano: int = 80 * NANO // 100
    """Spend of a day at which it is time to look."""
    cutoff_nano: int = 150 * NANO // 100
    """Spend of a day at which it is time to stop."""
    week_target_nano: int = 7 * NANO
    """What an ISO week should cost at the most."""


@dataclass(frozen=True, slots=True)
class Chart:
    warning_nano: int = 150 * NANO // 100
    """Where the warning band of the seven-days chart begins."""
    cutoff_nano: int = 2 * NANO
    """Where the band ends and the chart's cutoff line stands."""


@dataclass(frozen=True, slots=True)
class CustomPrice:
    """What the user pays for a model, in nano-dollars per million tokens."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, slots=True)
class Pricing:
    prefer: Literal["recorded", "list"] = "recorded"
    """Which comes first where no custom price is set: what OpenCode recorded, or the list price."""
    custom: Mapping[str, CustomPrice] = field(default_factory=dict)
    """Prices of the user's own, by `provider/model`; these come before all others."""


@dataclass(frozen=True, slots=True)
class Poll:
    interval_s: float = 2.0
    """Seconds between two looks at OpenCode's store."""


@dataclass(frozen=True, slots=True)
class Privacy:
    show_prompts: bool = False
    """Show the first line of what was asked in a turn, read from OpenCode's store and not kept."""


@dataclass(frozen=True, slots=True)
class Ui:
    theme: str = ""
    """A theme of Textual's by name; empty for the app's own."""
    mouse: bool = True
    """Take the mouse; false leaves it to the terminal or to tmux."""


@dataclass(frozen=True, slots=True)
class Settings:
    data_dirs: tuple[Path, ...] = ()
    """OpenCode's data directories; empty finds the one that OpenCode itself would use."""
    ledger: Path | None = None
    """Our ledger's file; None puts it under the platform's data directory."""
    machine: str = ""
    """This machine's name in the ledger; empty takes the host name."""
    timezone: str = ""
    """The IANA name of the zone that days are counted in; empty takes the machine's."""
    budget: Budget = Budget()
    chart: Chart = Chart()
    pricing: Pricing = Pricing()
    poll: Poll = Poll()
    privacy: Privacy = Privacy()
    ui: Ui = Ui()
