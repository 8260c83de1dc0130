"""Records of what OpenCode's services answered."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

AskState = Literal["off", "no key", "unasked", "ok", "auth", "no subscription", "limited", "failed"]
"""`off`: not turned on; `auth`: the key or cookie was refused; `limited`: asked too often; `failed`: no usable
answer."""


class ServiceState(Struct, frozen=True):
    """How a service was asked last. Holds no secret."""

    state: AskState
    asked_ms: int | None = None
    """When it was asked last, in Unix milliseconds."""
    answered_ms: int | None = None
    """When it last gave a usable answer."""
    next_ms: int | None = None
    """When it may be asked again."""
    detail: str = ""
    """Why it did not answer, or where the key comes from, in a few words."""


SERVICE_OFF = ServiceState("off")
