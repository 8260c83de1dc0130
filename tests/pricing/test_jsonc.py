"""JSON with comments, as OpenCode reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.pricing import jsonc


class TestJsonWithComments:
    def test_comments_and_trailing_commas_are_read_over(self) -> None:
        text = '{ // one\n "a": [1, 2,], /* two\n lines */ "b": {"c": 3,},\n}'
        assert jsonc.jsonc_value(text) == {"a": [1, 2], "b": {"c": 3}}

    def test_what_looks_like_them_inside_a_string_is_kept(self) -> None:
        text = r'{"u": "http://x/*y*/,]", "q": "a\",} // b", "e": "\\"} // end'
        assert jsonc.jsonc_value(text) == {"u": "http://x/*y*/,]", "q": 'a",} // b', "e": "\\"}

    @given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
    def test_plain_json_means_what_it_meant(self, value: object) -> None:
        assert jsonc.jsonc_value(json.dumps(value, ensure_ascii=False)) == value

    def test_an_error_names_the_line_as_it_stands_in_the_file(self) -> None:
        with pytest.raises(ValueError, match="line 4"):
            jsonc.jsonc_value('{\n/* a\n b */\n"x": oops}')

    @pytest.mark.parametrize("text", ["", "{", '{"a": "', "/* open", "[" * 200_000])
    def test_what_is_no_json_is_a_value_error(self, text: str) -> None:
        with pytest.raises(ValueError):
            jsonc.jsonc_value(text)
