"""Sessions and their subagents: each session's root, and what a root's whole tree did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct


def roots(ids: Sequence[str], parents: Mapping[str, str | None]) -> dict[str, str]:
    """The root of each session: the last ancestor that is known.

    A parent that is not in `parents` ends the way up (an orphan is its own root), and so does a cycle, whose
    smallest id then stands for it.
    """
    found: dict[str, str] = {}
    for id in ids:
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


class Tree(Struct, frozen=True):
    """What a root session and its subagents did; `members` holds the root only if it did something itself."""

    root: str
    members: tuple[str, ...]

    @property
    def subagents(self) -> int:
        return sum(1 for member in self.members if member != self.root)


def trees(root_of: Mapping[str, str]) -> list[Tree]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for member, root in root_of.items():
        grouped[root].append(member)
    return [Tree(root, tuple(members)) for root, members in grouped.items()]


class TreeNode(Struct, frozen=True):
    """Where a session stands in a tree; `total` is its own amount and those of all below it."""

    id: str
    parent_id: str | None
    depth: int
    total: int


def tree_nodes(root: str, parents: Mapping[str, str | None], own: Mapping[str, int]) -> list[TreeNode]:
    """The root and all below it, each below its parent, the sibling with the larger total first.

    `parents` holds all that are below the root. A cycle is not followed: each id stands once.
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
