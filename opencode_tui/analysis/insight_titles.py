"""Tells insights of one title apart, such as those on two files of one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from opencode_tui.records.insights import Insight


def with_distinct_titles(insights: Iterable[Insight]) -> list[Insight]:
    """The insights in their order; where several have one title, with what tells their keys apart behind it."""
    made = list(insights)
    of_title: dict[str, list[int]] = defaultdict(list)
    for place, insight in enumerate(made):
        of_title[insight.title].append(place)
    for title, places in of_title.items():
        marks = _marks([made[place].key for place in places]) if len(places) > 1 else [""]
        for place, mark in zip(places, marks, strict=True):
            made[place] = replace(made[place], title=f"{title} ({mark})") if mark else made[place]
    return made


def _marks(keys: Sequence[str]) -> list[str]:
    """The shortest ends of the keys' folders that differ; a whole key where it has no folder."""
    folders = [key.replace("\\", "/").strip("/").split("/")[:-1] for key in keys]
    for parts in range(1, max(map(len, folders), default=0) + 1):
        marks = ["/".join(folder[-parts:]) for folder in folders]
        if len(set(marks)) == len(marks):
            return marks
    return list(keys)
