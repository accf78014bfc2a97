"""YAML of which every scalar is text, and in which nothing hides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.imports.yaml_text import KEY, MAX_DEPTH, load_text_yaml
from ledger.errors import InputInvalid


def refused(text: str) -> InputInvalid:
    with pytest.raises(InputInvalid) as caught:
        load_text_yaml(text, "c.yaml")
    return caught.value


@pytest.mark.parametrize(
    "written",
    ["100.10", "NO", "on", "0x1F", "1_000", "2026-08-03", "12:30", "1e3", ".inf", "<<", "="],
)
def test_a_scalar_is_the_text_that_stands_there(written: str) -> None:
    assert load_text_yaml(f"a: {written}\n", "c.yaml").data == {"a": written}
    assert load_text_yaml(f"{written}: a\n", "c.yaml").data == {written: "a"}


@pytest.mark.parametrize(
    ("written", "value"),
    [("", None), ("~", None), ("null", None), ("''", ""), ('"~"', "~"), ("'null'", "null")],
)
def test_only_a_plain_null_is_absent(written: str, value: str | None) -> None:
    assert load_text_yaml(f"a: {written}\n", "c.yaml").data == {"a": value}


def test_every_node_has_its_place() -> None:
    loaded = load_text_yaml("a: 1\nb:\n  - x\n  - c: {d: 2}\n", "c.yaml")
    assert loaded.data == {"a": "1", "b": ["x", {"c": {"d": "2"}}]}
    places = {
        (): "1:1",
        ("a",): "1:4",
        ("a", KEY): "1:1",
        ("b", 0): "3:5",
        ("b", 1, "c", KEY): "4:5",
        ("b", 1, "c"): "4:8",
        ("b", 1, "c", "d"): "4:12",
        ("b", 1, "missing"): "4:5",
        ("b", 7, "missing"): "3:3",
        ("missing", KEY): "1:1",
    }
    assert {path: loaded.place(path) for path in places} == {
        path: f"c.yaml:{place}" for path, place in places.items()
    }


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "yaml-empty", "1:1"),
        ("~", "yaml-empty", "1:1"),
        ("# only a comment\n", "yaml-empty", "2:1"),
        ("a: 1\n---\nb: 2\n", "yaml-several-documents", "2:1"),
        ("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", "3:1"),
        ("x:\n  - {a: 1, 'a': 2}\n", "yaml-duplicate-key", "2:12"),
        ("a: &x 1\nb: *x\n", "yaml-alias", "1:4"),
        ("a: *x\n", "yaml-alias", "1:4"),
        ("&x a: 1\n", "yaml-alias", "1:1"),
        ("a: !!python/name:os.system x\n", "yaml-tag", "1:4"),
        ("a: !!str 1\n", "yaml-tag", "1:4"),
        ("a: ! 1\n", "yaml-tag", "1:4"),
        ("? [a]\n: b\n", "yaml-key-not-text", "1:3"),
        ("[" * (MAX_DEPTH + 2), "yaml-too-deep", f"1:{MAX_DEPTH + 2}"),
        ("a: 'x", "yaml-invalid", "1:6"),
        ("a:\n\t- b", "yaml-invalid", "2:1"),
        ("a: b: c", "yaml-invalid", "1:5"),
        ("a:\n  b: 1\n c: 2\n", "yaml-invalid", "3:2"),
        ("a: x\ny: \x07", "yaml-invalid", "2:4"),
        ('a: x\ny: "\\UFFFFFFFF"', "yaml-invalid", "2:5"),
        ('a: "\\ud83d\\ude00"', "yaml-invalid", "1:4"),
        ('a: "\\0"', "yaml-invalid", "1:4"),
        ("%YAML 2.0\n---\na: 1\n", "yaml-invalid", "1:1"),
        (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", "yaml-invalid", "1:1"),
    ],
)
def test_what_hides_or_breaks_is_refused_with_its_place(text: str, code: str, place: str) -> None:
    error = refused(text)
    assert (error.code, error.place) == (code, f"c.yaml:{place}")


def test_a_duplicate_key_names_both_places() -> None:
    error = refused("a: 1\nb: 2\na: 3\n")
    assert "first at c.yaml:1:1" in error.message
    assert error.facts["first"] == "c.yaml:1:1"


def test_a_syntax_error_shows_its_line_made_harmless() -> None:
    error = refused("a: 1\n双十一\u202e: b: c\n")
    assert error.message.splitlines()[1] == r"  2 | 双十一\u202e: b: c"
    assert "quotes" in error.hint


@given(st.text() | st.text(st.sampled_from("[]{},:-?&*!|>'\"%@`~#ab \n\t\\U0")))
def test_any_text_is_read_or_refused_and_never_fails_otherwise(text: str) -> None:
    try:
        load_text_yaml(text, "c.yaml")
    except InputInvalid as error:
        assert error.code.startswith("yaml-")
        assert error.place.startswith("c.yaml:")
