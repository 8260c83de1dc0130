"""The base of what is asked of OpenCode's services, and of what they answer."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from msgspec import Struct

from opencode_tui.accounts.fetching import Fetched
from opencode_tui.accounts.sign_ins import FoundKey, SignInSource
from opencode_tui.clock import MINUTE_MS
from opencode_tui.config.settings import Network
from opencode_tui.records.quotas import QuotaReading
from opencode_tui.records.services import AskState


class Refusal(Exception):
    """A service gave no usable answer. The message is a few words without a secret."""

    def __init__(self, state: AskState, detail: str, leave_ms: int = 0) -> None:
        super().__init__(detail)
        self.state = state
        self.leave_ms = leave_ms
        """For how long the service asks to be left alone."""


class ServiceAnswer(Struct, frozen=True):
    """A usable answer."""

    kept: dict[str, Any] = {}
    """What the ledger keeps of it as JSON: no secret, and nothing that is large."""
    readings: tuple[QuotaReading, ...] = ()
    """The percents of a quota that it tells; their sums are not known yet."""


class Service(ABC):
    """A service of OpenCode. It keeps nothing: what it needs is passed to each method."""

    name: str
    """Under which its answer is kept."""
    wait_ms: int = MINUTE_MS
    """It is asked no sooner than so long after the last time; a failure doubles that."""

    @abstractmethod
    def is_on(self, network: Network, source: SignInSource) -> bool:
        """Whether the person has turned it on."""

    @abstractmethod
    def key(self, network: Network, source: SignInSource) -> FoundKey | None:
        """What it is asked with; None if nothing is there."""

    @abstractmethod
    def ask(self, network: Network, key: FoundKey, now_ms: int) -> ServiceAnswer:
        """Ask it over the network. Raises Refusal."""


def checked(fetched: Fetched) -> bytes:
    """The body of an answer with status 200. Raises Refusal for every other."""
    leave_ms = fetched.pause_s * 1000
    match fetched.status:
        case 401:
            raise Refusal("auth", "the key was refused (401)", leave_ms)
        case 403:
            raise Refusal("auth", "the key may not do this (403)", leave_ms)
        case 429:
            raise Refusal("limited", "asked too often (429)", leave_ms)
    if fetched.failure:
        raise Refusal("failed", fetched.failure)
    if fetched.status != 200:
        raise Refusal("failed", f"it answered {fetched.status}", leave_ms)
    return fetched.body


def json_answer(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises Refusal for anything else."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Refusal("failed", "its answer is not the JSON that was expected")
    return answer
