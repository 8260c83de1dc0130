"""A value is set in OpenCode's configuration, and everything else stays as somebody wrote it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_tui.pricing.jsonc import jsonc_value
from opencode_tui.pricing.jsonc_editing import with_json_string

PATH = ("agent", "explore", "model")
KEPT = """\
// mine
{
  "share": "disabled", // no sharing
  /* agents */
  "agent": {
    "build": { "model": "a/b", "tools": ["x", "{"] }, // builder
    "explore": {
      "model": "old/one" /* too dear */,
    },
  },
}
"""


def test_only_the_value_is_replaced() -> None:
    assert with_json_string(KEPT, PATH, "new/one") == KEPT.replace("old/one", "new/one")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", '{\n  "agent": {\n    "explore": {\n      "model": "m"\n    }\n  }\n}\n'),
        ("{}", '{\n  "agent": {\n    "explore": {\n      "model": "m"\n    }\n  }\n}'),
        ('{"a": 1}', '{"a": 1, "agent": {"explore": {"model": "m"}}}'),
        ('{"a": 1,}', '{"a": 1, "agent": {"explore": {"model": "m"}}}'),
        (
            '{\n\t"agent": {\n\t\t"plan": {} // p\n\t}\n}\n',
            '{\n\t"agent": {\n\t\t"plan": {}, // p\n\t\t"explore": {\n\t\t\t"model": "m"\n\t\t}\n\t}\n}\n',
        ),
        (
            '{\r\n  "agent": {"explore": {"model": 1}}\r\n}\r\n',
            '{\r\n  "agent": {"explore": {"model": "m"}}\r\n}\r\n',
        ),
        (
            '{\n  "agent": {\n    // none yet\n  }\n}\n',
            '{\n  "agent": {\n    // none yet\n    "explore": {\n      "model": "m"\n    }\n  }\n}\n',
        ),
        ('{"agent": 1, "agent": {"explore": {}}}', '{"agent": 1, "agent": {"explore": {\n  "model": "m"\n}}}'),
    ],
)
def test_what_is_missing_is_added_in_the_form_of_the_text(text: str, after: str) -> None:
    assert with_json_string(text, PATH, "m") == after


@pytest.mark.parametrize(
    "text", ["[1]", '{"agent": 3}', '{"agent": {"explore": []}}', '{"a": {env:KEY}}', '{"a": 1', "x", '{"a" 1}']
)
def test_a_text_that_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        with_json_string(text, PATH, "m")


keys = st.sampled_from(("agent", "explore", "model", 'o"dd', "é"))
values = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=30)
@given(st.dictionaries(keys, values, max_size=3), st.sampled_from((None, 2, "\t")))
def test_any_configuration_keeps_its_other_values(before: dict[str, object], indent: int | str | None) -> None:
    text = json.dumps(before, indent=indent)
    try:
        after = jsonc_value(with_json_string(text, PATH, "m"))
    except ValueError:
        return  # something else than an object is on the way
    assert isinstance(after, dict)
    assert after["agent"]["explore"]["model"] == "m"
    assert {key: value for key, value in after.items() if key != "agent"} == {
        key: value for key, value in before.items() if key != "agent"
    }
