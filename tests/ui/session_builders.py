"""Sessions, turns and calls as sentences: `view(turns=(turn(1, cost="$0.12"),))`. On the day of `builders`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opencode_tui.pricing.rates import Rates, cost_nano
from opencode_tui.records.answers import Answer
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import Request, SessionRequest, TurnRequest
from opencode_tui.records.session import (
    CallRates,
    CallRow,
    Node,
    SessionName,
    SessionView,
    ToolCount,
    ToolRow,
    Turn,
    TurnView,
)
from tests.support.records import replace
from tests.ui.builders import FakeFeed, at, nano, snapshot

KIMI, GLM = "opencode/kimi-k2.6", "opencode/glm-5.1"
RATES = CallRates(950_000_000, 4_000_000_000, 160_000_000, 0, "models.json")
SESSION = "ses_4f2c9a7b1ffeQx3LkZ8vTn0pRw"
MINUTE = 60_000


def turn(number: int = 1, cost: str = "$0.03", **changes: Any) -> Turn:
    start = at("08:12") + number * 7 * MINUTE
    base = Turn(
        id=f"msg_turn_{number}",
        number=number,
        started_ms=start,
        ended_ms=start + 95_000,
        running=False,
        cost_nano=nano(cost),
        inherited_nano=0,
        list_nano=0,
        tokens=Tokens(5_436, 669, 120, 41_000, 0),
        calls=3,
        errors=0,
        undone=0,
        context_tokens=46_436,
        context_limit=262_144,
        models=(KIMI,),
        switched=False,
        tools=(ToolCount("edit", 4, 0), ToolCount("bash", 2, 1)),
        files=("/home/ada/shop/src/Button.tsx", "/home/ada/shop/src/theme/colors.ts"),
        tokens_per_second=41.6,
        prompt=None,
        task="coding",
        edits=4,
    )
    return replace(base, **changes)


def node(id: str = "ses_child", depth: int = 1, total: str = "$0.05", **changes: Any) -> Node:
    base = Node(
        id=id,
        parent_id=SESSION if depth else None,
        depth=depth,
        title=f"Find the usages ({id})",
        agent="explore" if depth else "build",
        model=GLM if depth else KIMI,
        state="idle",
        own_nano=nano(total),
        total_nano=nano(total),
        calls=6,
        started_ms=at("09:00"),
        last_ms=at("09:04"),
        tasks=1 if depth else 0,
    )
    return replace(base, **changes)


ROOT = node(SESSION, 0, "$0.41", own_nano=nano("$0.30"), state="active", title="Fix header spacing")
TREE = (
    ROOT,
    node("ses_a", 1, "$0.08", own_nano=nano("$0.05"), tasks=3),
    node("ses_b", 2, "$0.03", agent="general", state="active"),
    node("ses_c", 1, "$0.03", agent="review", model=KIMI),
)
TURNS = (
    turn(1, "$0", inherited_nano=nano("$0.0186"), tools=(ToolCount("read", 3, 0),), files=()),
    turn(2, "$0.0078402"),
    turn(3, "$0.02", undone=3),
    turn(4, "$0.05", switched=True, models=(KIMI, GLM), context_tokens=131_000),
    turn(5, "$0", list_nano=nano("$0.42"), errors=1, tools=(), context_limit=None),
    turn(6, "$0.12", files=("src/ヘッダー.tsx",), prompt="Make [b]all[/b] headers 直す", context_tokens=204_000),
    turn(7, "$0.10", running=True, tools=(ToolCount("task", 2, 0),), files=(), tokens_per_second=None),
)
GROWTH = (
    (KIMI, tuple((at("08:26") + i * 6 * MINUTE, nano("$0.02") * (i + 1)) for i in range(12))),
    (GLM, tuple((at("08:40") + i * 11 * MINUTE, nano("$0.01") * (i + 1)) for i in range(5))),
)


def view(turns: tuple[Turn, ...] = TURNS, tree: tuple[Node, ...] = TREE, **changes: Any) -> SessionView:
    base = SessionView(
        request=SessionRequest(SESSION),
        taken_ms=at("14:23"),
        id=SESSION,
        title="Fix header spacing",
        directory="/home/ada/shop",
        project="/home/ada/shop",
        state="active",
        agent="build",
        model=KIMI,
        own_nano=nano("$0.30"),
        total_nano=nano("$0.41"),
        inherited_nano=nano("$0.0186"),
        list_nano=nano("$0.42"),
        calls=21,
        copied_calls=3,
        tokens=Tokens(124_000, 29_000, 5_100, 810_000, 4_000),
        started_ms=at("08:12"),
        last_ms=at("09:40"),
        cache_hit_rate=0.72,
        cache_saved_nano=nano("$0.12"),
        parent=None,
        fork_of=SessionName("ses_origin", "Plan the [i]header"),
        forks=(SessionName("ses_fork", "Fix header spacing (fork #1)"),),
        tree=tree,
        turns=turns,
        growth=GROWTH,
    )
    changes.setdefault("request", SessionRequest(changes.get("id", base.id)))
    return replace(base, **changes)


def tool(name: str = "edit", target: str = "src/Button.tsx", **changes: Any) -> ToolRow:
    return replace(ToolRow(name, target, True, 320, None), **changes)


FEW = Tokens(5_436, 669)


def call(tokens: Tokens = FEW, **changes: Any) -> CallRow:
    amount = cost_nano(tokens, Rates(RATES.input, RATES.output, RATES.cache_read, RATES.cache_write))
    base = CallRow(
        id="msg_call_1",
        created_ms=at("09:12"),
        completed_ms=at("09:12") + 12_400,
        model=KIMI,
        agent="build",
        tokens=tokens,
        cost_nano=amount,
        amount_nano=amount,
        recorded_nano=amount,
        basis="recorded",
        rates=RATES,
        list_nano=None,
        copied_from=None,
        finish="tool-calls",
        error=None,
        undone=False,
        tools=(tool(), tool("bash", "npm test", ok=False, duration_ms=12_000)),
    )
    return replace(base, **changes)


def turn_view(turn_id: str, *calls: CallRow, session_id: str = SESSION) -> TurnView:
    return TurnView(TurnRequest(session_id, turn_id), at("14:23"), calls or (call(),))


class ViewFeed(FakeFeed):
    """Answers a request with what it was given for it, else with a LookupError."""

    def __init__(self, *views: Answer, answer: Callable[[Request], Answer] | None = None) -> None:
        super().__init__(snapshot())
        self.views = {view.request: view for view in views}
        self.looked: list[Request] = []
        self._answer = answer

    def answer(self, request: Request) -> Answer:
        self.looked.append(request)
        if request in self.views:
            return self.views[request]
        if self._answer is not None:
            return self._answer(request)
        raise LookupError(f"No session {getattr(request, 'session_id', '')} in the ledger")

    def change(self, view: Answer, picture: Snapshot | None = None) -> None:
        """From the next poll on, this is the answer to its request."""
        self.views[view.request] = view
        self.answers.append(picture or snapshot(taken_ms=at("14:23") + len(self.looked)))
