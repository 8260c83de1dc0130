"""Parses one file of OpenCode's configuration: prices of models, MCP servers, and what cannot be read.

OpenCode 1 has prices under `provider.<id>.models.<id>.{id, cost, limit}`. OpenCode 2 also has them under
`providers.<id>.models.<id>.{modelID, cost, limit}`, where `cost` is one price or a list of prices, some of them for a
context tier; a provider there replaces the one of the same name under `provider`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from opencode_tui.pricing import jsonc, models_dev
from opencode_tui.pricing.files import Mark, first_few, reason, shown_path
from opencode_tui.pricing.list_table import PriceKey
from opencode_tui.pricing.mcp_servers import NO_SERVERS, Servers, servers_in
from opencode_tui.pricing.substitution import Substituted, substitute

_UNREADABLE: Mapping[str, object] = {"input": None}


class ModelEntry(Struct, frozen=True):
    """The entry for a model in one file."""

    id: str | None
    """The model whose price is used if this entry has none."""
    canonical: str | None
    """The provider of that model, if it is a different one (OpenCode 2)."""
    cost: Mapping[str, object]
    """In the format of `models_dev`; from OpenCode 2 it has all parts, so it replaces an earlier one completely."""
    context: int | None


class Document(Struct, frozen=True):
    models: Mapping[PriceKey, ModelEntry] = field(default_factory=dict)
    servers: Servers = NO_SERVERS
    problems: tuple[str, ...] = ()
    """Sentences about what cannot be used; they quote only names from the file, no values."""
    files: tuple[tuple[Path, Mark], ...] = ()
    """The included files, with their marks when they were read."""

    def current(self, mark: Callable[[Path], Mark]) -> bool:
        """Returns whether the included files are unchanged."""
        return all(mark(path) == seen for path, seen in self.files)


def parse_document(where: Path, text: str, folder: Path, environ: Mapping[str, str], home: Path) -> Document:
    """Parses a configuration; `where` is its path for messages, `folder` the base of its relative paths."""
    if not text.strip():
        return Document()
    found, name = substitute(text, folder, environ, home), shown_path(where)
    problems = [
        f"OpenCode's configuration {name} names a file that cannot be read: {file}." for file in found.unreadable
    ]
    try:
        data = _value(found, text, folder, environ, home)
        if not isinstance(data, dict):
            raise ValueError("it holds no JSON object")
    except ValueError as error:
        problems.append(f"OpenCode's configuration {name} cannot be used for prices: {reason(error)}.")
        return Document(problems=tuple(problems), files=found.files)
    models = dict(_models(data))
    if broken := [key for key, entry in models.items() if _broken(entry)]:
        problems.append(
            f"OpenCode's configuration {name} has prices that cannot be read: {_listed(broken, found, text)}."
        )
    return Document(models, servers_in(data), tuple(problems), found.files)


def _listed(broken: list[PriceKey], found: Substituted, text: str) -> str:
    """The models by name, unless the name came from a variable or file, and the unset variables that may explain it."""
    names = [shown_path("/".join(key)) if all(part in text for part in key) else "a model" for key in broken]
    unset = f" (not set here: {', '.join(map(shown_path, found.unset))})" if found.unset else ""
    return first_few(names) + unset


def _value(found: Substituted, text: str, folder: Path, environ: Mapping[str, str], home: Path) -> object:
    """The parsed value; if a missing variable or file makes it invalid, the value with null in its place."""
    try:
        return jsonc.jsonc_value(found.text)
    except ValueError:
        if not found.unset and not found.unreadable:
            raise
    return jsonc.jsonc_value(substitute(text, folder, environ, home, unquoted_nothing="null").text)


def _broken(entry: ModelEntry) -> bool:
    try:
        models_dev.rates_from(entry.cost, "", None)
    except ValueError:
        return True
    return any(part in entry.cost and entry.cost[part] is None for part in models_dev.PARTS)


def _models(data: Mapping[str, object]) -> Iterator[tuple[PriceKey, ModelEntry]]:
    new = models_dev.json_table_of(data.get("providers"))
    for provider, value in models_dev.json_table_of(data.get("provider")).items():
        if provider not in new:
            for name, model in models_dev.json_table_of(models_dev.json_table_of(value).get("models")).items():
                entry = models_dev.json_table_of(model)
                cost = entry.get("cost", {})
                known = models_dev.json_table_of(cost) if isinstance(cost, dict) else _UNREADABLE
                yield (provider, name), ModelEntry(_text(entry.get("id")), None, known, _context(entry))
    for provider, value in new.items():
        described = models_dev.json_table_of(value)
        for name, model in models_dev.json_table_of(described.get("models")).items():
            entry = models_dev.json_table_of(model)
            cost = _new_cost(entry["cost"]) if "cost" in entry else {}
            id, canonical = _text(entry.get("modelID")), _text(described.get("canonical"))
            yield (provider, name), ModelEntry(id, canonical, cost, _context(entry))


def _new_cost(value: object) -> Mapping[str, object]:
    """Converts OpenCode 2's price, or list of prices, to the format of `models_dev`."""
    listed = [models_dev.json_table_of(item) for item in (value if isinstance(value, list) else [value])]
    flat = next((item for item in listed if item.get("tier") is None), {"input": 0, "output": 0})
    tiers = [{**_new_four(item), "tier": item["tier"]} for item in listed if item.get("tier") is not None]
    return {**_new_four(flat), "tiers": tiers, "context_over_200k": None}


def _new_four(price: Mapping[str, object]) -> dict[str, object]:
    cache = models_dev.json_table_of(price.get("cache"))
    parts = (price.get("input"), price.get("output"), cache.get("read", 0), cache.get("write", 0))
    return dict(zip(models_dev.PARTS, parts, strict=True))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _context(entry: Mapping[str, object]) -> int | None:
    return models_dev.limit(entry.get("limit"))
