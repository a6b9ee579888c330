"""The table of words that hint at money laundering, and what is read of what the systems say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resolvers.aml import profile_of
from resolvers.aml_words import AmlTriggerCode, BadAmlWords, load_words
from resolvers.withdrawal_facts import DiagnosisState
from vendors.errors import VendorTimeoutError
from vendors.ports.cashier import Hold
from vendors.ports.keys import Key
from vendors.ports.source import System

WORDS = load_words()
AT = datetime(2026, 11, 1, tzinfo=UTC)


def held(text: str | None) -> list[Hold]:
    return [Hold(Key("withdrawal", "acme", "1"), text, AT)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("AML-HOLD case opened", [AmlTriggerCode.AML_HOLD]), ("aml: see case", [AmlTriggerCode.AML_HOLD]),
        ("ROUTINE review", []), ("not an AML matter", []), ("", []), (None, []),
    ],
)  # fmt: skip
def test_a_hold_hints_by_the_beginning_of_its_text(text: str | None, codes: list[AmlTriggerCode]) -> None:
    profile = profile_of(None, None, held(text), WORDS)
    assert [hint.code for hint in profile.triggers] == codes
    assert profile.state is DiagnosisState.COMPLETE


def test_the_agents_own_text_never_leaves() -> None:
    [hint] = profile_of(None, None, held("AML-HOLD Jane Doe of 1 High Street"), WORDS).triggers
    assert (hint.detail, hint.system, hint.at) == ("AML", System.CASHIER, AT)


def test_a_missing_source_is_said_and_hides_no_hint() -> None:
    profile = profile_of(VendorTimeoutError(System.PAM, "x"), None, held("AML"), WORDS)
    assert (profile.state, profile.unavailable) == (DiagnosisState.PARTIAL_SOURCES, [System.PAM])
    assert len(profile.triggers) == 1


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("- {where: hold.text, word: AML, means: NOTHING}", "$[0].means"),
        ("- {where: moon, word: AML, means: AML_HOLD}", "$[0].where"),
        ("- {where: hold.text, word: A, means: AML_HOLD}", "$[0].word"),
        ("- {where: hold.text, word: AML, means: AML_HOLD, brand: acme}", "brand"),
        ("words: []", "array"), ("- {", "own.yaml"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_with_its_place(tmp_path: Path, table: str, said: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(table)
    with pytest.raises(BadAmlWords, match=r"own\.yaml") as refused:
        load_words(file)
    assert said in str(refused.value)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAmlWords, match=r"none\.yaml"):
        load_words(tmp_path / "none.yaml")
