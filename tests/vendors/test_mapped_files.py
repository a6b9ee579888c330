"""A mapping file that is wrong stops the start, and is told by file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jmespath
import pytest

from tests.vendors.mapped_bench import LITTLE, Written
from vendors.pam.mapping import load
from vendors.pam.mapping_file import BadMapping, opened

WRONG = [  # what is written in place of what, the line it is told by, and what is said
    ("brands: {acme: A}", "brands: {acme: A}\nbrand: {acme: A}", 3, "no such key: acme"),
    ("brands: {acme: A}\n", "\n", 3, "brands is missing"),
    ("  get: /people", "  fetch: /people", 4, "no such key: fetch"),
    ("  get: /people", "  get: people", 4, "begins with /"),
    ("  get: /people", "  get: /people?x=1", 4, "has no query"),
    ("  ids: {parameter: ids, most: 2}", "  ids: {parameter: ids, most: none}", 5, "a number from 1"),
    ("  ids: {parameter: ids, most: 2}\n", "", 4, "many `ids`"),
    ("  items: people", "  items: people[", 6, "no JMESPath expression"),
    ("  items: people", "  items: teleport(people)", 6, "teleport"),
    ("  id: id\n", "", 4, "id is missing"),
    ("status: state,", "", 11, "status is missing"),
    ("status: state,", "status: {value: state, words: {A: AWAKE}},", 11, "AWAKE is none of ACTIVE"),
    ("verified: checked", "verified: checked, colour: red", 11, "no such key: colour"),
    ("    account:", "    birthday: born\n    account:", 11, "no such key: birthday"),
    ("    account:", "    registered_at: {value: at, as: moons}\n    account:", 11, "moons is none of"),
    ("    account:", "    tags: a\n    account:", 11, "tags stands here twice"),
    ("  record:", "  record: [", 8, ""),
    ("brands: {acme: A}", "brands: {acme: A}\nabsent: [404, never]", 3, "a number from 1"),
    ("brands: {acme: A}", "brands: {acme: A}\nrefusals: [{when: x, is: sad}]", 3, "sad is none of"),
    ("brands: {acme: A}", "brands: {acme: A}\nbrand: {header: X, parameter: y}", 3, "not by both"),
    ("brands: {acme: A}", "brands: {acme: A}\nadd_note: {get: /x, body: {}}", 3, "no such key: get"),
    (
        "brands: {acme: A}",
        "brands: {acme: A}\nrestrict: {post: /x, body: {}, scopes: {ALL: {}}}",
        3,
        "no such key: ALL",
    ),
]


@pytest.mark.parametrize(("written", "instead", "line", "sentence"), WRONG)
def test_a_wrong_file_is_told_by_its_line(tmp_path: Path, written: str, instead: str, line: int, sentence: str) -> None:
    assert written in LITTLE
    (file := tmp_path / "wrong.yaml").write_text(LITTLE.replace(written, instead))
    with pytest.raises(BadMapping) as told:
        load(file)
    place, _, said = str(told.value).partition(": ")
    assert sentence in said
    assert abs(int(place.rpartition(":")[2]) - line) <= (2 if not sentence else 0), told.value


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "players"])
def test_what_is_no_mapping_at_all_is_told_so(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "wrong.yaml").write_text(text)
    with pytest.raises(BadMapping, match=r"wrong\.yaml:1: "):
        load(file)
    with pytest.raises(BadMapping, match="cannot be read"):
        load(tmp_path / "missing.yaml")


DOUBTFUL = [  # what is written in place of what, what stands behind it, the line it is told by, and what is said
    ("items: people", "items: people && teleport(x)", "", 6, "JMESPath has no function teleport"),
    ("items: people", "items: people[?contains(x)]", "", 6, "the function contains takes 2, and not 1"),
    ("verified: checked", "verified: \"kyc == 'Y'\"", "", 11, "says no of what is missing"),
    ("verified: checked", 'verified: "!unchecked"', "", 11, "says no of what is missing"),
    ("verified: checked", "verified: {value: kyc, words: {Y: perhaps}}", "", 11, "perhaps is none of true, false"),
    ("verified: checked", "verified: {value: kyc}", "", 11, "words is missing"),
    ("{acme: A}", "{acme: A, borealis: B}", "", 2, "of several brands"),
    ("{acme: A}", "{acme: A, borealis: A}", "", 2, "another brand's word already"),
    ("{acme: A}", "{Acme: A}", "", 2, "Acme is no brand"),
    ("{acme: A}", "{}", "", 2, "at least one brand"),
    ("{acme: A}", "{acme: A}", "add_note: {post: /x, body: {text: '{body}'}}\n", 12, "{audit_id} stands nowhere"),
    ("{acme: A}", "{acme: A}", "add_note: {post: /x, body: &a {text: *a}}\n", 12, "an alias stands within"),
    ("{acme: A}", "{acme: A}", "# \x07\n", 12, "special characters"),
    ("    tags:", "    date_of_birth: {value: born, as: iso}\n    tags:", "", 9, "iso is none of"),
    ("    tags:", "    registered_at: 'at'\n    account.status: state\n    tags:", "", 10, "no such key"),
]  # fmt: skip


@pytest.mark.parametrize("wrong", DOUBTFUL, ids=[one[4] for one in DOUBTFUL])
def test_a_doubtful_file_is_told_by_its_line(written: Written, wrong: tuple[str, str, str, int, str]) -> None:
    old, new, more, line, sentence = wrong
    file = written((old, new), more=more)
    with pytest.raises(BadMapping) as told:
        load(file)
    place, _, said = str(told.value).partition(": ")
    assert (place, sentence in said) == (f"{file}:{line}", True), told.value


def test_the_same_thing_said_twice_by_an_alias_is_well(written: Written) -> None:
    text = written(more="add_note: {post: /x, body: {a: &a {text: '{body} {audit_id}'}, b: *a}}\n")
    note = load(text).add_note
    assert note is not None
    assert note.body["a"] == note.body["b"]


@pytest.mark.parametrize("text", ["a", "a.b.c", '"a-b".c', "a.b || c", "a[0].b", "[a, c]", "a.*"])
@pytest.mark.parametrize(
    "reply", [{"a": {"b": {"c": 1}}}, {"a": [{"b": 2}], "c": 0}, {"a-b": {"c": None}}, {"a": "b"}, [], None, "a"]
)
def test_an_expression_finds_what_jmespath_finds(tmp_path: Path, text: str, reply: Any) -> None:
    (file := tmp_path / "one.yaml").write_text(f"one: {json.dumps(text)}")
    assert opened(file).parts()["one"].expression()(reply) == jmespath.search(text, reply)
