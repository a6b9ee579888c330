"""Masked forms of personal data: enough to recognise, too little to use. Each answers text for text.

No mask tells how long the value is, and a value too short or too strange for its mask is hidden whole. The functions
carry the names of the mask strategies.
"""

from __future__ import annotations

import ipaddress
import re

HIDDEN = "***"


def email(value: str) -> str:
    """The first letters and the ending: `ada.ash@mail.example` -> `a***@m***.example`."""
    name, _, host = value.partition("@")
    domain, _, ending = host.rpartition(".")
    return f"{name[:1]}***@{domain[:1]}***.{ending}" if domain else HIDDEN


def phone(value: str) -> str:
    """The last three digits."""
    digits = _digits(value)
    return HIDDEN + digits[-3:] if len(digits) > 6 else HIDDEN


def name(value: str) -> str:
    """The first letter."""
    return value[:1] + HIDDEN


def address(value: str) -> str:
    """The first character of a line or a postal code: `10 High Street` -> `1***`."""
    return value.strip()[:1] + HIDDEN


def date_of_birth(value: str) -> str:
    """The year: `1985-04-03` -> `1985-**-**`. Anything but an ISO 8601 calendar date is hidden."""
    date = re.fullmatch(r"([0-9]{4})-[0-9]{2}-[0-9]{2}", value)
    return f"{date[1]}-**-**" if date else HIDDEN


def pan(value: str) -> str:
    """A card number's first six and last four digits, the most that PCI DSS 4.0 requirement 3.4.1 lets be shown.

    A card number has 12 to 19 digits (ISO/IEC 7812-1). Below 16 the first six are withheld too, so that at least six
    digits stay hidden; a number that a vendor masked already keeps its last four.
    """
    packed = re.sub(r"[ -]", "", value)
    if re.fullmatch(r"[0-9]{16,19}", packed):
        return packed[:6] + HIDDEN + packed[-4:]
    return HIDDEN + packed[-4:] if re.fullmatch(r"[0-9]{12,15}|[0-9]{0,8}[*xX]+[0-9]{4}", packed) else HIDDEN


def iban(value: str) -> str:
    """The country and the last four characters: `GB29 NWBK 6016 1331 9268 19` -> `GB***6819`."""
    packed = re.sub(r"\s", "", value).upper()
    return f"{packed[:2]}***{packed[-4:]}" if re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", packed) else HIDDEN


def national_id(value: str) -> str:
    """The last two characters; never the first, which hold the date of birth in many countries."""
    packed = re.sub(r"[^0-9A-Za-z]", "", value)
    return HIDDEN + packed[-2:] if len(packed) > 6 else HIDDEN


def ip(value: str) -> str:
    """The network: the first two numbers of an IPv4 address, the first two groups of an IPv6 address."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return HIDDEN
    if address.version == 4:
        return ".".join(value.split(".")[:2]) + ".*.*"
    return ":".join(address.exploded.split(":")[:2]) + ":***"


def full(value: str) -> str:
    """Nothing of the value, not even its length."""
    return HIDDEN


def _digits(value: str) -> str:
    """The decimal digits 0-9 of a value."""
    return re.sub(r"[^0-9]", "", value)
