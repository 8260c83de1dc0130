"""The settings as frozen records, with their names, defaults and meaning.

`load_settings` fills them from flags, the environment and config.toml. This module does not import pydantic, which
would slow down every command.
Amounts are nano-dollars here (`_nano`) and USD in the file and the environment (`_usd`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from opencode_tui.money import NANO
from opencode_tui.records.alerts import LEVELS, Level, Period, Scope


class Budget(Struct, frozen=True):
    warning_nano: int = 80 * NANO // 100
    """The day's spend at which it is time to look."""
    cutoff_nano: int = 150 * NANO // 100
    """The day's spend at which it is time to stop."""
    week_target_nano: int = 7 * NANO
    """The most that an ISO week should cost."""


class Chart(Struct, frozen=True):
    warning_nano: int = 150 * NANO // 100
    """The start of the warning band in the seven-days chart."""
    cutoff_nano: int = 2 * NANO
    """The end of that band, and the chart's cutoff line."""


class CustomPrice(Struct, frozen=True):
    """The user's own price of a model, in nano-dollars per million tokens."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


class Pricing(Struct, frozen=True):
    prefer: Literal["recorded", "list"] = "recorded"
    """What is used for models without a custom price: the cost that OpenCode recorded, or the list price."""
    custom: Mapping[str, CustomPrice] = field(default_factory=dict)
    """The user's own prices by `model_key`, which override all others."""


class Poll(Struct, frozen=True):
    interval_s: float = 2.0
    """Seconds between two polls of OpenCode's stores."""


class Lines(Struct, frozen=True):
    """The amount at which each level starts; None turns a level off. The others must ascend."""

    notice_nano: int | None = None
    warning_nano: int | None = None
    cutoff_nano: int | None = None

    @property
    def levels(self) -> tuple[tuple[Level, int], ...]:
        """The levels that are set, the lowest first."""
        return _set_levels(self.notice_nano, self.warning_nano, self.cutoff_nano)


class Fills(Struct, frozen=True):
    """The percentage at which each level starts; None turns a level off. The others must ascend."""

    notice: int | None = None
    warning: int | None = None
    cutoff: int | None = None

    @property
    def levels(self) -> tuple[tuple[Level, int], ...]:
        """The levels that are set, the lowest first."""
        return _set_levels(self.notice, self.warning, self.cutoff)


def _set_levels(*lines: int | None) -> tuple[tuple[Level, int], ...]:
    return tuple((level, line) for level, line in zip(LEVELS, lines, strict=True) if line is not None)


class SpendRule(Struct, frozen=True):
    """A user's own rule: the spend of a period, in total or for each member of a scope."""

    lines: Lines = Lines()
    scope: Scope = "all"
    period: Period = "day"
    only: str = ""
    """Limits the rule to members whose name contains this text; empty for all."""


class Alerts(Struct, frozen=True):
    """The alert rules' settings. The day's warning and cutoff are in `budget`.

    The keys of config.toml and their validation follow from the fields: Lines and Fills are tables, `_nano` fields
    amounts, other numbers counts.
    """

    week: Lines = Lines(warning_nano=7 * NANO)
    """Spend of the ISO week; its warning is `budget.week_target_usd` unless set."""
    month: Lines = Lines()
    """Spend of the calendar month."""
    session: Lines = Lines(notice_nano=50 * NANO // 100, warning_nano=NANO)
    """Spend of one root session with its subagents over its whole life."""
    rate: Lines = Lines(warning_nano=2 * NANO)
    """Spend of the last 60 minutes."""
    spend: Mapping[str, SpendRule] = field(default_factory=dict)
    """The user's own rules, by name."""
    every_calls: int = 0
    """A notice at every so many calls of a day; 0 is off."""
    every_nano: int = 0
    """A notice at every multiple of this amount in a day; 0 is off."""
    every_minutes: int = 0
    """A notice at every so many minutes with spend in a day; 0 is off."""
    subagent_depth: int = 0
    """A warning for a subagent nested deeper than this; 0 is off."""
    subagent: Lines = Lines()
    """Spend of one subagent with its descendants."""
    same_call: int = 8
    """A notice when a session repeats a tool call this often with no edit in between; 0 is off."""
    same_file: int = 4
    """A notice when a session edits the same file in this many turns of a day; 0 is off."""
    context: Fills = Fills(notice=80, warning=95)
    """The context fill of a session's newest call, in percent of the model's limit."""


class Channels(Struct, frozen=True):
    """The least level that each channel delivers, or `off`. The banner shows all alerts.

    A channel in alerts/channels has a field of its name here, which makes it a key of config.toml.
    """

    toast: Level | Literal["off"] = "notice"
    bell: Level | Literal["off"] = "warning"
    desktop: Level | Literal["off"] = "off"
    webhook: Level | Literal["off"] = "off"
    webhook_url_file: Path | None = None
    """The file that holds the webhook's address; None uses OPENCODE_TUI_WEBHOOK_URL."""
    command: Level | Literal["off"] = "off"
    command_line: tuple[str, ...] = ()
    """The program and its arguments; it gets the alert in its environment and as JSON on its standard input."""


class GuardCaps(Struct, frozen=True):
    """The guard's further limits: caps on a day's spend, in nano-dollars."""

    projects: Mapping[str, int] = field(default_factory=dict)
    """By project path."""
    agents: Mapping[str, int] = field(default_factory=dict)


class Privacy(Struct, frozen=True):
    show_prompts: bool = False
    """Show the first line of each turn's prompt, which is read from OpenCode's store and not stored."""


class Ui(Struct, frozen=True):
    theme: str = ""
    """The name of a Textual theme; empty for the app's own."""
    mouse: bool = True
    """Use the mouse; false leaves it to the terminal or tmux."""


class Settings(Struct, frozen=True):
    data_dirs: tuple[Path, ...] = ()
    """OpenCode's data directories; empty uses OpenCode's own default."""
    ledger: Path | None = None
    """The ledger's file; None uses the platform's data directory."""
    machine: str = ""
    """This machine's name in the ledger; empty uses the host name."""
    timezone: str = ""
    """The IANA name of the time zone of days; empty uses the machine's."""
    budget: Budget = Budget()
    chart: Chart = Chart()
    pricing: Pricing = Pricing()
    poll: Poll = Poll()
    alerts: Alerts = Alerts()
    channels: Channels = Channels()
    guard: GuardCaps = GuardCaps()
    privacy: Privacy = Privacy()
    ui: Ui = Ui()
