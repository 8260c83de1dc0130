"""What a builder remembers of a store: sessions and their messages, before they get a generation's shape."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from opencode_tui.records.calls import Tokens
from tests.stores.tools import Json, Tool

Amount = Decimal | str | int | float
Version = tuple[int, int, int]
Role = Literal["user", "assistant", "compaction"]


def parse_version(text: str) -> Version:
    major, minor, patch = (int(part) for part in text.split("."))
    return major, minor, patch


def decimal(amount: Amount) -> Decimal:
    """Exact for what a test writes: "0.2" and 0.2 are both a fifth of a dollar."""
    return Decimal(str(amount))


def json_number(amount: Decimal) -> float | int:
    """An amount as JavaScript writes it: a double, and a bare 0 for nothing."""
    return float(amount) if amount else 0


@dataclass
class Message:
    id: str
    session_id: str
    role: Role
    created: int
    model: str
    """As `provider/model`."""
    agent: str
    version: Version
    """Of the OpenCode that wrote it, which decides how its tokens are written."""
    updated: int = 0
    completed: int | None = None
    parent: str | None = None
    cost: Decimal = Decimal(0)
    tokens: Tokens = Tokens()
    finish: str | None = None
    error: Json | None = None
    tools: tuple[Tool, ...] = ()
    text: str = ""
    copy_of: str | None = None
    seq: int | None = None
    made_in: str = ""
    """The session that it was made in, which a copy goes on to name."""
    part_ids: list[str] = field(default_factory=list)

    @property
    def provider_id(self) -> str:
        return self.model.partition("/")[0]

    @property
    def model_id(self) -> str:
        return self.model.partition("/")[2]

    @property
    def billed(self) -> bool:
        return self.role != "user"


@dataclass
class Session:
    id: str
    parent: str | None
    title: str
    directory: str
    version: str
    agent: str
    created: int
    updated: int
    archived: int | None = None
    fork_of: str | None = None
    model: str | None = None
    revert: Json | None = None
    extra_cost: Decimal = Decimal(0)
    """Billed to the session and to none of its messages: titles in OpenCode 2."""
    extra_tokens: Tokens = Tokens()
    idle: int | None = None
    counts_copies: bool = True
    """Its cost and tokens hold those of copied messages: in OpenCode 1 they do."""
    messages: list[Message] = field(default_factory=list)

    @property
    def project_id(self) -> str:
        return hashlib.sha1(self.directory.encode()).hexdigest()

    @property
    def totals(self) -> tuple[Decimal, Tokens]:
        """Its cost and tokens, in one pass over its calls: a builder asks after each of them."""
        counted = [one for one in self.messages if one.role != "user" and (self.counts_copies or one.copy_of is None)]
        cost = sum((call.cost for call in counted), self.extra_cost)
        return cost, sum((call.tokens for call in counted), self.extra_tokens)
