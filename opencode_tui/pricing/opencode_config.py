"""Prices that the user set in OpenCode's own configuration: `provider.<id>.models.<id>.cost`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from opencode_tui.pricing import jsonc, models_dev
from opencode_tui.pricing.files import mark, read_text, reason, xdg
from opencode_tui.pricing.rates import Rates

SOURCE = "opencode.json"
NAMES = ("opencode.json", "opencode.jsonc")
INLINE = "OPENCODE_CONFIG_CONTENT"
PARTS = ("input", "output", "cache_read", "cache_write")


def default_paths(environ: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """The files that OpenCode reads wherever it is started, in its order: a later one wins."""
    base = xdg(environ, "XDG_CONFIG_HOME", home / ".config")
    paths = [base / "config.json", *(base / name for name in NAMES)]
    if given := environ.get("OPENCODE_CONFIG"):
        paths.append(Path(given))
    paths += [home / ".opencode" / name for name in NAMES]
    if folder := environ.get("OPENCODE_CONFIG_DIR"):
        paths += [Path(folder) / name for name in NAMES]
    return tuple(paths)


@dataclass(slots=True)
class ConfigModel:
    """What the configuration says of one model, all files together."""

    base: str
    """The model of the same provider whose price counts where this one names none: its `id`, or its key."""
    cost: dict[str, object] = field(default_factory=dict)
    context: int | None = None

    def rates(self, base: Rates | None) -> Rates | None:
        """The price: each of its four parts from here, else from the base's, else 0, as in OpenCode.

        Where the configuration sets no price, or a broken one, it is the base's. Tiers are of whoever set it.
        """
        missing = [part for part in PARTS if self.cost.get(part) is None]
        context = self.context or (base.context if base else None)
        try:
            mine = models_dev.rates(self.cost, SOURCE, context) if len(missing) < len(PARTS) else None
        except ValueError:
            mine = None
        if mine is None:
            return replace(base, context=context) if base else None
        return replace(mine, **{part: getattr(base, part) for part in missing}) if base else mine


class OpenCodeConfig:
    """The configuration's models, read at the first question; what is broken is skipped and named."""

    def __init__(self, paths: tuple[Path, ...], inline: str = "") -> None:
        self.paths = paths
        self.problem = ""
        """One sentence on the last part that is there and cannot be used."""
        self._inline = inline
        self._marks = tuple(mark(path) for path in paths)
        self._models: dict[tuple[str, str], ConfigModel] | None = None

    def model(self, provider: str, model: str) -> ConfigModel | None:
        if self._models is None:
            self._marks = tuple(mark(path) for path in self.paths)
            self._models = self._read()
        return self._models.get((provider, model))

    def changed(self) -> bool:
        """One of the files is not what it was when they were read."""
        return tuple(mark(path) for path in self.paths) != self._marks

    def again(self) -> OpenCodeConfig:
        """The same files, to be read anew."""
        return OpenCodeConfig(self.paths, self._inline)

    def _read(self) -> dict[tuple[str, str], ConfigModel]:
        found: dict[tuple[str, str], ConfigModel] = {}
        for where in (*self.paths, INLINE):
            try:
                text = read_text(where) if isinstance(where, Path) else self._inline
                data = jsonc.loads(text) if text and text.strip() else {}
                if not isinstance(data, dict):
                    raise ValueError("it holds no JSON object")
            except (OSError, ValueError) as error:
                self.problem = f"OpenCode's configuration {where} cannot be used for prices: {reason(error)}."
            else:
                _merge(found, data)
        return found


def _merge(found: dict[tuple[str, str], ConfigModel], data: Mapping[str, object]) -> None:
    for provider, entry in models_dev.table(data.get("provider")).items():
        for name, value in models_dev.table(models_dev.table(entry).get("models")).items():
            model = models_dev.table(value)
            known = found.setdefault((provider, name), ConfigModel(base=name))
            base = model.get("id")
            known.base = base if isinstance(base, str) and base else known.base
            known.cost.update(models_dev.table(model.get("cost")))
            known.context = models_dev.limit(model.get("limit")) or known.context
