"""Which vendor words hint at money laundering: a table of the operator's, read from aml_words.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec

WORDS_FILE = Path(__file__).with_name("aml_words.yaml")


class BadAmlWords(ValueError):
    """The file cannot be a table of words; the sentence names the file and the place."""


class AmlTriggerCode(Enum):
    """What a vendor's word hints at."""

    AML_HOLD = "AML_HOLD"
    SANCTIONS_MATCH = "SANCTIONS_MATCH"
    PEP_MATCH = "PEP_MATCH"
    ADVERSE_MEDIA = "ADVERSE_MEDIA"
    WATCHLIST_MATCH = "WATCHLIST_MATCH"
    FRAUD_SUSPICION = "FRAUD_SUSPICION"
    COMPLIANCE_REVIEW = "COMPLIANCE_REVIEW"


class Where(Enum):
    """What a word is held against; aml_words.yaml says what each is."""

    HOLD_TEXT = "hold.text"
    KYC_LABEL = "kyc.label"
    PAM_BAN = "pam.ban"
    PAM_TAG = "pam.tag"


class AmlWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the table."""

    where: Where
    word: Annotated[str, msgspec.Meta(min_length=2)]
    means: AmlTriggerCode

    def fits(self, where: Where, said: str) -> bool:
        """A hold's text by its beginning, everything else whole; the case of letters does not count."""
        asked, told = self.word.casefold(), said.casefold()
        return where is self.where and (told.startswith(asked) if where is Where.HOLD_TEXT else told == asked)


def load_words(path: Path = WORDS_FILE) -> Sequence[AmlWord]:
    """Raises BadAmlWords."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=tuple[AmlWord, ...])
    except (OSError, msgspec.DecodeError) as error:
        raise BadAmlWords(f"{path.name}: {error}") from error
