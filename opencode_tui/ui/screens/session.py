"""The screen of one session: its cost and causes, its subagents, its turns, and each call's arithmetic."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Static

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import SessionShipped
from opencode_tui.records.privacy.harmless import for_shell
from opencode_tui.records.requests import SessionRequest, ShippedRequest, TurnRequest
from opencode_tui.records.session import SessionView, TurnView
from opencode_tui.records.shipped import Shipped
from opencode_tui.report.session_facts import resume_command, shown_title
from opencode_tui.ui.screens.base import Ask, AskingScreen, OpenSession
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.copy_note import CopyNote
from opencode_tui.ui.widgets.crumb_header import CrumbHeader
from opencode_tui.ui.widgets.growth import Growth
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.session_head import SessionFactsPanel, SessionHead
from opencode_tui.ui.widgets.subagent_tree import SubagentsPanel, SubagentTree
from opencode_tui.ui.widgets.turn_detail import TurnDetail
from opencode_tui.ui.widgets.turns_panel import TurnsPanel

FOLLOW_S = 0.15
"""Seconds that the cursor rests on a turn before its calls are requested."""


class SessionScreen(AskingScreen):
    AUTO_FOCUS = ""
    CSS_PATH = "session.tcss"
    BINDING_GROUP_TITLE = "Session"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Close the opened turn, else this session", id="session.back"),
        Binding("C", "copy_command", "Copy", tooltip="Copy `opencode -s <id>`", id="session.copy"),
        Binding("P", "copy_directory", "Copy folder", tooltip="Copy the project's folder", id="session.folder"),
        Binding(
            "right",
            "go_pane(1)",
            "Next pane",
            tooltip="Go on to turns, calls, tree (also tab)",
            priority=True,
            show=False,
            id="session.next",
        ),
        Binding(
            "left",
            "go_pane(-1)",
            "Pane before",
            tooltip="Go back to the pane before",
            priority=True,
            show=False,
            id="session.before",
        ),
    ]

    session: var[SessionView | None] = var(None)
    turn: var[TurnView | None] = var(None)
    shipped: var[Shipped | None] = var(None)
    """What became of the spend as git knows it; None as long as that is not known."""

    def __init__(
        self,
        session_id: str,
        calendar: Calendar,
        clock: Clock,
        crumb: tuple[str, ...],
        at_turn: str | None = None,
        *,
        has_git: bool = False,
    ) -> None:
        """`crumb` is that of the screen below; the cursor starts on `at_turn`, by default the last turn.

        `has_git` says that git may be asked what became of the spend.
        """
        super().__init__()
        self.session_id = session_id
        self._calendar, self._clock, self._way = calendar, clock, crumb
        self._at_turn, self._has_git = at_turn, has_git
        self._turn_id: str | None = None

    @property
    def crumb(self) -> tuple[str, ...]:
        return (*self._way, shown_title(self.session) if self.session else "Session")

    def compose(self) -> ComposeResult:
        yield CrumbHeader(self.crumb, self._calendar, self._clock, self.poll_ms).data_bind(
            SessionScreen.snapshot, SessionScreen.polled_ms, SessionScreen.failure
        )
        banner = Banner(self._calendar, states=False).data_bind(SessionScreen.snapshot)
        banner.set_reactive(Banner.about, self._members)
        yield banner
        yield SessionHead(self.session_id).data_bind(SessionScreen.session)
        yield Static("Reading the session…", markup=False, id="nothing")
        with Container(id="session"):
            yield SessionFactsPanel(self._calendar).data_bind(SessionScreen.session, SessionScreen.shipped)
            with Container(id="panes"):
                with Container(id="aside"):
                    yield SubagentsPanel().data_bind(SessionScreen.session)
                    yield Growth(self._calendar).data_bind(SessionScreen.session)
                with Container(id="main"):
                    yield TurnsPanel(self._calendar, self._at_turn).data_bind(SessionScreen.session)
                    yield TurnDetail(self._calendar).data_bind(SessionScreen.session, SessionScreen.turn)
        yield CopyNote()
        yield KeyFooter()

    def on_mount(self) -> None:
        self._following = self.set_interval(FOLLOW_S, self._follow, pause=True)
        self._ask_for(None)
        self.set_focus(self.query_one(TurnsPanel).table, scroll_visible=False)

    def go_to_turn(self, turn_id: str | None) -> None:
        """Move the cursor to a turn, if the session has it."""
        if turn_id is not None:
            self.query_one(TurnsPanel).table.move_to(turn_id)

    def _ask_for(self, turn_id: str | None) -> None:
        """Request the session and, with a turn, its calls."""
        asks = [Ask(SessionRequest(self.session_id), self._show_session, self._say_missing)]
        if self._has_git:
            asks.append(Ask(ShippedRequest(self.session_id), self._show_shipped))
        if turn_id is not None:
            say = self.query_one(TurnDetail).calls.show_reason
            asks.append(Ask(TurnRequest(self.session_id, turn_id), self._show_calls, say))
        self.ask(*asks)

    def _show_session(self, session: SessionView) -> None:
        self.session = session

    def _show_shipped(self, answer: SessionShipped) -> None:
        self.shipped = answer.shipped

    def _show_calls(self, turn: TurnView) -> None:
        self.turn = turn

    def _say_missing(self, reason: str) -> None:
        if self.session is None:
            self.query_one("#nothing", Static).update(reason)

    def watch_session(self, session: SessionView | None) -> None:
        if session is None or not self.is_there:
            return
        # no class of the screen, which would style every widget of it again
        self.query_one("#nothing").display, self.query_one("#session").display = False, True
        aside = self.query_one("#aside")
        aside.update_classes({"-parent": len(session.tree) > 1, "-cost": bool(session.growth)})
        self.query_one(CrumbHeader).show_crumb(self.crumb)
        self.query_one(Banner).about = self._members
        self.refresh_bindings()

    @property
    def _members(self) -> frozenset[str]:
        """The ids of the session and its subagents."""
        return frozenset({self.session_id, *(node.id for node in (self.session.tree if self.session else ()))})

    @property
    def alert_at_hand(self) -> Alert | None:
        """The gravest alert about this session, else the gravest of all."""
        alerts = self.snapshot.alerts if self.snapshot is not None else ()
        own = (alert for alert in alerts if alert.leads_to in self._members)
        return next(own, alerts[0] if alerts else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disables copying while the session is not loaded."""
        return None if action == "copy_directory" and self.session is None else True

    @on(RowTable.Opened)
    def open_turn(self, message: RowTable.Opened) -> None:
        self._show_turn(message.key)

    @on(RowTable.Highlighted)
    def follow_cursor(self, message: RowTable.Highlighted) -> None:
        """While a turn is open, open the one at the cursor instead."""
        if self._turn_id is not None and message.key is not None and message.key != self._turn_id:
            self._following.reset()
            self._following.resume()

    @on(SubagentTree.Opened)
    def open_subagent(self, message: SubagentTree.Opened) -> None:
        if message.session_id != self.session_id:
            self.post_message(OpenSession(message.session_id))

    def action_back(self) -> None:
        note = self.query_one(CopyNote)
        if self._turn_id is not None:
            self._show_turn(None)
        elif not note.hide():
            self.dismiss()

    def action_copy_command(self) -> None:
        self._copy(resume_command(self.session_id))

    def action_copy_directory(self) -> None:
        if self.session is not None:
            place = self.session.directory or self.session.project
            self._copy(for_shell(place) if place else "")

    def action_go_pane(self, step: int) -> None:
        """Move the focus to the next or previous visible pane."""
        panes: list[Widget] = [self.query_one(SubagentTree), self.query_one(TurnsPanel).table]
        panes = [pane for pane in (*panes, self.query_one(TurnDetail).calls) if pane in self.focus_chain]
        if panes:
            at = panes.index(self.focused) if self.focused in panes else -step
            self.set_focus(panes[(at + step) % len(panes)])

    def _copy(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.query_one(CopyNote).say(text)

    def _follow(self) -> None:
        self._following.pause()
        key = self.query_one(TurnsPanel).table.cursor_key
        if self._turn_id is not None and key is not None and key != self._turn_id:
            self._show_turn(key)

    def _show_turn(self, turn_id: str | None) -> None:
        self._turn_id = turn_id
        detail, table = self.query_one(TurnDetail), self.query_one(TurnsPanel).table
        self.set_class(turn_id is not None, "-turn")
        detail.open_turn(turn_id)
        self._ask_for(turn_id)
        if turn_id is None:
            self.set_focus(table)
        else:
            self.call_after_refresh(table.move_to, turn_id)
