"""The settings as frozen records, with their names, defaults and meaning.

`load_settings` fills them from flags, the environment and config.toml. This module does not import pydantic, which
would slow down every command.
Amounts are nano-dollars here (`_nano`) and USD in the file and the environment (`_usd`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui.config.held import NamedBudget, RateLimit
from opencode_tui.config.team import Team
from opencode_tui.money import NANO
from opencode_tui.records.alerts import LEVELS, Level, Period, Scope

LevelOrOff = Level | Literal["off"]
Hours = tuple[int, int]
"""Minutes of the day: from the first to before the second, past midnight if that is not later."""


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


class CustomTier(Struct, frozen=True):
    """The rates of calls whose context is larger than `above` tokens; one that is None is that of the price."""

    above: int
    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None


class CustomPrice(Struct, frozen=True):
    """The user's own price of a model, in nano-dollars per million tokens, and when it holds."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    from_: date | None = None
    """The day in `zone` from whose start it holds; None means that it always has."""
    hours: Hours | None = None
    """The hours of the day in `zone` in which it holds; None means all."""
    zone: str = "UTC"
    """An IANA time zone; empty means the machine's."""
    tiers: tuple[CustomTier, ...] = ()
    """In ascending order of `above`."""


class Pricing(Struct, frozen=True):
    prefer: Literal["recorded", "list"] = "recorded"
    """What is used for models without a custom price: the cost that OpenCode recorded, or the list price."""
    custom: Mapping[str, tuple[CustomPrice, ...]] = field(default_factory=dict)
    """The user's own prices by `model_key`, which override all others.

    Of those that hold at a moment, the one with the latest `from_` counts; of two with the same, the one with `hours`.
    """


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

    A rule declares its setting in its own file as an `Option`, which gives the value with `option.of(alerts)`.
    """

    spend: Mapping[str, SpendRule] = field(default_factory=dict)
    """The user's own rules, by name."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The rules' settings that differ from their defaults, by option name."""


class Channels(Struct, frozen=True):
    """What announces alerts. The banner shows all of them.

    A channel declares its settings in its own file as `Option`s: at least the least level that it delivers, or `off`.
    """

    toast: LevelOrOff = "notice"
    """The least level that the dashboard shows as a toast."""
    bell: LevelOrOff = "warning"
    """The least level that rings the terminal's bell."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The channels' settings that differ from their defaults, by option name."""


class Insights(Struct, frozen=True):
    """The thresholds of the insight rules, which each rule declares in its own file, and what may be looked at."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Those that differ from their defaults, by name; 0 turns a rule off."""
    git: bool = False
    """Run git in the projects, reading only, to say what became of what a session changed."""


class GuardCaps(Struct, frozen=True):
    """The guard's further limits, in nano-dollars; 0 turns one off."""

    projects: Mapping[str, int] = field(default_factory=dict)
    """What a day may cost, by project path."""
    agents: Mapping[str, int] = field(default_factory=dict)
    """What a day may cost, by agent."""
    calls_a_minute: int = 0
    """The most calls in a minute, of all agents and projects."""
    hour_nano: int = 0
    """The most that may be spent in 60 minutes."""
    identical_calls: int = 0
    """A session is stopped after so many identical tool calls with nothing changed in between."""
    subagent_nano: int = 0
    """What one subagent may cost with those below it, over its whole life."""
    rates: Mapping[str, RateLimit] = field(default_factory=dict)
    """Limits of projects, agents and environments, by a name of the user's."""

    @property
    def all_rates(self) -> Mapping[str, RateLimit]:
        """The seat's own rate, with an empty name, if one is set, and the named ones."""
        own = RateLimit(self.calls_a_minute, self.hour_nano)
        return {"": own, **self.rates} if own != RateLimit() else self.rates


class Network(Struct, frozen=True):
    """What is asked of OpenCode's services. Nothing is, unless it is turned on here; a cookie turns the console on."""

    opencode_go: bool = False
    """Ask OpenCode Go how much of its quota is used."""
    zen: bool = False
    """Ask OpenCode Zen whether the key works and which models it has."""
    opencode_go_url: str = "https://opencode.ai/zen/go/v1"
    zen_url: str = "https://opencode.ai/zen/v1"
    console_url: str = "https://opencode.ai"
    console_cookie_file: Path | None = None
    """The file with the console's cookie; None uses OPENCODE_TUI_CONSOLE_COOKIE."""


QuotaUnit = Literal["usd", "calls", "turns"]
QUOTA_UNITS: tuple[QuotaUnit, ...] = ("usd", "calls", "turns")


class QuotaPlan(Struct, frozen=True):
    """A plan with a quota: who is paid by it, how much it allows in which time, and what counts more."""

    providers: tuple[str, ...] = ()
    """OpenCode's names of the providers whose calls count."""
    windows: Mapping[str, int] = field(default_factory=dict)
    """The cap of each window in 1e-9 of the unit: `5h` is a block that the first request opens, `day`, `week`, `month`
    begin at midnight."""
    unit: QuotaUnit = "usd"
    """What is counted: spend (at list price where nothing was billed), calls, or turns."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How much a model counts in thousandths, by its name; 1000 unless it is here."""
    zone: str = "UTC"
    """The time zone of the midnights."""
    month_day: int = 1
    """The day on which the plan's month begins; a shorter month begins on its last."""


OPENCODE_GO = "opencode-go"
GO_PLAN = QuotaPlan((OPENCODE_GO,), {"5h": 12 * NANO, "week": 30 * NANO, "month": 60 * NANO})
"""OpenCode Go: its caps, its block of five hours, its weeks from Monday 00:00 UTC."""


class Privacy(Struct, frozen=True):
    show_prompts: bool = False
    """Show the first line of each turn's prompt, which is read from OpenCode's store and not stored."""
    other_projects: bool = False
    """Let the agent that asks through `opencode-tui mcp` see titles and paths of projects other than its own."""


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
    environment: str = ""
    """The environment that calls here are made in; empty is `ci` where the variable CI is true, else none."""
    budget: Budget = Budget()
    chart: Chart = Chart()
    pricing: Pricing = Pricing()
    poll: Poll = Poll()
    alerts: Alerts = Alerts()
    channels: Channels = Channels()
    insights: Insights = Insights()
    guard: GuardCaps = GuardCaps()
    budgets: Mapping[str, NamedBudget] = field(default_factory=dict)
    """The user's budgets by name. Those of the team are read by `config.team_budgets`."""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of project paths by tag."""
    network: Network = Network()
    quota: Mapping[str, QuotaPlan] = field(default_factory=dict)
    """The user's plans by name; one called `opencode-go` changes OPENCODE_GO's."""
    team: Team = Team()
    privacy: Privacy = Privacy()
    ui: Ui = Ui()

    @property
    def plans(self) -> Mapping[str, QuotaPlan]:
        """All plans with a quota by name: OpenCode Go and the user's."""
        return {OPENCODE_GO: GO_PLAN, **self.quota}


def with_live(settings: Settings, new: Settings) -> Settings:
    """The settings with those of `new` that a running dashboard can take over."""
    return replace(
        settings,
        budget=new.budget,
        chart=new.chart,
        pricing=new.pricing,
        poll=new.poll,
        alerts=new.alerts,
        channels=new.channels,
        insights=new.insights,
        guard=new.guard,
        budgets=new.budgets,
        tags=new.tags,
        network=new.network,
        quota=new.quota,
        team=new.team,
        ui=replace(settings.ui, theme=new.ui.theme),
    )
