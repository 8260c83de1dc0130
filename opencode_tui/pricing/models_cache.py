"""Reads the price list that OpenCode downloads: `~/.cache/opencode/models.json`.

A list from another address (`OPENCODE_MODELS_URL`) is in `models-<sha1 of the address>.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from opencode_tui.pricing import jsonc, models_dev
from opencode_tui.pricing.files import file_mark, first_few, read_text, reason, shown_path, xdg
from opencode_tui.pricing.rates import Rates

CACHE_SOURCE = "models.json"
USUAL_ADDRESS = "https://models.opencode.ai"


def default_path(environ: Mapping[str, str], home: Path) -> Path:
    """The path of OpenCode's list, according to `OPENCODE_MODELS_PATH` and `OPENCODE_MODELS_URL`."""
    if given := environ.get("OPENCODE_MODELS_PATH"):
        return Path(given)
    return xdg(environ, "XDG_CACHE_HOME", home / ".cache") / name_for_address("models", ".json", environ)


def list_address(environ: Mapping[str, str]) -> str:
    """The address of the public list, without the `/api.json` that OpenCode (1.18.34 and 2.0.15) adds."""
    return environ.get("OPENCODE_MODELS_URL") or USUAL_ADDRESS


def name_for_address(stem: str, suffix: str, environ: Mapping[str, str]) -> str:
    """A file's name for the list: `models.json`, or with the SHA-1 of the address if that is not the usual one."""
    address = list_address(environ)
    if address == USUAL_ADDRESS:
        return f"{stem}{suffix}"
    from hashlib import sha1

    digest = sha1(address.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
    return f"{stem}-{digest}{suffix}"


class ModelsCache:
    """The list, read at the first lookup; a missing or broken file has no models."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._problem = ""
        self._broken: dict[str, None] = {}
        """Names of the providers and models whose entries cannot be read."""
        self._mark = file_mark(path)
        self._data: Mapping[str, object] | None = None
        self._models: dict[str, dict[str, Mapping[str, object]]] = {}

    def rates(self, provider: str, model: str) -> Rates | None:
        entry = self.models(provider).get(model, {})
        cost = entry.get("cost")
        if not isinstance(cost, dict) or "input" not in cost or "output" not in cost:
            return None
        try:
            return models_dev.rates_from(cost, CACHE_SOURCE, models_dev.limit(entry.get("limit")))
        except ValueError:
            self._broken[f"{provider}/{model}"] = None
            return None

    def context(self, provider: str, model: str) -> int | None:
        return models_dev.limit(self.models(provider).get(model, {}).get("limit"))

    def check(self) -> None:
        """Reads the whole list, so that `problems` names every broken entry, not only those looked up."""
        self._load()

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence if the file, or an entry in it, cannot be used."""
        if self._problem or not self._broken:
            return (self._problem,) if self._problem else ()
        names = first_few([shown_path(name) for name in self._broken])
        return (f"OpenCode's price list {shown_path(self.path)} has entries that cannot be read: {names}.",)

    def models(self, provider: str) -> dict[str, Mapping[str, object]]:
        """The provider's entries by model name; modes are entries of their own."""
        if provider not in self._models:
            entry = models_dev.json_table_of(self._load().get(provider))
            self._models[provider] = models_dev.with_modes(models_dev.json_table_of(entry.get("models")))
        return self._models[provider]

    def all_models(self) -> list[tuple[str, str]]:
        """(provider, model) of each entry, modes among them."""
        return [(provider, model) for provider in self._load() for model in self.models(provider)]

    @property
    def downloaded_ms(self) -> int:
        """When the file was written, in Unix milliseconds; -1 if there is none."""
        return self._mark[0] // 1_000_000 if self._mark else -1

    def changed(self) -> bool:
        """Returns whether the file changed since it was read."""
        return file_mark(self.path) != self._mark

    def _load(self) -> Mapping[str, object]:
        if self._data is None:
            self._mark = file_mark(self.path)
            self._data = self._read()
            self._broken.update(dict.fromkeys(_broken_entries(self._data)))
        return self._data

    def _read(self) -> Mapping[str, object]:
        try:
            text = read_text(self.path)
            data: object = {} if text is None else jsonc.plain_loads(text)
            if not isinstance(data, dict):
                raise ValueError("it holds no JSON object")
        except (OSError, ValueError) as error:
            self._problem = f"OpenCode's price list {shown_path(self.path)} cannot be used: {reason(error)}."
            return {}
        return data


def _broken_entries(data: Mapping[str, object]) -> Iterator[str]:
    """Names of providers and models that are malformed or have an unreadable price."""
    for provider, value in data.items():
        models = value.get("models", {}) if isinstance(value, dict) else None
        if not isinstance(models, dict):
            yield provider
            continue
        for name, model in models.items():
            cost = model.get("cost") if isinstance(model, dict) else False
            if not (cost is None or (isinstance(cost, dict) and _readable(cost))):
                yield f"{provider}/{name}"


def _readable(cost: Mapping[str, object]) -> bool:
    # Thousands of prices are checked each time the list is read, so ordinary ones are accepted without parsing.
    if not any(key in cost for key in models_dev.TIERS) and all(map(_ordinary, map(cost.get, models_dev.PARTS))):
        return True
    try:
        models_dev.rates_from(cost, CACHE_SOURCE, None)
    except ValueError:
        return False
    return True


def _ordinary(price: object) -> bool:
    return price is None or (type(price) in (int, float) and 0 <= cast("float", price) <= 1_000_000)
