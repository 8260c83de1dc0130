"""Reads to which providers OpenCode is signed in: the environment, `auth.json`, and the database of OpenCode 2.

Only kinds and names leave this module, but for a key or a cookie as a Secret.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from opencode_tui import paths
from opencode_tui.accounts.auth_files import AUTH_FILE, auth_files
from opencode_tui.accounts.secret import Secret
from opencode_tui.accounts.stored import DATABASE, StoredEntry, stored_entries
from opencode_tui.records.accounts import SignIn
from opencode_tui.records.privacy.harmless import one_line

_MOST_LINE = 16_384
_MOST_PROVIDERS = 500
ZEN, GO = "opencode", "opencode-go"
_VARIABLES = {
    ZEN: ("OPENCODE_API_KEY", "ZEN_API_KEY"),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "google": ("GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY"),
    "openrouter": ("OPENROUTER_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "moonshotai": ("MOONSHOT_API_KEY",),
    "xai": ("XAI_API_KEY",),
    "zai": ("ZHIPU_API_KEY",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "togetherai": ("TOGETHER_API_KEY",),
    "github-models": ("GITHUB_TOKEN",),
    "amazon-bedrock": ("AWS_BEARER_TOKEN_BEDROCK",),
}
"""The variables in which OpenCode finds a provider's key, the first that is set before the others."""
_KINDS = {"api": "key", "wellknown": "well-known"}
_PLANS = {
    (GO, "key"): "OpenCode Go",
    (ZEN, "key"): "OpenCode Zen",
    ("anthropic", "oauth"): "a Claude plan",
    ("openai", "oauth"): "a ChatGPT plan",
    ("github-copilot", "oauth"): "GitHub Copilot",
}


class FoundKey(Struct, frozen=True):
    secret: Secret
    source: str
    """Where it is from, without anything of it: a variable's name, or the file with its time."""


class SignInSource:
    """Looks at the environment and at OpenCode's data directories again at each request."""

    def __init__(self, environ: Mapping[str, str], directories: Sequence[Path]) -> None:
        self._environ, self._directories = environ, directories

    def sign_ins(self) -> tuple[tuple[SignIn, ...], tuple[str, ...]]:
        """(every sign-in by provider, a sentence for each `auth.json` that cannot be read or is not private).

        Those of the environment come before those that are stored, as they do for OpenCode. One that OpenCode 2 has
        copied from `auth.json` is listed once.
        """
        found = [
            SignIn(provider, "key", name, _PLANS.get((provider, "key"), ""))
            for provider, names in _VARIABLES.items()
            for name in names
            if self._variable(name)
        ]
        files = auth_files(self._directories)
        for _, entries in files.entries:
            found += [_sign_in(provider, entry, AUTH_FILE) for provider, entry in _first(entries)]
        known = {(each.provider, each.kind) for each in found if each.source == AUTH_FILE}
        stored = [_sign_in(each.provider, each.entry, DATABASE) for each in self._stored()]
        found += [each for each in stored if (each.provider, each.kind) not in known]
        return tuple(dict.fromkeys(sorted(found, key=lambda each: each.provider))), files.problems

    def key_for(self, provider: str) -> FoundKey | None:
        """The key of Zen or Go; None if there is none.

        It is OPENCODE_API_KEY, else ZEN_API_KEY, else the provider's that was stored last, else the other's.
        """
        for name in _VARIABLES[ZEN]:
            if text := self._variable(name):
                return FoundKey(Secret(text), name)
        files, stored = auth_files(self._directories), tuple(self._stored())
        for wanted in (provider, GO if provider == ZEN else ZEN):
            found = [
                (each.updated_ms, FoundKey(Secret(key), f"{DATABASE} {wanted} {each.updated_ms}"))
                for each in stored
                if each.provider == wanted and (key := _key_in(each.entry))
            ][:1]
            for file, entries in files.entries:
                if key := _key_in(entries.get(wanted)):
                    known = paths.stat_key(file) or (0, 0, 0)
                    found.append((known[1] // 1_000_000, FoundKey(Secret(key), f"{AUTH_FILE} {wanted} {known}")))
            if found:
                return max(found, key=lambda each: each[0])[1]
        return None

    def cookie(self, file: Path | None) -> FoundKey | None:
        """The console's cookie from a file, else from the environment; None if there is none that can be read."""
        if file is None:
            text, source = self._variable(paths.COOKIE_VARIABLE), paths.COOKIE_VARIABLE
        else:
            text, source = _first_line(file), f"console_cookie_file {paths.stat_key(file)}"
        if not text:
            return None
        return FoundKey(Secret(text if "=" in text else f"auth={text}"), source)

    def _stored(self) -> Iterator[StoredEntry]:
        return stored_entries(self._directories, self._environ)

    def _variable(self, name: str) -> str:
        return self._environ.get(name, "").strip()


def _first(entries: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(entries.items())[:_MOST_PROVIDERS]


def _key_in(entry: object) -> str:
    """The key of an entry; empty if it has none."""
    is_key = isinstance(entry, dict) and entry.get("type") in ("api", "key")
    key = entry.get("key") if isinstance(entry, dict) and is_key else None
    return key.strip() if isinstance(key, str) else ""


def _sign_in(provider: str, entry: object, source: str) -> SignIn:
    kind_text = entry.get("type") if isinstance(entry, dict) else None
    kind = _KINDS.get(kind_text, one_line(kind_text, 20)) if isinstance(kind_text, str) and kind_text else "unknown"
    name = one_line(provider, 60)
    return SignIn(name, kind, source, _PLANS.get((name, kind), ""), _expiry(entry))


def _first_line(file: Path) -> str:
    """The first line of a small file; empty if it cannot be read."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return ""
        with file.open("rb") as opened:
            return opened.read(_MOST_LINE).decode("utf-8").strip().partition("\n")[0].strip()
    except (OSError, ValueError):
        return ""


def _expiry(entry: object) -> int | None:
    """When an OAuth token expires, in Unix milliseconds, if that is a plausible time."""
    expires_ms = entry.get("expires") if isinstance(entry, dict) else None
    is_time = (
        isinstance(expires_ms, int) and not isinstance(expires_ms, bool) and 10**12 <= expires_ms < 253_370_764_800_000
    )
    return expires_ms if is_time else None
