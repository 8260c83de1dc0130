"""The user's config.toml as the dashboard changes it."""

from __future__ import annotations

import argparse
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from opencode_tui.cli.common import Trouble, config_of, settings_for
from opencode_tui.config.editing import with_values
from opencode_tui.config.errors import SettingKey, SettingsError
from opencode_tui.config.settings import Settings
from opencode_tui.guard.files import PRIVATE, put_in_place
from opencode_tui.paths import VARIABLE_PREFIX, stat_key, tilde

_WRITABLE = 0o222
_HEADER = "# Settings of opencode_tui; what is not here has its default.\n"


class SettingsFile:
    """Writes values into the file that this command line names, and reads the settings again."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._stamp = stat_key(config_of(self._arguments))

    @property
    def path(self) -> Path:
        """The file, which need not exist. A link is followed, so that it stays one."""
        return config_of(self._arguments).resolve()

    @property
    def name(self) -> str:
        return tilde(config_of(self._arguments))

    def overridden_by(self, key: SettingKey) -> str:
        """The environment variable that overrides this key of the file; empty if none does."""
        name = VARIABLE_PREFIX + "__".join(key).upper()
        return name if os.environ.get(name) else ""

    def reread(self) -> Settings | None:
        """The settings if the file was changed since they were last read, else None.

        Costs microseconds if it was not. Raises ValueError with a sentence once for each change that is refused.
        """
        stamp = stat_key(config_of(self._arguments))
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            return settings_for(self._arguments)
        except Trouble as trouble:
            raise ValueError(str(trouble)) from None

    def save(self, changes: Mapping[SettingKey, Decimal | str]) -> Settings:
        """Write these values and return the settings from now on.

        If they are refused, the file stays as it was. Raises ValueError with a sentence.
        """
        return self.rewrite(lambda text: with_values(text, changes), changes)

    def rewrite(self, change: Callable[[str], str], keys: Iterable[SettingKey] = ()) -> Settings:
        """The same for any change of the file's text, which may raise SettingsError; `keys` are those it sets."""
        file = self.path
        try:
            before: str | None = file.read_bytes().decode("utf-8-sig")
            mode = stat.S_IMODE(file.stat().st_mode)
            if not mode & _WRITABLE:
                raise ValueError(f"{self.name} is read-only; make it writable, or change it where it comes from")
        except FileNotFoundError:
            before, mode = None, PRIVATE
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{self.name} cannot be read ({error})") from None
        try:
            text = _with_line_ends(change, _HEADER if before is None else before)
        except SettingsError as error:
            raise ValueError(f"{self.name}: {error}") from None
        self._write(file, text, mode)
        try:
            saved = settings_for(self._arguments)
            self._refuse_lacking(saved, keys)
        except (Trouble, ValueError) as trouble:
            if before is None:
                file.unlink()
            else:
                self._write(file, before, mode)
            raise ValueError(str(trouble)) from None
        self._stamp = stat_key(config_of(self._arguments))
        return saved

    def _refuse_lacking(self, settings: Settings, changes: Iterable[SettingKey]) -> None:
        """Raises ValueError if a channel that these changes turn on cannot deliver."""
        from opencode_tui.alerts.channels import lacking

        if reason := lacking(settings, os.environ, [key[-1] for key in changes if key[0] == "channels"]):
            raise ValueError(f"{reason} ({self.name})")

    def _write(self, file: Path, text: str, mode: int) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(file, text, mode)
        except OSError as error:
            raise ValueError(f"{self.name} cannot be written ({error.strerror}); make its directory writable") from None


def _with_line_ends(change: Callable[[str], str], text: str) -> str:
    """The changed text; one whose lines all end with CR LF keeps these ends."""
    if "\r\n" in text and text.count("\r\n") == text.count("\n"):
        return change(text.replace("\r\n", "\n")).replace("\n", "\r\n")
    return change(text)
