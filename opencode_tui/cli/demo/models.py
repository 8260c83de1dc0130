"""The models of the demo with their list prices, and the cost of a call as OpenCode computes it."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from opencode_tui.records.calls import Tokens

_MILLION = Decimal(1_000_000)


class Model(Struct, frozen=True):
    """A model with its rates in USD per million tokens, as decimal text."""

    provider: str
    id: str
    context: int
    """The context limit in tokens."""
    input: str = "0"
    output: str = "0"
    cache_read: str = "0"
    cache_write: str = "0"
    billed: bool = True
    """False for a subscription login, for which OpenCode writes a cost of 0."""

    def cost(self, tokens: Tokens) -> float:
        """The cost of a call in USD as OpenCode writes it: computed in decimals, stored as a float."""
        if not self.billed:
            return 0.0
        parts = (
            (tokens.input, self.input),
            (tokens.output + tokens.reasoning, self.output),
            (tokens.cache_read, self.cache_read),
            (tokens.cache_write, self.cache_write),
        )
        return float(sum((count * Decimal(rate) / _MILLION for count, rate in parts), Decimal(0)))


KIMI = Model("opencode", "kimi-k2.6", 262_144, "0.95", "4", "0.16")
GLM = Model("opencode", "glm-5", 204_800, "1", "3.2", "0.2")
KIMI_CODE = Model("opencode-go", "kimi-k2.7-code", 262_144, "0.95", "4", "0.19")
SONNET = Model("anthropic", "claude-sonnet-5", 1_000_000, "2", "10", "0.2", "2.5")
HAIKU = Model("anthropic", "claude-haiku-4-5", 200_000, "1", "5", "0.1", "1.25")
GPT = Model("openai", "gpt-5.2", 400_000, "1.75", "14", "0.175")
LOCAL = Model("ollama", "qwen3-coder:30b", 262_144)
SUBSCRIPTION = Model("github-copilot", "claude-sonnet-4.6", 200_000, "3", "15", "0.3", "3.75", billed=False)

MIX = ((KIMI, 46), (GLM, 18), (SONNET, 12), (GPT, 10), (LOCAL, 8), (SUBSCRIPTION, 6))
"""The models of new sessions, with weights."""
