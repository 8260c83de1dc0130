"""Who pays, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opencode_tui.analysis.model_makers import by_maker, provider_title
from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural, usd
from opencode_tui.records.accounts import Account, Accounts, ConsoleBalance, MakerSpend, SignIn
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none
from opencode_tui.report.services import service_json, service_text
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.report.words import amount_text

_BILLS = (
    TextColumn("who bills", "left", least=16),
    TextColumn("whose models", "left", least=12),
    TextColumn("spend"),
    TextColumn("list price", gives_way=2),
    TextColumn("calls", gives_way=1),
    TextColumn("signed in by", "left", gives_way=3, least=16),
)
_MAKERS = (
    TextColumn("whose models", "left", least=12),
    TextColumn("who bills", "left", least=16),
    TextColumn("spend"),
    TextColumn("list price", gives_way=2),
    TextColumn("calls", gives_way=1),
    TextColumn("models", "left", gives_way=3, least=20),
)
_MOST_MODELS = 4


def accounts_json(accounts: Accounts, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract: amounts are USD, exact to 1e-9; `accounts` and `makers` are two views of the same calls."""
    return {
        "schema_version": SCHEMA_VERSION,
        "taken_at": calendar.iso(accounts.taken_ms),
        "period": {"from": accounts.first.isoformat(), "to": accounts.last.isoformat(), "label": accounts.label},
        "spend_usd": usd(sum(each.spend_nano for each in accounts.accounts)),
        "lower_bound": accounts.lower_bound,
        "accounts": [_account_json(each, calendar) for each in accounts.accounts],
        "makers": [_maker_json(maker, parts) for maker, parts in by_maker(accounts).items()],
        "zen": {**service_json(accounts.zen.service, calendar), "models": list(accounts.zen.models)},
        "console": _console_json(accounts.console, calendar),
        "problems": list(accounts.problems),
    }


def _account_json(account: Account, calendar: Calendar) -> dict[str, Any]:
    return {
        "provider": account.provider,
        "title": account.title,
        "sign_ins": [_sign_in_json(each, calendar) for each in account.sign_ins],
        "spend_usd": usd(account.spend_nano),
        "list_usd": usd(account.list_nano),
        "calls": account.calls,
        "makers": [
            {"maker": each.maker, **_amounts_json(each), "models": list(each.models)} for each in account.makers
        ],
    }


def _sign_in_json(each: SignIn, calendar: Calendar) -> dict[str, Any]:
    expires = moment_or_none(each.expires_ms, calendar)
    return {"kind": each.kind, "source": each.source, "plan": each.plan or None, "expires_at": expires}


def _maker_json(maker: str, parts: tuple[MakerSpend, ...]) -> dict[str, Any]:
    return {
        "maker": maker,
        "spend_usd": usd(sum(each.spend_nano for each in parts)),
        "list_usd": usd(sum(each.list_nano for each in parts)),
        "calls": sum(each.calls for each in parts),
        "providers": [{"provider": each.provider, **_amounts_json(each)} for each in parts],
    }


def _amounts_json(each: MakerSpend) -> dict[str, Any]:
    return {"spend_usd": usd(each.spend_nano), "list_usd": usd(each.list_nano), "calls": each.calls}


def _console_json(console: ConsoleBalance, calendar: Calendar) -> dict[str, Any]:
    return {
        **service_json(console.service, calendar),
        "balance_usd": _usd_or_none(console.balance_nano),
        "month_usd": _usd_or_none(console.month_nano),
        "month_limit_usd": _usd_or_none(console.limit_nano),
        "reload": console.reloads,
        "reload_usd": _usd_or_none(console.reload_nano),
        "reload_below_usd": _usd_or_none(console.trigger_nano),
        "subscription": console.subscription or None,
    }


def _usd_or_none(nano: int | None) -> float | None:
    return None if nano is None else usd(nano)


def accounts_text(accounts: Accounts, calendar: Calendar, width: int | None) -> str:
    """Both views as tables, Zen, the console, and what could not be read."""
    spent = amount_text(sum(each.spend_nano for each in accounts.accounts), accounts.lower_bound)
    lines = [f"{spent} ({accounts.label})"]
    if accounts.accounts:
        lines += ["", text_table(_BILLS, list(_bill_rows(accounts)), width)]
    if any(each.calls for each in accounts.accounts):
        lines += ["", text_table(_MAKERS, list(_maker_rows(accounts)), width)]
    lines += ["", *_service_lines(accounts, calendar), *accounts.problems]
    return "\n".join(lines)


def accounts_list(accounts: Accounts, calendar: Calendar) -> list[str]:
    """Who bills, and below each whose models they were, for where the tables have no room."""
    spent = amount_text(sum(each.spend_nano for each in accounts.accounts), accounts.lower_bound)
    lines = [f"{spent} ({accounts.label})"]
    for account in accounts.accounts:
        lines += ["", f"{amount_text(account.spend_nano, accounts.lower_bound)} {account.title}"]
        lines += [
            f"  {format_usd(each.spend_nano)} {each.maker}, {plural(each.calls, 'call')}" for each in account.makers
        ]
        lines += [f"  {sign_in_text(each)}" for each in account.sign_ins]
    return [*lines, "", *_service_lines(accounts, calendar), *accounts.problems]


def _bill_rows(accounts: Accounts) -> Iterator[tuple[str, ...]]:
    for account in accounts.accounts:
        signed = ", ".join(map(sign_in_text, account.sign_ins)) or "no sign-in is known"
        name = account.title if account.title == account.provider else f"{account.title} ({account.provider})"
        if not account.makers:
            yield (name, "", amount_text(0, accounts.lower_bound), "", "0", signed)
        for place, each in enumerate(account.makers):
            own = amount_text(each.spend_nano, accounts.lower_bound)
            listed = format_usd(each.list_nano) if each.list_nano else ""
            yield ("·" if place else name, each.maker, own, listed, f"{each.calls:,}", "" if place else signed)


def _maker_rows(accounts: Accounts) -> Iterator[tuple[str, ...]]:
    for maker, parts in by_maker(accounts).items():
        for place, each in enumerate(parts):
            own = amount_text(each.spend_nano, accounts.lower_bound)
            listed = format_usd(each.list_nano) if each.list_nano else ""
            more = len(each.models) - _MOST_MODELS
            models = ", ".join(each.models[:_MOST_MODELS]) + (f" and {more} more" if more > 0 else "")
            yield ("·" if place else maker, provider_title(each.provider), own, listed, f"{each.calls:,}", models)


def sign_in_text(each: SignIn) -> str:
    """Such as `oauth in auth.json (a ChatGPT plan)` and `key in OPENCODE_API_KEY (OpenCode Zen)`."""
    return f"{each.kind} in {each.source}{f' ({each.plan})' if each.plan else ''}"


def _service_lines(accounts: Accounts, calendar: Calendar) -> Iterator[str]:
    zen, console, now_ms = accounts.zen, accounts.console, accounts.taken_ms
    models = f"; {plural(len(zen.models), 'model')}" if zen.models else ""
    yield f"Zen: {service_text(zen.service, now_ms, calendar)}{models}"
    if console.service.state == "off":
        yield "Console: not asked (a cookie in OPENCODE_TUI_CONSOLE_COOKIE turns it on)"
        return
    yield f"Console: {', '.join([*_balance(console), service_text(console.service, now_ms, calendar)])}"


def _balance(console: ConsoleBalance) -> Iterator[str]:
    if console.balance_nano is not None:
        yield f"balance {format_usd(console.balance_nano, cents=True)}"
    if console.month_nano is not None:
        limit = f" of {format_usd(console.limit_nano)}" if console.limit_nano is not None else ""
        yield f"{format_usd(console.month_nano, cents=True)}{limit} this month"
    if console.reloads and console.reload_nano is not None:
        below = f" below {format_usd(console.trigger_nano)}" if console.trigger_nano is not None else ""
        yield f"reloads {format_usd(console.reload_nano)}{below}"
    elif console.reloads is False:
        yield "does not reload"
    if console.subscription:
        yield f"subscribed to {console.subscription}"
