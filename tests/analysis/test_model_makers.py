"""Who made a model that somebody else sells."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.model_makers import UNKNOWN_MAKER, maker_of, provider_title


@pytest.mark.parametrize(
    ("provider", "model", "maker"),
    [
        ("opencode", "claude-opus-4-5", "Anthropic"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "Anthropic"),
        ("amazon-bedrock", "us.anthropic.claude-haiku-4-5-v1:0", "Anthropic"),
        ("opencode-go", "kimi-k2.6", "Moonshot AI"),
        ("opencode", "gpt-5.1-codex", "OpenAI"),
        ("groq", "openai/gpt-oss-120b", "OpenAI"),
        ("openai", "o3", "OpenAI"),
        ("github-copilot", "gemini-3-pro", "Google"),
        ("ollama", "qwen3-coder:30b", "Alibaba"),
        ("opencode", "glm-5", "Z.ai"),
        ("openai", "something-new", "OpenAI"),
        ("opencode", "big-pickle", UNKNOWN_MAKER),
        ("unknown", "", UNKNOWN_MAKER),
    ],
)
def test_the_name_of_a_model_tells_who_made_it(provider: str, model: str, maker: str) -> None:
    assert maker_of(provider, model) == maker


def test_a_provider_without_a_better_name_keeps_its_own() -> None:
    assert [provider_title(each) for each in ("opencode", "acme")] == ["OpenCode Zen", "acme"]
