"""Writes a planned turn to a store, one small action after the other."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.cli.demo import cast, parts
from opencode_tui.cli.demo.parts import PartData, Tool
from opencode_tui.cli.demo.plan import DemoStep, DemoTurn, Work
from opencode_tui.cli.demo.store import V1Store
from opencode_tui.clock import Clock


def play_turn(store: V1Store, turn: DemoTurn, clock: Clock) -> Iterator[float]:
    """Writes a turn as OpenCode would; yields, between two actions, the seconds until the next one.

    The caller lets that time pass: the history moves its own clock, the player sleeps.
    """
    work = turn.work
    named = work.id != ""
    if not named:
        _begin(store, work, clock())
    user = store.add_user_message(work.id, clock(), body=turn.ask, agent=work.agent, model=work.model)
    work.asked = user
    for index, step in enumerate(turn.steps):
        last = index == len(turn.steps) - 1
        yield from _call(store, work, step, user, clock, "stop" if last else "tool-calls", index)
        if not named and work.parent is None and work.fork_of is None:
            store.rename(work.id, work.title, clock())
            named = True


def _begin(store: V1Store, work: Work, now: int) -> None:
    if work.fork_of is not None:
        work.id = store.fork(work.fork_of.id, now)
        return
    directory = work.project.directory
    project = store.add_project(directory, now)
    parent = work.parent.id if work.parent else None
    work.id = store.add_session(
        project, directory, now, title=work.title if parent is not None else None, parent=parent
    )


def _call(
    store: V1Store, work: Work, step: DemoStep, user: str, clock: Clock, finish: str, index: int
) -> Iterator[float]:
    directory = work.project.directory
    call = store.start_call(work.id, user, clock(), directory=directory, agent=work.agent, model=work.model)
    yield step.seconds * 0.3
    if step.breaks is not None:
        store.break_call(call, clock(), step.breaks)
        return
    store.add_part(work.id, call, clock(), parts.step_start())
    answer = parts.text(cast.ANSWERS[-1 if finish == "stop" else index % 4], clock())
    spoken = store.add_part(work.id, call, clock(), answer)
    yield step.seconds * 0.7
    with store.transaction():
        now, began = clock(), answer["time"]["start"]
        spoken_ms = (began + now) // 2
        store.update_part(spoken, now, parts.text(answer["text"], began, spoken_ms))
        for number, tool in enumerate(step.tools if step.errand is None else ()):
            running = parts.tool_running(tool, f"{call}_{number}", directory, spoken_ms)
            store.add_part(work.id, call, now, parts.tool_ended(running, tool, now))
    if step.errand is not None:
        yield from _errand(store, work, step.tools[0], step.errand, call, clock)
    store.finish_call(call, clock(), tokens=step.tokens, model=work.model, finish=finish)


def _errand(store: V1Store, work: Work, task: Tool, errand: DemoTurn, call: str, clock: Clock) -> Iterator[float]:
    """Writes a subagent's turn: the parent's call stays open, with a running task tool, until the child is done."""
    child = errand.work
    _begin(store, child, clock())
    metadata: PartData = parts.task_metadata(work.id, child.id, child.model.provider, child.model.id)
    running = parts.tool_running(task, f"{call}_0", work.project.directory, clock(), metadata)
    part = store.add_part(work.id, call, clock(), running)
    yield from play_turn(store, errand, clock)
    store.update_part(part, clock(), parts.tool_ended(running, task, clock()))
