"""The dialog that changes the common settings in the user's config.toml, and says where the others are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar, Protocol

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Select, Static

from opencode_tui.alerts.channels import CHANNELS
from opencode_tui.config.settings import Settings
from opencode_tui.money import format_usd, typed_usd
from opencode_tui.records.alerts import LEVELS
from opencode_tui.ui.leaving import LeavingScreen

SettingPath = tuple[str, ...]
OWN_THEME = "default"
"""The choice of the app's own theme, in a word that a narrow pane has room for."""


class SettingsStore(Protocol):
    """The file that the dialog writes."""

    @property
    def name(self) -> str:
        """Its path as text."""

    def overridden_by(self, key: SettingPath) -> str:
        """The environment variable that overrides a key of the file; empty if none does."""

    def reread(self) -> Settings | None:
        """The settings if the file was changed since they were last read. Raises ValueError with a sentence."""

    def save(self, changes: Mapping[SettingPath, Decimal | str]) -> Settings:
        """Write values, and return the settings from now on. Raises ValueError with a sentence."""


class Field(Struct, frozen=True):
    """One setting: its key in the file, its label, its text now, and the choices of one that has them."""

    key: SettingPath
    label: str
    text: str
    choices: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return "-".join(self.key)


def dialog_fields(settings: Settings, themes: tuple[str, ...]) -> Iterator[Field]:
    """The settings of the dialog with their values."""
    budget, channels = settings.budget, settings.channels
    yield Field(("budget", "warning_usd"), "Warning, $ a day", _amount(budget.warning_nano))
    yield Field(("budget", "cutoff_usd"), "Cutoff, $ a day", _amount(budget.cutoff_nano))
    yield Field(("budget", "week_target_usd"), "Week's target, $", _amount(budget.week_target_nano))
    yield Field(("poll", "interval_s"), "Poll interval, s", f"{settings.poll.interval_s:g}")
    theme = settings.ui.theme or OWN_THEME
    yield Field(("ui", "theme"), "Theme", theme, tuple(dict.fromkeys((OWN_THEME, *themes, theme))))
    levels = (*LEVELS, "off")
    yield Field(("channels", "toast"), "Toasts from", channels.toast, levels)
    yield Field(("channels", "bell"), "Bell from", channels.bell, levels)
    for channel in CHANNELS:
        yield Field(
            ("channels", channel.level.name), f"{channel.name.capitalize()} from", channel.level.of(channels), levels
        )


def _amount(nano: int) -> str:
    return format_usd(nano).removeprefix("$").replace(",", "")


def value_of(field: Field, text: str) -> Decimal | str:
    """The value to write. Raises ValueError with a sentence."""
    if field.choices:
        return "" if text == OWN_THEME else text
    try:
        return typed_usd(text)
    except ValueError:
        raise ValueError(f"{field.label}: “{text.strip()}” is not a number; write one such as {field.text}.") from None


class SettingsScreen(LeavingScreen, ModalScreen[Settings | None]):
    """Its result is the settings after the change, or None if nothing was written."""

    DEFAULT_CSS = """
    SettingsScreen {
        align: center middle;
        #settings {
            width: 60;
        }
        Horizontal { height: 1; }
        .label { width: 18; text-wrap: nowrap; text-overflow: ellipsis; }
        Horizontal:focus-within .label { text-style: bold underline; }
        Input, Select { width: 1fr; }
        Static { height: auto; }
        .note { color: $text-muted; }
        #wrong { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before a field gets the next letters, which a slow terminal sends together with tab.
        Binding("tab", "app.focus_next", "Next field", id="settings.next", priority=True),
        Binding("shift+tab", "app.focus_previous", "Field before", id="settings.before", priority=True),
        Binding("ctrl+s", "save", "Save", tooltip="Write the settings", id="settings.save"),
        Binding("escape", "cancel", "Close", id="settings.close"),
    ]

    def __init__(self, settings: Settings, store: SettingsStore, themes: tuple[str, ...], own_theme: str) -> None:
        """`own_theme` is the one that is used where the settings name none."""
        super().__init__()
        self._store, self._own_theme = store, own_theme
        self._theme_before = ""
        self._fields = tuple(dialog_fields(settings, themes))

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="settings", classes="dialog", can_focus=False) as box:
            box.border_title = "Settings"
            box.border_subtitle = "ctrl+s saves · esc leaves"
            for field in self._fields:
                with Horizontal():
                    yield Static(field.label, classes="label", markup=False)
                    yield self._control(field)
                if variable := self._store.overridden_by(field.key):
                    yield Static(f"set by {variable}", classes="note", markup=False)
            yield Static("", markup=False, id="wrong")
            yield Static(f"All settings: {self._store.name}", classes="note", markup=False)

    def _control(self, field: Field) -> Input | Select[str]:
        off = bool(self._store.overridden_by(field.key))
        if not field.choices:
            return Input(field.text, compact=True, id=field.id, disabled=off, select_on_focus=True)
        options = [(choice, choice) for choice in field.choices]
        return Select(options, value=field.text, allow_blank=False, compact=True, id=field.id, disabled=off)

    def focus_first(self) -> None:
        """Focus the first field that can be changed."""
        first = next(iter(self.focus_chain), None)
        if first is not None:
            self.set_focus(first)

    def on_mount(self) -> None:
        self._theme_before = self.app.theme

    @on(Select.Changed, "#ui-theme")
    def preview_theme(self, message: Select.Changed) -> None:
        chosen = str(message.value)
        if any(field.id == message.select.id and field.text != chosen for field in self._fields):
            self.app.theme = self._own_theme if chosen == OWN_THEME else chosen
        else:
            self.app.theme = self._theme_before

    def action_cancel(self) -> None:
        self.app.theme = self._theme_before
        self.dismiss(None)

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Write what was changed; what is wrong is said, and the dialog stays."""
        try:
            changes = dict(self._changes())
            self.dismiss(self._store.save(changes) if changes else None)
        except ValueError as error:
            wrong = self.query_one("#wrong", Static)
            wrong.update(str(error))
            self.call_after_refresh(wrong.scroll_visible, animate=False)

    def _changes(self) -> Iterator[tuple[SettingPath, Decimal | str]]:
        for field in self._fields:
            control = self.query_one(f"#{field.id}")
            text = str(control.value) if isinstance(control, Input | Select) else field.text
            if text != field.text and not control.disabled:
                yield field.key, value_of(field, text)
