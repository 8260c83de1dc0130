"""Who made a model, by its name: Zen sells Anthropic's Claude, OpenRouter sells everybody's."""

from __future__ import annotations

import re
from collections import defaultdict

from opencode_tui.records.accounts import Accounts, MakerSpend

UNKNOWN_MAKER = "unknown"
_MAKERS = (
    ("claude", "Anthropic"),
    ("gpt|chatgpt|codex|o[1345](?:-|$)|davinci", "OpenAI"),
    ("gemini|gemma|palm", "Google"),
    ("kimi|moonshot", "Moonshot AI"),
    ("glm|chatglm", "Z.ai"),
    ("qwen|qwq|qvq", "Alibaba"),
    ("grok", "xAI"),
    ("deepseek", "DeepSeek"),
    ("minimax|abab", "MiniMax"),
    ("mistral|mixtral|magistral|ministral|devstral|codestral|pixtral", "Mistral AI"),
    ("llama|muse-spark", "Meta"),
    ("nova", "Amazon"),
    ("command-|c4ai|aya-", "Cohere"),
    ("phi-|mai-", "Microsoft"),
    ("nemotron", "NVIDIA"),
    ("granite", "IBM"),
    ("mimo", "Xiaomi"),
    ("ling|ring-", "Ant Group"),
    ("hunyuan|hy\\d", "Tencent"),
    ("doubao|seed-", "ByteDance"),
    ("step-", "StepFun"),
    ("sonar", "Perplexity"),
)
"""The beginning of a model's name, and who made it; the first that fits."""
_PATTERNS = tuple((re.compile(pattern), maker) for pattern, maker in _MAKERS)
_SEPARATORS = re.compile(r"[/:.]")
PROVIDER_TITLES = {
    "opencode": "OpenCode Zen",
    "opencode-go": "OpenCode Go",
    "anthropic": "Anthropic",
    "openai": "OpenAI",
    "google": "Google",
    "google-vertex": "Google Vertex",
    "google-vertex-anthropic": "Google Vertex",
    "github-copilot": "GitHub Copilot",
    "github-models": "GitHub Models",
    "amazon-bedrock": "Amazon Bedrock",
    "azure": "Azure",
    "openrouter": "OpenRouter",
    "deepseek": "DeepSeek",
    "moonshotai": "Moonshot AI",
    "xai": "xAI",
    "zai": "Z.ai",
    "zai-coding-plan": "Z.ai Coding Plan",
    "mistral": "Mistral AI",
    "groq": "Groq",
    "cerebras": "Cerebras",
    "lmstudio": "LM Studio",
    "ollama": "Ollama",
}
_THEIR_OWN = {"anthropic", "openai", "deepseek", "xai", "mistral", "moonshotai", "zai"}
"""Providers that sell only what they have made."""


def maker_of(provider: str, model: str) -> str:
    """Who made a model: by the parts of its name, from the last (`anthropic/claude-opus-4.5`), else by its provider."""
    for part in reversed(_SEPARATORS.split(model.casefold())):
        for pattern, maker in _PATTERNS:
            if pattern.match(part):
                return maker
    return PROVIDER_TITLES[provider] if provider in _THEIR_OWN else UNKNOWN_MAKER


def provider_title(provider: str) -> str:
    """Who sends the bill: OpenCode's name of the provider unless a better one is known."""
    return PROVIDER_TITLES.get(provider, provider)


def by_maker(accounts: Accounts) -> dict[str, tuple[MakerSpend, ...]]:
    """The same spend by who made the models, costliest maker first."""
    found: dict[str, list[MakerSpend]] = defaultdict(list)
    for account in accounts.accounts:
        for each in account.makers:
            found[each.maker].append(each)
    order = sorted(found, key=lambda maker: (-sum(each.spend_nano for each in found[maker]), maker))
    return {maker: tuple(found[maker]) for maker in order}
