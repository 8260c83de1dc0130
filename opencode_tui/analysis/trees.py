"""Trees of sessions and subagents: each session's root, and the nodes below a root."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct


def roots(ids: Sequence[str], parents: Mapping[str, str | None]) -> dict[str, str]:
    """The root of each session: its last known ancestor.

    A parent that is not in `parents` is ignored, so that an orphan is its own root. The root of a cycle is its smallest
    id.
    """
    found: dict[str, str] = {}
    for id in ids:
        if parents.get(id) is None:
            found[id] = id
            continue
        way: dict[str, None] = {}
        at = id
        while at not in found:
            if at in way:
                cycle = list(way)
                root = min(cycle[cycle.index(at) :])
                break
            way[at] = None
            parent = parents.get(at)
            if parent is None or parent not in parents:
                root = at
                break
            at = parent
        else:
            root = found[at]
        found |= dict.fromkeys(way, root)
    return {id: found[id] for id in ids}


class Tree(Struct, frozen=True, gc=False):
    """A root session and its active subagents; `members` holds the root only if it was active itself."""

    root: str
    members: tuple[str, ...]

    @property
    def subagents(self) -> int:
        return len(self.members) - (self.root in self.members)


def trees_of(root_of: Mapping[str, str]) -> list[Tree]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for member, root in root_of.items():
        grouped[root].append(member)
    return [Tree(root, tuple(members)) for root, members in grouped.items()]


class TreeNode(Struct, frozen=True):
    """A session in a tree; `total` is its own amount and that of all its descendants."""

    id: str
    parent_id: str | None
    depth: int
    total: int


def tree_nodes(root: str, parents: Mapping[str, str | None], own: Mapping[str, int]) -> list[TreeNode]:
    """The root and its descendants in depth-first order, the sibling with the larger total first.

    `parents` must hold every descendant. Cycles are not followed: each id occurs once.
    """
    children: dict[str, list[str]] = defaultdict(list)
    for id, parent in parents.items():
        if parent is not None and id != root:
            children[parent].append(id)
    order: list[tuple[str, int]] = [(root, 0)]
    for id, depth in order:
        order.extend((child, depth + 1) for child in children[id])
    total = dict(own)
    for id, _ in reversed(order):
        parent = parents[id]
        if id != root and parent is not None:
            total[parent] += total[id]
    nodes: list[TreeNode] = []
    stack = [(root, 0)]
    while stack:
        id, depth = stack.pop()
        nodes.append(TreeNode(id, parents[id] if depth else None, depth, total[id]))
        below = sorted(children[id], key=lambda child: (total[child], child))
        stack.extend((child, depth + 1) for child in below)
    return nodes
