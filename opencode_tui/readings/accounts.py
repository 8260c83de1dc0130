"""Reads who was paid in a period for whose models, and how OpenCode's services stand."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from opencode_tui.accounts.asking import CONSOLE, ZEN_MODELS, service_state
from opencode_tui.accounts.service import Service
from opencode_tui.analysis.model_makers import maker_of, provider_title
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.ledger.queries import slices
from opencode_tui.ledger.services import kept_answer
from opencode_tui.readings.context import Context
from opencode_tui.readings.periods import days, span_of
from opencode_tui.records.accounts import Account, Accounts, ConsoleBalance, MakerSpend, SignIn, ZenStatus
from opencode_tui.records.model_key import split_key
from opencode_tui.records.requests import AccountsRequest
from opencode_tui.records.services import ServiceState
from opencode_tui.records.usage import Slice


def read_accounts(request: AccountsRequest, context: Context) -> Accounts:
    """The accounts that were paid in the period or that OpenCode is signed in to. Raises ValueError for no period."""
    first, last, label = days(request.period, None, None, context)
    span = span_of(first, last, label, context)
    source = context.sign_ins()
    sign_ins, problems = source.sign_ins() if source else ((), ())
    return Accounts(
        request,
        context.now_ms,
        first,
        last,
        label,
        _accounts(slices(context.connection, span, "model"), sign_ins),
        _zen(context),
        _console(context),
        problems,
        is_lower_bound(context.connection, span, context.whole),
    )


def _accounts(models: tuple[Slice, ...], sign_ins: tuple[SignIn, ...]) -> tuple[Account, ...]:
    """The costliest first, those that were not used last. `models` are the costliest first."""
    by_provider: dict[str, dict[str, list[Slice]]] = {each.provider: {} for each in sign_ins}
    for each in models:
        provider, model = split_key(each.key)
        by_provider.setdefault(provider, {}).setdefault(maker_of(provider, model), []).append(each)
    found = [
        Account(
            provider,
            provider_title(provider),
            tuple(each for each in sign_ins if each.provider == provider),
            tuple(sorted((_maker(provider, *each) for each in makers.items()), key=_most_first)),
        )
        for provider, makers in by_provider.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.spend_nano, -each.list_nano, -each.calls, each.provider)))


def _maker(provider: str, maker: str, models: list[Slice]) -> MakerSpend:
    return MakerSpend(
        provider,
        maker,
        sum(each.spend_nano for each in models),
        sum(each.list_nano for each in models),
        sum(each.calls for each in models),
        tuple(split_key(each.key)[1] for each in models),
    )


def _most_first(each: MakerSpend) -> tuple[int, int, int, str]:
    return -each.spend_nano, -each.list_nano, -each.calls, each.maker


def _zen(context: Context) -> ZenStatus:
    state, answer = _kept(ZEN_MODELS, context)
    models = answer.get("models") if state.state not in ("off", "no key") else None
    return ZenStatus(state, tuple(map(str, models)) if isinstance(models, list) else ())


def _console(context: Context) -> ConsoleBalance:
    state, answer = _kept(CONSOLE, context)
    if state.state == "off" or not answer:
        return ConsoleBalance(state)
    try:
        return msgspec.convert({"service": state, **answer}, ConsoleBalance)
    except msgspec.ValidationError:  # of another version
        return ConsoleBalance(state)


def _kept(service: Service, context: Context) -> tuple[ServiceState, dict[str, Any]]:
    """How a service stands, and its last usable answer."""
    kept = kept_answer(context.connection, service.name)
    state = service_state(kept, service, context.settings.network, context.sign_ins())
    answer = json.loads(kept.answer) if kept and kept.answer else {}
    return state, answer if isinstance(answer, dict) else {}
