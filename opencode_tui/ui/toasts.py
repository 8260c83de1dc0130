"""Toasts: short notices, which the footer shows in place of its hints, so that they cover nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Literal

from msgspec import Struct
from textual.content import Content
from textual.reactive import var

from opencode_tui.ui.keys_in_order import KeysInOrder
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, in_lines, wrapped

Severity = Literal["information", "warning", "error"]

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "information": 2}
_STYLES: dict[Severity, str] = {
    "information": "$foreground",
    "warning": STYLES["warning"],
    "error": STYLES["cutoff"],
}


class Toast(Struct, frozen=True):
    text: str
    title: str = ""
    """A toast with a title has one line, which is cut where it is too long; others wrap."""
    severity: Severity = "information"


class ToastingApp(KeysInOrder):
    """Keeps the toasts until their time is over. Textual's own toasts would cover figures."""

    toasts: var[tuple[Toast, ...]] = var(())

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a toast, once if it is shown already. `timeout` is in seconds."""
        text = Content.from_markup(message).plain if markup else message
        toast = Toast(text, title, severity)
        self.toasts = (*(each for each in self.toasts if each != toast), toast)
        self.set_timer(self.NOTIFICATION_TIMEOUT if timeout is None else timeout, partial(self.end_toast, toast))

    def end_toast(self, toast: Toast) -> None:
        self.toasts = tuple(each for each in self.toasts if each is not toast)

    def clear_notifications(self) -> None:
        self.toasts = ()


def toast_lines(toasts: Iterable[Toast], width: int, most: int) -> list[tuple[Toast, str]]:
    """At most `most` lines of `width` cells, each with its toast: the gravest first, then the newest."""
    found: list[tuple[Toast, str]] = []
    for _, toast in sorted(enumerate(toasts), key=lambda each: (_ORDER[each[1].severity], -each[0])):
        room = most - len(found)
        if room > 0:
            found += [(toast, line) for line in _lines(toast, width, room)]
    return found


def _lines(toast: Toast, width: int, most: int) -> list[str]:
    if toast.title:
        return [cut(f"{toast.title}  {' '.join(toast.text.split())}", width).rstrip()]
    mark = "" if toast.severity == "information" else "▲ "
    lines = [line for part in (mark + toast.text).splitlines() for line in wrapped(part, width)]
    return lines if len(lines) <= most else in_lines((mark + " ".join(toast.text.split()),), width, most)


def toast_style(toast: Toast) -> str:
    """The Content style of a toast."""
    return _STYLES[toast.severity]
