"""A provider and a model as one unique text: `provider/model`.

A model's name may hold slashes; in a provider's name, `/` becomes `%2F` and `%` becomes `%25`.
"""

from __future__ import annotations

SQL = "replace(replace(provider, '%', '%25'), '/', '%2F') || '/' || model"
"""`model_key` of the columns `provider` and `model`."""


def model_key(provider: str, model: str) -> str:
    return f"{_escaped(provider)}/{model}"


def split_key(key: str) -> tuple[str, str]:
    """(provider, model) of a key."""
    provider, _, model = key.partition("/")
    return provider.replace("%2F", "/").replace("%25", "%"), model


def short_name(key: str) -> str:
    """The model without its provider."""
    return key.partition("/")[2] or key


def _escaped(provider: str) -> str:
    if "/" in provider or "%" in provider:
        return provider.replace("%", "%25").replace("/", "%2F")
    return provider
