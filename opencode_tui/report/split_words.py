"""The split of a day's spend by kind of token, beside the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from opencode_tui.money import percentages, tokens_text
from opencode_tui.records.calls import Tokens
from opencode_tui.records.day import Split
from opencode_tui.report.words import fitting


def split_parts(split: Split, tokens: Tokens) -> tuple[tuple[str, str, str], ...]:
    """(name, share of the spend, tokens) for input, output, cache and, if there is any, unknown.

    The share is empty if nothing was spent; `unknown` is the spend of models without known rates.
    """
    shares = percentages((split.input_nano, split.output_nano, split.cache_nano, split.unknown_nano))
    texts = tuple(f"{share}%" if any(shares) else "" for share in shares)
    parts = [
        ("input", texts[0], tokens_text(tokens.input)),
        ("output", texts[1], tokens_text(tokens.output + tokens.reasoning)),
        ("cache", texts[2], tokens_text(tokens.cache_read + tokens.cache_write)),
    ]
    if split.unknown_nano > 0:
        parts.append(("unknown", texts[3], ""))
    return tuple(parts)


_SPLIT_LABELS = (("share of cost", "tokens"), ("cost", "tokens"), ("cost", "tok"), ("", ""))
_SHORT_KINDS = {"input": "in", "output": "out", "unknown": "?"}


def split_lines(split: Split, tokens: Tokens, width: int) -> tuple[str, ...]:
    """The split with its tokens: on one line if it fits, else tokens below their shares, with shorter names."""
    parts = split_parts(split, tokens)
    short = tuple((_SHORT_KINDS.get(name, name), *rest) for name, *rest in parts)
    if not parts[0][1]:
        counts, brief = (tuple(f"{name} {count}" for name, _, count in kinds) for kinds in (parts, short))
        return (fitting((f"tokens: {' · '.join(counts)}", "  ".join(counts), " ".join(brief)), width),)
    one = [f"{name} {share}" + (f" ({count})" if count else "") for name, share, count in parts]
    one[0] = one[0].replace(")", " tokens)")
    if len(line := f"share of cost: {' · '.join(one)}") <= width:
        return (line,)
    for labels, kinds, gap in product(_SPLIT_LABELS, (parts, short), ("  ", " ")):
        above, below = _split_rows(kinds, labels, gap)
        if len(above) <= width:
            break
    return (fitting((above,), width), fitting((below,), width))


def _split_rows(parts: Sequence[Sequence[str]], labels: tuple[str, str], gap: str) -> tuple[str, str]:
    """The shares, and below each its tokens."""
    shares = [f"{name} {share}".rstrip() for name, share, _ in parts]
    columns = [max(len(share), len(count)) for share, (_, _, count) in zip(shares, parts, strict=True)]
    above = [share.ljust(size) for share, size in zip(shares, columns, strict=True)]
    below = [part[2].rjust(len(share)).ljust(size) for part, share, size in zip(parts, shares, columns, strict=True)]
    size = max(map(len, labels))
    first, second = ([label.ljust(size)] if size else [] for label in labels)
    return gap.join([*first, *above]).rstrip(), gap.join([*second, *below]).rstrip()
