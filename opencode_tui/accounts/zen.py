"""Asks OpenCode Zen for its models, which proves the key as well."""

from __future__ import annotations

from opencode_tui.accounts.fetching import fetch
from opencode_tui.accounts.service import Refusal, Service, ServiceAnswer, checked, json_answer
from opencode_tui.accounts.sign_ins import ZEN, FoundKey, SignInSource
from opencode_tui.config.settings import Network
from opencode_tui.records.privacy.harmless import one_line

_MOST_MODELS = 1000


class ZenModels(Service):
    name = "zen"
    wait_ms = 30_000

    def is_on(self, network: Network, source: SignInSource) -> bool:
        return network.zen

    def key(self, network: Network, source: SignInSource) -> FoundKey | None:
        return source.key_for(ZEN)

    def ask(self, network: Network, key: FoundKey, now_ms: int) -> ServiceAnswer:
        fetched = fetch(f"{network.zen_url}/models", {"Authorization": key.secret}, "Bearer ")
        data = json_answer(checked(fetched)).get("data")
        if not isinstance(data, list):
            raise Refusal("failed", "its answer has no list of models")
        ids = [each.get("id") for each in data if isinstance(each, dict)]
        models = sorted({one_line(id, 100) for id in ids if isinstance(id, str) and id.strip()})
        return ServiceAnswer({"models": models[:_MOST_MODELS]})
