"""The command palette: it finds commands by what was typed, at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import events
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.command import Command, CommandInput, CommandList, CommandPalette, Hit
from textual.content import Content
from textual.fuzzy import Matcher
from textual.style import Style
from textual.widgets.option_list import Option

from opencode_tui.ui.leaving import Leaving

_WHOLE, _BEGINNING, _WORDS, _WITHIN, _HELP = 5e4, 4e4, 3e4, 2e4, 1e4
"""The scores of a match, far above those of scattered letters."""


def match_score(typed: str, title: str, help: str, matcher: Matcher) -> float:
    """How well a command matches what was typed: higher is better, 0 is not at all.

    Its name comes before its help text, and the beginning of the name or of its words before scattered letters.
    """
    typed, name = typed.casefold(), title.casefold()
    if name == typed:
        return _WHOLE
    if name.startswith(typed):
        return _BEGINNING
    if begins_words(typed, name):
        return _WORDS
    if typed in name:
        return _WITHIN
    if begins_words(typed, help.casefold()):
        return _HELP
    return matcher.match(title)


def begins_words(typed: str, text: str) -> bool:
    """Whether each typed word is the beginning of a word of the text."""
    words = text.split()
    return all(any(word.startswith(part) for word in words) for part in typed.split())


class Palette(Leaving, CommandPalette):
    """Textual's command palette over a list of commands, in their order until something is typed.

    Textual's own searches in the background, so that `enter` right after a word ran whatever came first in the list.
    """

    def __init__(self, commands: Iterable[SystemCommand], placeholder: str = "Search for commands…") -> None:
        super().__init__(providers=(), placeholder=placeholder)
        self.add_class("-ready", update=False)  # the list is there with the palette
        self._commands = tuple(commands)
        self._early = 0

    def on_key(self, event: events.Key) -> None:
        """Put what was typed before the input had the focus, so many letters by now, before what was typed since."""
        if event.is_printable and event.character:
            event.stop()
            self.query_one(CommandInput).insert(event.character, self._early)
            self._early += 1

    def _gather_commands(self, search_value: str) -> None:  # type: ignore[override]
        commands = self.query_one(CommandList)
        hits = self._found(search_value)
        self._refresh_command_list(commands, [Command(self._prompt(hit), hit) for hit in hits], clear_current=True)
        if not hits:
            commands.add_option(Option(Content("No command matches"), disabled=True, id=self._NO_MATCHES))
            self._list_visible = True

    def _found(self, typed: str) -> list[Hit]:
        matcher = Matcher(typed, match_style=self.get_visual_style("command-palette--highlight", partial=True))
        hits = []
        for title, help, callback, _ in self._commands:
            score = match_score(typed, title, help, matcher) if typed else 1
            if score > 0:
                shown = matcher.highlight(title) if typed else Content(title)
                hits.append(Hit(score, shown, callback, text=title, help=help))
        return hits

    def _prompt(self, hit: Hit) -> Content:
        assert isinstance(hit.match_display, Content)
        style = Style.from_styles(self.get_component_styles("command-palette--help-text"))
        help = [Content(hit.help).stylize_before(style)] if hit.help else []
        return Content("\n").join([hit.match_display, *help])

    def dismiss(self, result: Any = None) -> AwaitComplete:
        # a second closing key right after the first would close the screen below
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        # paging a list that is still hidden would fail, since it has no lines
        if self._list_visible:
            super()._action_command_list(action)
