"""The footer: the screens, the palette and the help, then the screen's own keys as far as whole hints fit.

While there are toasts it has these instead, and takes as many lines as they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import Struct
from textual import events
from textual.content import Content
from textual.screen import ActiveBinding  # type: ignore[attr-defined]
from textual.widget import Widget

from opencode_tui.ui.toasts import Toast, ToastingApp, toast_lines, toast_style
from opencode_tui.ui.widgets.blocks import width_of

GENERAL = {"tab.": 1, "palette": 2, "help": 0}
"""The beginnings of the ids of the keys that come first, in this order. Those of the highest rank are dropped first."""
_SCREEN_RANK = GENERAL["tab."]
HIGHEST_SHARE = 4
"""Toasts take at most this part of the screen's height: a fourth."""
OWN_RANK = 3
"""The rank of a screen's own keys, which are dropped before all others."""
GAPS = (2, 1)
"""The cells between two hints; the second only where it leaves room for one more of the keys that come first."""


class HintKey(Struct, frozen=True):
    """A key of a hint: Textual's name for it, and what is shown."""

    key: str
    text: str
    tooltip: str
    enabled: bool


class Hint(Struct, frozen=True):
    """Keys, and what they do in a word."""

    keys: tuple[HintKey, ...]
    name: str
    rank: int
    is_current: bool = False
    """Whether its key leads to the screen that one is on."""

    @property
    def width(self) -> int:
        return sum(width_of(key.text) + 1 for key in self.keys) + width_of(self.name)


def fitting_hints(hints: Sequence[Hint], width: int) -> list[tuple[int, Hint]]:
    """(left cell, hint) of those that fit in `width` cells. A hint is shown whole or not at all.

    If the screens do not fit one by one, their keys stand together: `1 2 3 Screens`.
    """
    placed = _placed(hints, width)
    screens = [hint for hint in hints if hint.rank == _SCREEN_RANK]
    if len(screens) < 2 or all(any(hint is screen for _, hint in placed) for screen in screens):
        return placed
    together = Hint(tuple(key for screen in screens for key in screen.keys), "Screens", _SCREEN_RANK)
    first = hints.index(screens[0])
    return _placed([*hints[:first], together, *(hint for hint in hints[first:] if hint not in screens)], width)


def _placed(hints: Sequence[Hint], width: int) -> list[tuple[int, Hint]]:
    gap, kept = max(((gap, _kept(hints, width, gap)) for gap in GAPS), key=lambda choice: _general(choice[1]))
    placed, left = [], 0
    for hint in hints:
        if hint in kept:
            placed.append((left, hint))
            left += hint.width + gap
    return placed


def _kept(hints: Sequence[Hint], width: int, gap: int) -> list[Hint]:
    kept, room = [], width + gap
    for hint in sorted(hints, key=lambda hint: hint.rank):
        room -= hint.width + gap
        if room < 0:
            break
        kept.append(hint)
    return kept


def _general(hints: Iterable[Hint]) -> int:
    return sum(hint.rank < OWN_RANK for hint in hints)


class KeyFooter(Widget):
    """Redrawn only when its keys change, although the bindings are read again with each change of focus or data."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyFooter {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $footer-background;
        text-wrap: nowrap;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[Hint, ...] = ()
        self._toasts: list[tuple[Toast, str]] = []
        """Its lines while there are toasts."""

    @property
    def shown(self) -> list[Hint]:
        """The hints that there is room for."""
        return [hint for _, hint in fitting_hints(self._hints, self.size.width)]

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.call_after_refresh(self._read))
        self.watch(self.app, "toasts", self._show_toasts)

    def on_resize(self) -> None:
        self._show_toasts()

    def _show_toasts(self) -> None:
        width = self.size.width or self.app.size.width - 2
        toasts = self.app.toasts if isinstance(self.app, ToastingApp) else ()
        shown = toast_lines(toasts, width, max(self.app.size.height // HIGHEST_SHARE, 1))
        if shown != self._toasts:
            self._toasts = shown
            self.styles.height = max(len(shown), 1)
            self.set_class(bool(shown), "-toasts")
            self.refresh()

    def _read(self) -> None:
        if self.is_attached and self.screen is self.app.screen:
            hints = tuple(self._made(self.screen.active_bindings.values()))
            if hints != self._hints:
                self._hints = hints
                self.refresh()

    def _made(self, active: Iterable[ActiveBinding]) -> list[Hint]:
        shown: dict[str, ActiveBinding] = {}
        for each in active:
            if each.binding.show:
                shown.setdefault(each.binding.action, each)
        found: list[tuple[int, Hint]] = []
        for group, members in groupby(shown.values(), lambda each: each.binding.group):
            bindings = list(members)
            if group is not None and group.compact and len(bindings) > 1 and _place(bindings[0]) == len(GENERAL):
                found.append((len(GENERAL), self._hint(bindings, group.description)))
            else:
                found += [(_place(each), self._hint([each], each.binding.description)) for each in bindings]
        return [hint for _, hint in sorted(found, key=lambda each: each[0])]

    def _hint(self, bindings: Sequence[ActiveBinding], name: str) -> Hint:
        keys = tuple(
            HintKey(
                each.binding.key,
                self.app.get_key_display(each.binding),
                each.tooltip or each.binding.description,
                each.enabled,
            )
            for each in bindings
        )
        rank = [*GENERAL.values(), OWN_RANK][_place(bindings[0])]
        is_current = bindings[0].binding.action == f"show_tab('{getattr(self.screen, 'tab', '')}')"
        return Hint(keys, name, rank, is_current)

    def render(self) -> Content:
        if self._toasts:
            return Content("\n").join(Content.styled(line, toast_style(toast)) for toast, line in self._toasts)
        drawn, right = Content(""), 0
        for left, hint in fitting_hints(self._hints, self.size.width):
            pieces = [(f"{key.text} ", _style(key)) for key in hint.keys]
            name = (hint.name, f"$footer-description-foreground{' underline' if hint.is_current else ''}")
            drawn = Content.assemble(drawn, " " * (left - right), *pieces, name)
            right = left + hint.width
        return drawn

    def on_mouse_move(self, event: events.MouseMove) -> None:
        key = self._key_at(event)
        self.tooltip = key.tooltip if key is not None else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self._toasts:
            self._end_toast(event)
            return
        key = self._key_at(event)
        if key is not None and key.enabled:
            self.app.simulate_key(key.key)
        elif key is not None:
            self.app.bell()

    def _end_toast(self, event: events.MouseEvent) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._toasts) and isinstance(self.app, ToastingApp):
            self.app.end_toast(self._toasts[offset.y][0])

    def _key_at(self, event: events.MouseEvent) -> HintKey | None:
        """The key below the mouse; on a hint's name its first key."""
        offset = None if self._toasts else event.get_content_offset(self)
        for left, hint in fitting_hints(self._hints, self.size.width):
            if offset is None or not left <= offset.x < left + hint.width:
                continue
            for key in hint.keys:
                if left <= offset.x <= left + width_of(key.text):
                    return key
                left += width_of(key.text) + 1
            return hint.keys[0]
        return None


def _place(active: ActiveBinding) -> int:
    """Where the binding stands among those that come first; after them for a screen's own."""
    id = active.binding.id or ""
    return next((place for place, begin in enumerate(GENERAL) if id.startswith(begin)), len(GENERAL))


def _style(key: HintKey) -> str:
    return "$footer-key-foreground bold" if key.enabled else "$text-muted"
