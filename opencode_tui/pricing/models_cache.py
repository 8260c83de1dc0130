"""The price list that OpenCode itself downloads and keeps: `~/.cache/opencode/models.json`.

One that comes from another address (`OPENCODE_MODELS_URL`) is kept as `models-<sha1 of the address>.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from pathlib import Path

from opencode_tui.pricing import jsonc, models_dev
from opencode_tui.pricing.files import mark, read_text, reason, shown, xdg
from opencode_tui.pricing.rates import Rates

SOURCE = "models.json"
USUAL_ADDRESS = "https://models.opencode.ai"


def default_path(environ: Mapping[str, str], home: Path) -> Path:
    """Where OpenCode keeps the list, `OPENCODE_MODELS_PATH` and `OPENCODE_MODELS_URL` honoured."""
    if given := environ.get("OPENCODE_MODELS_PATH"):
        return Path(given)
    name, address = "models.json", environ.get("OPENCODE_MODELS_URL") or USUAL_ADDRESS
    if address != USUAL_ADDRESS:
        digest = sha1(address.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
        name = f"models-{digest}.json"
    return xdg(environ, "XDG_CACHE_HOME", home / ".cache") / name


class ModelsCache:
    """The list, read at the first question; a file that is absent or broken knows no model."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        """One sentence when the file, or a price in it that was asked for, cannot be used."""
        self._mark = mark(path)
        self._data: Mapping[str, object] | None = None
        self._models: dict[str, dict[str, Mapping[str, object]]] = {}

    def rates(self, provider: str, model: str) -> Rates | None:
        entry = self.models(provider).get(model, {})
        cost = entry.get("cost")
        if not isinstance(cost, dict) or "input" not in cost or "output" not in cost:
            return None
        try:
            return models_dev.rates(cost, SOURCE, models_dev.limit(entry.get("limit")))
        except ValueError:
            name = shown(f"{provider}/{model}")
            self.problem = f"The price of {name} in OpenCode's price list {shown(self.path)} cannot be read."
            return None

    def context(self, provider: str, model: str) -> int | None:
        return models_dev.limit(self.models(provider).get(model, {}).get("limit"))

    def providers(self) -> tuple[str, ...]:
        return tuple(self._load())

    def models(self, provider: str) -> dict[str, Mapping[str, object]]:
        """The provider's models by name, as they stand in the file; modes as models of their own."""
        if provider not in self._models:
            entry = models_dev.table(self._load().get(provider))
            self._models[provider] = models_dev.with_modes(models_dev.table(entry.get("models")))
        return self._models[provider]

    def changed(self) -> bool:
        """The file is not the one that was read."""
        return mark(self.path) != self._mark

    def _load(self) -> Mapping[str, object]:
        if self._data is None:
            self._mark = mark(self.path)
            self._data = self._read()
        return self._data

    def _read(self) -> Mapping[str, object]:
        try:
            text = read_text(self.path)
            data: object = {} if text is None else jsonc.plain_loads(text)
            if not isinstance(data, dict):
                raise ValueError("it holds no JSON object")
        except (OSError, ValueError) as error:
            self.problem = f"OpenCode's price list {shown(self.path)} cannot be used: {reason(error)}."
            return {}
        return data
