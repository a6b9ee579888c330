"""Hostile documents are refused by one pass, before validation looks at them."""

import pytest
from graphql import parse

from execution.limits import TooMuch, within_limits

CHAIN = (
    "{...f0}" + "".join(f"fragment f{n} on Q{{...f{n + 1} ...f{n + 1}}} " for n in range(40)) + "fragment f40 on Q{a}"
)
NINE = "{x" * 9 + "%s" + "}" * 9
HOSTILE = {
    "DEPTH": "{a" * 40 + "}" * 40,
    "DEPTH through fragments": "{...a}fragment a on Q"
    + "{x" * 9
    + "{...b}"
    + "}" * 9
    + "fragment b on Q"
    + "{x" * 9
    + "}" * 9,
    "ALIASES": "{" + "".join(f"a{n}:a " for n in range(200)) + "}",
    "FRAGMENTS": "{a}" + "".join(f"fragment f{n} on Q{{a}} " for n in range(100)),
    "DIRECTIVES": "{a" + "@x" * 100 + "}",
    "REPEATS": "{" + "a{b} " * 100 + "}",
    "REPEATS through fragments": "{...a ...b}fragment a on Q{" + "a " * 20 + "}fragment b on Q{" + "a " * 20 + "}",
    "REPEATS of a doubling chain": CHAIN,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_by_the_limit_it_breaks(name: str) -> None:
    with pytest.raises(TooMuch) as refusal:
        within_limits(parse(HOSTILE[name]))
    assert refusal.value.limit == name.partition(" ")[0]


def test_an_ordinary_document_passes() -> None:
    within_limits(
        parse("query Q($a: Boolean!) { a @skip(if: $a) { b c { d } } x: a { ...f } } fragment f on Q { b b }")
    )


def test_a_fragment_cycle_is_left_to_validation() -> None:
    within_limits(parse("{...a} fragment a on Q {b ...a}"))
