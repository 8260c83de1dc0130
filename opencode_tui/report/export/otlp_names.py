"""The names of OpenTelemetry's GenAI conventions, and those for which it has none.

See https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai. There is no convention for cost:
`opencode.cost.usage` and `opencode.token.usage` are what OpenCode's plugins send, after Claude Code's.
"""

from __future__ import annotations

from opencode_tui.records.exports import ExportedCall

OPERATION = "chat"
_PROVIDERS = {
    "amazon-bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "azure-cognitive-services": "azure.ai.inference",
    "google": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    "google-vertex-anthropic": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "moonshotai-cn": "moonshot_ai",
    "xai": "x_ai",
}
"""The convention's names for OpenCode's ids of providers; the others are the same, or have none."""
MOST = (1 << 63) - 1


def common_attributes(call: ExportedCall) -> dict[str, str]:
    """The attributes of a call's span and of its points in all metrics; none of them is a session."""
    return {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.provider.name": _PROVIDERS.get(call.provider, call.provider) or "unknown",
        "gen_ai.request.model": call.model,
        "gen_ai.response.model": call.model,
        "gen_ai.agent.name": call.agent,
        "opencode.project": call.project,
    }


def unix_nano(ms: int) -> int:
    """Unix milliseconds as nanoseconds, as far as the protocol can hold them."""
    return min(max(ms, 0) * 1_000_000, MOST)


def within(count: int) -> int:
    """A count as far as the protocol can hold it."""
    return min(max(count, -MOST), MOST)


def all_input(call: ExportedCall) -> int:
    """All input, from a cache or not."""
    return within(call.tokens.context)


def all_output(call: ExportedCall) -> int:
    """All output, reasoning included."""
    return within(call.tokens.output + call.tokens.reasoning)
