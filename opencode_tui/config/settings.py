"""The settings as plain frozen records: one place for their names, defaults and meaning.

`load_settings` fills them from flags, the environment and config.toml. They stand apart from it because the
command line has to answer in a fraction of the time that importing a validation library takes.
Money is nano-dollars here (`_nano`), and USD in the file and the environment (`_usd`).
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
    """Spend of a day at which it is time to look."""
    cutoff_nano: int = 150 * NANO // 100
    """Spend of a day at which it is time to stop."""
    week_target_nano: int = 7 * NANO
    """What an ISO week should cost at the most."""


class Chart(Struct, frozen=True):
    warning_nano: int = 150 * NANO // 100
    """Where the warning band of the seven-days chart begins."""
    cutoff_nano: int = 2 * NANO
    """Where the band ends and the chart's cutoff line stands."""


class CustomPrice(Struct, frozen=True):
    """What the user pays for a model, in nano-dollars per million tokens."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


class Pricing(Struct, frozen=True):
    prefer: Literal["recorded", "list"] = "recorded"
    """Which comes first where no custom price is set: what OpenCode recorded, or the list price."""
    custom: Mapping[str, CustomPrice] = field(default_factory=dict)
    """Prices of the user's own, by `model_key`; these come before all others."""


class Poll(Struct, frozen=True):
    interval_s: float = 2.0
    """Seconds between two looks at OpenCode's store."""


class Lines(Struct, frozen=True):
    """The amounts at which each level begins; None leaves a level out. Those that are set ascend."""

    notice_nano: int | None = None
    warning_nano: int | None = None
    cutoff_nano: int | None = None

    @property
    def levels(self) -> tuple[tuple[Level, int], ...]:
        """The levels that are set, the lowest first."""
        return _set_levels(self.notice_nano, self.warning_nano, self.cutoff_nano)


class Fills(Struct, frozen=True):
    """The percentages at which each level begins; None leaves a level out. Those that are set ascend."""

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
    """An amount spent in a period, by everything together or by each of a scope on its own."""

    lines: Lines = Lines()
    scope: Scope = "all"
    period: Period = "day"
    only: str = ""
    """Of the scope only those whose name holds this text, such as a model or a project; empty for each."""


class Alerts(Struct, frozen=True):
    """What is worth an alert: a field for each rule that has settings. The day's warning and cutoff are `budget`'s.

    config.toml's keys and their checks follow from the fields: Lines and Fills are tables, `_nano` an amount, else a
    number is a count.
    """

    week: Lines = Lines(warning_nano=7 * NANO)
    """Spend of the ISO week; its warning is `budget.week_target_usd` unless set."""
    month: Lines = Lines()
    """Spend of the calendar month."""
    session: Lines = Lines(notice_nano=50 * NANO // 100, warning_nano=NANO)
    """Spend of one root session with its subagents, as long as it lives."""
    rate: Lines = Lines(warning_nano=2 * NANO)
    """Spend of the last 60 minutes."""
    spend: Mapping[str, SpendRule] = field(default_factory=dict)
    """Rules of the user's own, by name."""
    every_calls: int = 0
    """A notice each time the day has seen so many more calls; 0 is off."""
    every_nano: int = 0
    """A notice each time the day has cost so much more; 0 is off."""
    every_minutes: int = 0
    """A notice each time so many minutes with spend have passed; 0 is off."""
    subagent_depth: int = 0
    """A warning for a subagent deeper than this; 0 is off."""
    subagent: Lines = Lines()
    """Spend of one subagent with those below it."""
    same_call: int = 8
    """A notice when a session made the same tool call so often with no file edited in between; 0 is off."""
    same_file: int = 4
    """A notice when a session edited the same file in so many turns of a day; 0 is off."""
    context: Fills = Fills(notice=80, warning=95)
    """How full the context of a session's newest call is, in percent of the model's limit."""


class Channels(Struct, frozen=True):
    """Where alerts go, each from a level on (`off` for none). The banner always shows them.

    A channel of alerts/channels has its level here under its name; so config.toml has it as well.
    """

    toast: Level | Literal["off"] = "notice"
    bell: Level | Literal["off"] = "warning"
    desktop: Level | Literal["off"] = "off"
    webhook: Level | Literal["off"] = "off"
    webhook_url_file: Path | None = None
    """The file that holds the webhook's address; else the variable OPENCODE_TUI_WEBHOOK_URL does."""
    command: Level | Literal["off"] = "off"
    command_line: tuple[str, ...] = ()
    """The program and its arguments; the alert is in its environment and, as JSON, on its standard input."""


class GuardCaps(Struct, frozen=True):
    """What the guard holds beside the day's cutoff: caps on a day's spend, in nano-dollars."""

    projects: Mapping[str, int] = field(default_factory=dict)
    """By the project's path."""
    agents: Mapping[str, int] = field(default_factory=dict)


class Privacy(Struct, frozen=True):
    show_prompts: bool = False
    """Show the first line of what was asked in a turn, read from OpenCode's store and not kept."""


class Ui(Struct, frozen=True):
    theme: str = ""
    """A theme of Textual's by name; empty for the app's own."""
    mouse: bool = True
    """Take the mouse; false leaves it to the terminal or to tmux."""


class Settings(Struct, frozen=True):
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
    alerts: Alerts = Alerts()
    channels: Channels = Channels()
    guard: GuardCaps = GuardCaps()
    privacy: Privacy = Privacy()
    ui: Ui = Ui()
