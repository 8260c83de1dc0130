"""The tree of subagents; nodes are created when their parent is opened, and updated in place."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from opencode_tui.money import plural
from opencode_tui.records.session import Node, SessionView
from opencode_tui.report import session_facts as words
from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.widgets.panel import SessionPanel

PAGE = 100
"""The number of children that are created at a time."""


class More(Struct, frozen=True):
    """The line below a page of children that shows more of them."""

    parent_id: str


NodeData = str | More
"""A node's session id, or a More line."""


def node_session(node: TreeNode[NodeData]) -> str:
    """The node's session id; empty for other nodes."""
    return node.data if isinstance(node.data, str) else ""


class SubagentTree(Tree[NodeData]):
    """Nodes are identified by session id; labels are made when they are drawn."""

    DEFAULT_CSS = """
    SubagentTree {
        height: 1fr;
        background: transparent;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        &:focus { background-tint: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_node", "Branch", tooltip="Open or close the branch", id="tree.toggle"),
        *MOVE_KEYS,
    ]
    ICON_NODE, ICON_NODE_EXPANDED = "▸ ", "▾ "

    class Opened(Message):
        """Open a subagent's session."""

        def __init__(self, session_id: str) -> None:
            super().__init__()
            self.session_id = session_id

    def __init__(self) -> None:
        super().__init__("")
        self.guide_depth = 2
        self.auto_expand = False
        self._sessions: dict[str, Node] = {}
        self._below: dict[str, tuple[str, ...]] = {}
        self._pages: dict[str, int] = {}
        self._root_nano = 0

    @property
    def made(self) -> list[str]:
        """The ids of all created nodes in order, visible or not."""
        found, waiting = [], [self.root]
        while waiting:
            node = waiting.pop()
            if isinstance(node.data, str):
                found.append(node.data)
            waiting += reversed(node.children)
        return found

    @property
    def cursor_id(self) -> str:
        """The session id at the cursor; empty if there is none."""
        return node_session(self.cursor_node) if self.cursor_node else ""

    def show_tree(self, tree: tuple[Node, ...]) -> None:
        """Show a tree, given root first. Open nodes stay open, and the cursor stays on its session."""
        if not tree:
            return
        before, self._sessions = self._sessions, {}
        for node in tree:
            self._sessions.setdefault(node.id, node)
        shares = self._root_nano != tree[0].total_nano
        self._below, self._root_nano = words.children_of(tree), tree[0].total_nano
        cursor, line, opened = self.cursor_id, self.cursor_line, self._opened()
        self.root.data = tree[0].id
        if not before:
            self.root.expand()
        moved = self._fill(self.root, opened) if self.root.is_expanded else self._settle(self.root)
        for made in self._made_nodes():
            id = node_session(made)
            if id and (shares or before.get(id) != self._sessions.get(id)):
                made.refresh()
        if moved:
            self._go_back(cursor, line)

    def action_step(self, lines: int) -> None:
        self.cursor_line = min(max(self.cursor_line + lines, 0), self.last_line)
        self.scroll_to_line(self.cursor_line, animate=False)

    def action_half(self, direction: int) -> None:
        self.action_step(direction * max(self.scrollable_content_region.height // 2, 1))

    def action_page(self, direction: int) -> None:
        self.action_step(direction * max(self.scrollable_content_region.height - 1, 1))

    def action_end(self, direction: int) -> None:
        self.action_step(direction * (self.last_line + 1))

    def render_label(self, node: TreeNode[NodeData], base_style: Style, style: Style) -> Text:
        if isinstance(node.data, More):
            rest = len(self._below.get(node.data.parent_id, ())) - self._pages.get(node.data.parent_id, PAGE)
            return Text(f"… {rest:,} more", style=style)
        session = self._sessions.get(node_session(node))
        if session is None:
            return Text("")
        icon = (self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE) if node.allow_expand else ""
        width = self.scrollable_content_region.width - session.depth * self.guide_depth - len(icon) - 2
        glyph = style + Style(color=Color.parse(self.app.theme_variables["success"]).rich_color)
        label = Text.assemble(
            (icon, base_style + Style(meta={"toggle": True})),
            (words.node_glyph(session), glyph if session.state == "active" else style),
            (" " + words.node_text(session, self._root_nano, width), style),
            no_wrap=True,
        )
        label.truncate(max(width + len(icon) + 2, 12), overflow="ellipsis")
        return label

    @on(Tree.NodeExpanded)
    def _fill_opened(self, event: Tree.NodeExpanded[NodeData]) -> None:
        event.stop()
        self._fill(event.node, self._opened())

    @on(Tree.NodeSelected)
    def _open_selected(self, event: Tree.NodeSelected[NodeData]) -> None:
        event.stop()
        node = event.node
        if isinstance(node.data, More) and node.parent is not None:
            self._pages[node.data.parent_id] = self._pages.get(node.data.parent_id, PAGE) + PAGE
            line = self.cursor_line
            self._fill(node.parent, self._opened())
            self._go_back("", line)
        elif node.is_root:
            node.toggle()
        elif node_session(node):
            self.post_message(self.Opened(node_session(node)))

    def _made_nodes(self) -> list[TreeNode[NodeData]]:
        found, waiting = [], [self.root]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting += node.children
        return found

    def _opened(self) -> set[str]:
        return {node_session(node) for node in self._made_nodes() if node.is_expanded}

    def _settle(self, node: TreeNode[NodeData]) -> bool:
        """Remove a closed node's children and update whether it can be opened. Returns whether it had any."""
        node.allow_expand = bool(self._below.get(node_session(node)))
        if node.children:
            node.remove_children()
            return True
        return False

    def _fill(self, parent: TreeNode[NodeData], opened: set[str]) -> bool:
        """Create the children of an open node, and those of `opened` children. Returns whether lines moved."""
        id = node_session(parent)
        ids = self._below.get(id, ())
        page = self._pages.get(id, PAGE)
        wanted: list[NodeData] = [*ids[:page], *([More(id)] if len(ids) > page else [])]
        present = [child.data for child in parent.children]
        parent.allow_expand = bool(ids)
        moved = present != wanted
        if moved:
            if present != wanted[: len(present)]:
                parent.remove_children()
                present = []
            for each in wanted[len(present) :]:
                openable = isinstance(each, str) and bool(self._below.get(each))
                parent.add("", each, expand=each in opened, allow_expand=openable)
        for child in parent.children:
            if isinstance(child.data, str):
                moved |= self._fill(child, opened) if child.is_expanded else self._settle(child)
        return moved

    def _go_back(self, cursor: str, line: int) -> None:
        """Restore the cursor to its session, at the same height on the screen."""
        node = next((each for each in self._made_nodes() if cursor and each.data == cursor), None)
        lines = self.last_line + 1  # last_line renumbers the lines
        if node is None or node.line < 0:
            self.cursor_line = min(line, lines - 1)
            return
        self.cursor_line = node.line
        if self.scroll_offset.y:
            self.scroll_to(y=self.scroll_offset.y + node.line - line, animate=False, force=True)


class SubagentsPanel(SessionPanel):
    DEFAULT_CSS = """
    SubagentsPanel { padding: 0; }
    """

    def __init__(self) -> None:
        super().__init__(id="tree")
        self.subagents = SubagentTree()

    def compose(self) -> ComposeResult:
        yield self.subagents

    def facts(self, view: SessionView) -> object:
        return view.tree

    def show(self, view: SessionView) -> None:
        count, running = len(view.tree) - 1, sum(node.state == "active" for node in view.tree[1:])
        active = f", {running:,} running" if running else ""
        self.border_title = f"{plural(count, 'subagent')}{active}" if count > 0 else "No subagents"
        self.subagents.show_tree(view.tree)
