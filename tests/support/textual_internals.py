"""Every private part of Textual, asyncio and threading that the tests use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType
from typing import Any

import pytest
from rich.segment import Segment
from textual._callback import _count_parameters as count_parameters
from textual._compositor import ChopsUpdate, Compositor
from textual._context import active_app
from textual.app import App, ScreenError
from textual.css.match import _check_selectors as check_selectors
from textual.css.model import RuleSet, Selector
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.events import MouseScrollDown
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input


def running_app() -> App[Any]:
    return active_app.get()


def screen_lines(app: App[Any]) -> list[str]:
    """The text on the screen, line by line."""
    return ["".join(segment.text for segment in strip) for strip in _composed(app)]


def _composed(app: App[Any]) -> list[Strip]:
    """All of the screen, as if it were drawn now."""
    _unseen.discard(id(app.screen))
    return app.screen._compositor.render_strips()


def has_messages(app: App[Any]) -> bool:
    """Whether messages wait for a running app to handle them."""
    return app.is_running and app._message_queue is not None and app._message_queue.qsize() > 0


def unhandled_exception(app: App[Any]) -> Exception | None:
    """The exception that ended the app."""
    return app._exception


def draw_pending(app: App[Any]) -> bool:
    """Draw at once what is scheduled for the next frame; returns whether anything was."""
    try:
        screen = app.screen
    except ScreenError:  # the app has ended
        return False
    if not screen._update_timer._active.is_set():
        return False
    screen._on_timer_update()
    return True


_refresh = Screen._compositor_refresh
_undrawn: set[int] = set()
"""The screens, by `id`, whose changed regions are still to be drawn."""
_unseen: set[int] = set()
"""Those of them that no test has looked at since they changed."""


def defer_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collect what changes on the current screen for `draw_deferred`: no terminal is there to see each step."""

    def later(self: Screen[Any]) -> None:
        if self is not self.app.screen:
            _refresh(self)
            return
        _undrawn.add(id(self))
        _unseen.add(id(self))
        self._dirty_widgets.clear()
        self.app._update_mouse_over(self)

    _undrawn.clear()
    _unseen.clear()
    monkeypatch.setattr(Screen, "_compositor_refresh", later)


def draw_deferred(app: App[Any]) -> bool:
    """Draw what was deferred on the current screen; returns whether anything was."""
    try:
        screen = app.screen
    except ScreenError:  # the app has ended
        return False
    if id(screen) not in _undrawn:
        return False
    _undrawn.remove(id(screen))
    _unseen.discard(id(screen))
    _refresh(screen)
    return True


def draw_unseen(app: App[Any]) -> None:
    """Draw what was deferred on the current screen, unless a test has looked at it since."""
    if app.is_running and id(app.screen) in _unseen:
        draw_deferred(app)


def watch_drawn_lines(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that gets the lines of the terminal that are written to from now on, as often as they are."""
    lines: list[int] = []
    update = Compositor.render_update

    def watched(self: Compositor, *args: Any, **how: Any) -> Any:
        found = update(self, *args, **how)
        if isinstance(found, ChopsUpdate):
            lines.extend(line for line, _, _ in found.spans)
        elif found is not None:
            lines.extend(range(self.size.height))
        return found

    monkeypatch.setattr(Compositor, "render_update", watched)
    return lines


async def scroll_down(pilot: Pilot[Any], widget: Widget, offset: tuple[int, int]) -> None:
    """Turn the mouse wheel one step over a widget."""
    await pilot._post_mouse_events([MouseScrollDown], widget, offset=offset, button=0)


Wait = Callable[[float, float], Awaitable[None]]
_press = Pilot.press


def replace_waiting(monkeypatch: pytest.MonkeyPatch, in_between: Wait, at_rest: Wait) -> None:
    """Wait by these in the place of Textual's: at the start and after each key; in a pause and after all keys."""

    async def wait_for_screen(self: Pilot[Any], timeout: float = 30.0) -> bool:  # Textual's asks each widget
        await in_between(0, timeout)
        return True

    async def press(self: Pilot[Any], *keys: str) -> None:
        await _press(self, *keys)
        await at_rest(0, 1)

    monkeypatch.setattr("textual.app.wait_for_idle", in_between)
    monkeypatch.setattr("textual.pilot.wait_for_idle", at_rest)
    monkeypatch.setattr(Pilot, "_wait_for_screen", wait_for_screen)
    monkeypatch.setattr(Pilot, "press", press)


def stop_cursor_blinking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)


def keep_parsed_styles(kept: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse each source once for all apps instead of once for each: rules are not changed once they are parsed."""
    parse = Stylesheet._parse_rules
    last: list[Any] = [None, None]  # variables, and their items: the same for all sources of a sheet

    def parsed(self: Stylesheet, *source: Any, **how: Any) -> list[RuleSet]:
        if self._variables is not last[0]:
            items = frozenset(self._variables.items())
            last[:] = self._variables, kept.setdefault(items, items)  # equal ones are one object: quick to compare
        key = (source, *how.values(), last[1])
        if key not in kept:
            kept[key] = parse(self, *source, **how)
        rules: list[RuleSet] = kept[key]
        return rules

    monkeypatch.setattr(Stylesheet, "_parse_rules", parsed)
    monkeypatch.setattr(RuleSet, "__hash__", object.__hash__)  # by identity as Textual's, without Python's own calls


def keep_maps_of_rules(kept: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Map selectors to rules once for all apps with the same rules, those that `keep_parsed_styles` keeps."""
    make: Any = Stylesheet.__dict__["rules_map"].fget

    def rules_map(self: Stylesheet) -> dict[str, list[RuleSet]]:
        if self._rules_map is None:
            key = tuple(self.rules)
            if key not in kept:
                kept[key] = make(self)
            self._rules_map = kept[key]
        return self._rules_map

    monkeypatch.setattr(Stylesheet, "rules_map", property(rules_map))


def count_parameters_by_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the parameters of plain functions without a signature: each app makes new ones for its bindings."""

    def count(function: Any) -> int:
        if type(function) is not FunctionType or "__wrapped__" in function.__dict__:
            return count_parameters(function)
        code = function.__code__
        rest = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
        return code.co_argcount + code.co_kwonlyargcount + rest

    monkeypatch.setattr("textual._callback._count_parameters", count)


def keep_strips_in_plain_dicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the many short-lived strips makes seven caches, whose limits only matter to a program that goes on."""

    def init(self: Any, segments: Iterable[Segment], cell_length: int | None = None) -> None:
        self._segments = list(segments)
        self._cell_length = cell_length
        self._divide_cache, self._crop_cache, self._style_cache, self._filter_cache = {}, {}, {}, {}
        self._line_length_cache, self._crop_extend_cache, self._offsets_cache = {}, {}, {}
        self._render_cache = self._link_ids = self._cell_count = None

    monkeypatch.setattr(Strip, "__init__", init)


def match_last_selector_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most rules fail at the node itself, which Textual looks at last, after all nodes above it."""

    def matches(selectors: list[Selector], nodes: list[DOMNode]) -> bool:
        return selectors[-1].check(nodes[-1]) and (len(selectors) == 1 or check_selectors(selectors, nodes))

    monkeypatch.setattr("textual.css.stylesheet._check_selectors", matches)


def remember_handlers(handlers: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Look once which bases of a class handle a type of message: most are handled by none, the others by one or two.

    So a test cannot give a class of the program or of Textual a handler where it had none.
    """
    find = MessagePump._get_dispatch_methods

    def handling(pump: type, name: str, message: type) -> list[tuple[type, str]] | None:
        """The bases with the names of their handlers; None where a decorator names messages, which Textual looks at."""
        found = []
        for base in pump.__mro__:
            own = base.__dict__
            if not (own.get("_decorated_handlers") or {}).keys().isdisjoint(message.__mro__):
                return None
            if known := next((each for each in (f"_{name}", name) if own.get(each)), None):
                if getattr(own[known], "_textual_on", None):
                    return None
                found.append((base, known))
        return found

    def in_order(pump: MessagePump, message: Message, known: list[tuple[type, str]]) -> Iterator[Any]:
        for base, name in known:
            if message._no_default_action:
                break
            yield base, base.__dict__[name].__get__(pump, base)

    def dispatch_methods(self: MessagePump, method_name: str, message: Message) -> Any:
        key = (type(self), method_name, type(message))
        if key not in handlers:
            handlers[key] = handling(*key)
        known = handlers[key]
        if known is None:
            return find(self, method_name, message)
        return in_order(self, message, known) if known else ()

    monkeypatch.setattr(MessagePump, "_get_dispatch_methods", dispatch_methods)


def has_ready_callbacks(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the event loop has anything to run that waits for no timer, file or thread."""
    ready: Any = loop._ready  # type: ignore[attr-defined]
    return bool(ready)


def is_awaited(event: threading.Event) -> bool:
    """Whether a thread waits for the event and nothing has set it."""
    condition: Any = event._cond  # type: ignore[attr-defined]
    return not event.is_set() and bool(condition._waiters)


def screen_segments(app: App[Any], region: Region | None = None) -> Iterator[Segment]:
    """The segments on the screen, or in a region of it."""
    strips = _composed(app)
    for strip in strips if region is None else strips[region.y : region.bottom]:
        yield from strip if region is None else strip.crop(region.x, region.right)
