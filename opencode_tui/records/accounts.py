"""Records of who pays: the sign-ins of OpenCode, what each account paid for whose models, and Zen and its console."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from opencode_tui.records.requests import AccountsRequest
from opencode_tui.records.services import SERVICE_OFF, ServiceState


class SignIn(Struct, frozen=True):
    """One way in which OpenCode is signed in to a provider. Holds no secret."""

    provider: str
    """OpenCode's name of it."""
    kind: str
    """`key` or `oauth`, or what else OpenCode calls it."""
    source: str
    """`auth.json`, `opencode.db` of OpenCode 2, or the name of the environment variable."""
    plan: str = ""
    """The plan that it stands for, if its kind tells: such as `OpenCode Go` or `a ChatGPT plan`."""
    expires_ms: int | None = None
    """When its token has to be renewed, which OpenCode does by itself; None for a key."""


class MakerSpend(Struct, frozen=True):
    """What one account paid for one maker's models."""

    provider: str
    maker: str
    spend_nano: int
    list_nano: int
    """The list price of what was not billed."""
    calls: int
    models: tuple[str, ...]
    """The models' names, the costliest first."""


class Account(Struct, frozen=True):
    """A provider that was paid, or that OpenCode is signed in to."""

    provider: str
    title: str
    """Who sends the bill, such as `OpenCode Zen`."""
    sign_ins: tuple[SignIn, ...]
    makers: tuple[MakerSpend, ...]

    @property
    def spend_nano(self) -> int:
        return sum(each.spend_nano for each in self.makers)

    @property
    def list_nano(self) -> int:
        return sum(each.list_nano for each in self.makers)

    @property
    def calls(self) -> int:
        return sum(each.calls for each in self.makers)


class ZenStatus(Struct, frozen=True):
    service: ServiceState = SERVICE_OFF
    models: tuple[str, ...] = ()
    """The models that it had when it answered last."""


class ConsoleBalance(Struct, frozen=True):
    """What the console says, in nano-dollars; None where it says nothing."""

    service: ServiceState = SERVICE_OFF
    balance_nano: int | None = None
    month_nano: int | None = None
    """What was used in this calendar month (UTC)."""
    limit_nano: int | None = None
    """The most that a month may cost."""
    reloads: bool | None = None
    """Whether the balance is topped up by itself."""
    reload_nano: int | None = None
    """By how much."""
    trigger_nano: int | None = None
    """As soon as it falls below this."""
    subscription: str = ""
    """The name of the plan; empty if there is none."""


class Accounts(Struct, frozen=True):
    request: AccountsRequest
    taken_ms: int
    first: date
    last: date
    label: str
    accounts: tuple[Account, ...]
    """The costliest first."""
    zen: ZenStatus
    console: ConsoleBalance
    problems: tuple[str, ...]
    """What of OpenCode's sign-ins could not be read, a sentence each."""
    lower_bound: bool
