"""Tables of text in any width: columns give way in their order, and no number is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tabulate import tabulate
from wcwidth import wcswidth

from opencode_tui.report.table import TextColumn, cells, text_table

COLUMNS = (
    TextColumn("session", "left", least=8, is_id=True),
    TextColumn("title", "left", least=10),
    TextColumn("total"),
    TextColumn("own", gives_way=2),
    TextColumn("model", "left", gives_way=1, least=6),
)
LEAST = 9 + 10 + len("$1,000,000.00") + 2 * 2
"""`session` and its padding, a title, the longest amount, and the gaps."""
TITLES = st.text(st.sampled_from("ab 修正ヘッダー🙂é…"), max_size=40)
ROWS = st.lists(
    st.tuples(
        st.from_regex(r"ses_[0-9a-f]{12}[a-zA-Z]{10}", fullmatch=True),
        TITLES,
        st.integers(0, 10**8).map(lambda cents: f"${cents / 100:,.2f}"),
        st.integers(0, 10**8).map(lambda cents: f"${cents / 100:,.2f}"),
        st.sampled_from(["kimi-k2.6", "claude-sonnet-4-6", "通义"]),
    ),
    min_size=1,
    max_size=5,
)


@given(rows=ROWS, width=st.integers(LEAST, 200))
def test_every_line_fits_and_amounts_are_whole(rows: list[tuple[str, ...]], width: int) -> None:
    lines = text_table(COLUMNS, rows, width).split("\n")
    assert max(map(cells, lines)) <= width
    for line, row in zip(lines[2:], rows, strict=True):
        assert row[2] in line
        assert line.startswith(row[0][:8])


@given(rows=ROWS)
def test_without_a_width_nothing_is_cut(rows: list[tuple[str, ...]]) -> None:
    lines = text_table(COLUMNS, rows).split("\n")
    for line, row in zip(lines[2:], rows, strict=True):
        assert all(text.strip() in line for text in row)


def test_columns_give_way_one_by_one_and_text_before_them() -> None:
    row = ("ses_0123456789abcdef", "A rather long title of a session", "$12.34", "$10.00", "claude-sonnet-4-6")
    shown = [text_table(COLUMNS, [row], width).split("\n")[0].split() for width in (90, 60, 46, 36)]
    assert shown == [
        ["session", "title", "total", "own", "model"],
        ["session", "title", "total", "own", "model"],
        ["session", "title", "total", "model"],
        ["session", "title", "total"],
    ]
    assert "…" in text_table(COLUMNS, [row], 60)


@given(rows=ROWS)
def test_a_table_is_laid_out_as_by_tabulate(rows: list[tuple[str, ...]]) -> None:
    heads, align = [column.head for column in COLUMNS], [column.align for column in COLUMNS]
    assert text_table(COLUMNS, rows) == tabulate(rows, heads, colalign=align, disable_numparse=True)


def test_the_letters_that_are_taken_for_narrow_are() -> None:
    letters = [chr(number) for number in range(128, 0x3000) if not 0xD800 <= number < 0xE000]
    assert [cells(letter) for letter in letters] == [max(wcswidth(letter), 0) for letter in letters]
    assert cells("müll…") == 5
    assert cells("漢字") == 4
