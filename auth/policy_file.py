"""policy.yaml as a Policy: what it says that the program does not know stops the start with the file and the key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml

from auth.duties import Band, FourEyes, Incompatible
from auth.permissions import KNOWN_SCOPES
from auth.policy import SELF_SCOPES, Audience, Policy, ReasonRule, Reasons, Role

T = TypeVar("T")
POLICY_FILE = Path(__file__).with_name("policy.yaml")
ACTION = re.compile(r"[a-z]+(\.[a-z]+)+")
AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))? ([A-Z]{3,5})")


class BadPolicy(ValueError):
    """The file cannot be a policy; the sentence names the file and the key."""


def load(path: Path = POLICY_FILE) -> Policy:
    """Raises BadPolicy that names the file, the key, and what is wrong there."""
    source = path.read_bytes()
    try:
        file = _read(_Loader(source).get_single_data(), _File, "the file")
        roles = {name: _scopes(f"roles.{name}", name, said) for name, said in file.roles.items()}
        return Policy(
            hashlib.sha256(source).hexdigest()[:12],
            roles,
            _thresholds(file, roles),
            {action: _reasons(action, said) for action, said in file.reason_codes.items()},
            {who: _own(who, said) for who, said in file.own_accounts.items()},
            {action: _four_eyes(action, said, file, roles) for action, said in file.four_eyes.items()},
            [_read(said, Incompatible, f"incompatible.{place}") for place, said in enumerate(file.incompatible)],
            _audiences(file, roles),
        )
    except (ValueError, yaml.YAMLError) as error:
        raise BadPolicy(f"{path.name}: {error}") from error


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's top level; what lies below is read piece by piece, so that an error can name the piece."""

    roles: dict[str, Any]
    currencies: dict[str, Annotated[int, msgspec.Meta(ge=0, le=18)]] = {}  # digits after the point
    thresholds: dict[str, dict[str, Any]] = {}
    reason_codes: dict[str, Any] = {}
    own_accounts: dict[str, Any] = {}
    four_eyes: dict[str, Any] = {}
    incompatible: list[Any] = []
    audiences: dict[str, list[str]] = {}


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role as written: what it may look at, and what it may change or sign."""

    sees: list[str]
    does: list[str]


class _Eyes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of four eyes as written."""

    permissions: frozenset[str]
    hours: Annotated[int, msgspec.Meta(ge=1, le=720)]
    bands: list[_Band]


class _Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A band as written."""

    up_to: list[str]
    signed_by: Annotated[list[frozenset[str]], msgspec.Meta(min_length=1)]


# libyaml reads the policy in a tenth of the time, where it is there.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which a key stands once: a role written twice would otherwise silently lose its first half."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
            raise ValueError(f"line {node.start_mark.line + 1}: written twice: {', '.join(map(str, twice))}")
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _read(said: Any, shape: type[T], where: str) -> T:
    """What is written at a place, in the shape it must have there."""
    try:
        return msgspec.convert(said, shape)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {error}") from error


def _scopes(where: str, name: str, said: Any) -> frozenset[str]:
    """A role's scopes, every one of them known."""
    if name not in set(Role):
        raise ValueError(f"{where}: no such role")
    role = _read(said, _Said, where)
    scopes = frozenset([*role.sees, *role.does])
    if unknown := sorted(scopes - KNOWN_SCOPES):
        raise ValueError(f"{where}: no such permission: {', '.join(unknown)}")
    if (name == Role.PLAYER) != bool(scopes & SELF_SCOPES) or (name == Role.PLAYER and scopes != SELF_SCOPES):
        raise ValueError(f"{where}: {', '.join(SELF_SCOPES)} is all that a player carries, and nobody else carries it")
    return scopes


def _audiences(file: _File, roles: Mapping[str, frozenset[str]]) -> dict[Audience, frozenset[str]]:
    """Each audience's roles; nobody is of two."""
    found: dict[Audience, frozenset[str]] = {}
    for name, members in file.audiences.items():
        where = f"audiences.{name}"
        if name not in set(Audience) or name == Audience.STAFF:
            raise ValueError(f"{where}: no such audience")
        if unknown := sorted(set(members) - roles.keys()):
            raise ValueError(f"{where}: no such role: {', '.join(unknown)}")
        if taken := sorted(frozenset(members) & frozenset().union(*found.values())):
            raise ValueError(f"{where}: of another audience too: {', '.join(taken)}")
        found[Audience(name)] = frozenset(members)
    return found


def _thresholds(file: _File, roles: Mapping[str, frozenset[str]]) -> dict[str, dict[str, dict[str, int]]]:
    """Action -> role -> currency -> minor units; every role must hold the action's permission."""
    limits: dict[str, dict[str, dict[str, int]]] = {}
    for action, lines in file.thresholds.items():
        if action not in KNOWN_SCOPES:
            raise ValueError(f"thresholds.{action}: no such permission")
        for role, said in lines.items():
            where = f"thresholds.{action}.{role}"
            if action not in roles.get(role, frozenset()):
                raise ValueError(f"{where}: no such role, or it does not hold {action}")
            amounts = list(_amounts(where, _read(said, list[str], where), file.currencies))
            limits.setdefault(action, {})[role] = dict(amounts)
            if len(limits[action][role]) < len(amounts):
                raise ValueError(f"{where}: a currency has two amounts")
    return limits


def _amounts(where: str, said: Sequence[str], digits: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """`2000 EUR` as (EUR, 200000): exact, and only in a currency whose digits are known."""
    for text in said:
        amount = AMOUNT.fullmatch(text)
        if not amount:
            raise ValueError(f"{where}: {text!r} is not an amount like 2000 EUR")
        whole, fraction, currency = amount[1], amount[2] or "", amount[3]
        if currency not in digits:
            raise ValueError(f"{where}: {text!r}: {currency} is not among the currencies")
        if len(fraction) > digits[currency]:
            raise ValueError(f"{where}: {text!r} has more digits than {currency} has")
        yield currency, int(whole + fraction.ljust(digits[currency], "0"))


def _reasons(action: str, said: Any) -> Reasons:
    """An action's reasons: every code once, and codes where one is asked."""
    where = f"reason_codes.{action}"
    if not ACTION.fullmatch(action):
        raise ValueError(f"{where}: an action is written like withdrawal.deny")
    reasons = _read(said, Reasons, where)
    codes = [known.code for known in reasons.codes]
    if len(set(codes)) < len(codes):
        raise ValueError(f"{where}: a code is written twice")
    if bool(codes) == (reasons.reason is ReasonRule.NONE):
        raise ValueError(f"{where}: {reasons.reason} {'takes no codes' if codes else 'needs codes'}")
    return reasons


def _four_eyes(action: str, said: Any, file: _File, roles: Mapping[str, frozenset[str]]) -> FourEyes:
    """A rule whose every signer may sign, and whose last band alone holds any amount."""
    where = f"four_eyes.{action}"
    eyes = _read(said, _Eyes, where)
    bands = [Band(dict(_amounts(where, band.up_to, file.currencies)), band.signed_by) for band in eyes.bands]
    if [bool(band.up_to) for band in bands] != [True] * (len(bands) - 1) + [False]:
        raise ValueError(f"{where}: the last band, and no other, has no amount")
    if unknown := sorted(eyes.permissions - KNOWN_SCOPES):
        raise ValueError(f"{where}: no such permission: {', '.join(unknown)}")
    signers = frozenset().union(*(group for band in bands for group in band.signed_by))
    for role in sorted(signers):
        if not eyes.permissions & roles.get(role, frozenset()) or "approval.decide" not in roles[role]:
            raise ValueError(f"{where}: {role} is no role, or may not sign")
    return FourEyes(eyes.permissions, eyes.hours, bands)


def _own(subject: str, said: Any) -> frozenset[str]:
    """The players one member of staff may not act on, by the graph's ids."""
    where = f"own_accounts.{subject}"
    players = _read(said, frozenset[str], where)
    if wrong := sorted(player for player in players if not re.fullmatch(r"player:[^:]+:.+", player)):
        raise ValueError(f"{where}: not a player's id like player:acme:s-001: {', '.join(wrong)}")
    return players
