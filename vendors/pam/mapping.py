"""What a mapping file says of a PAM: how it is called, where in its replies each record is, and how it says no.

    authorization  {header: Authorization, prefix: "Bearer "}     the token stands in the connection's credentials
    brands         {acme: "101"}                                  the PAM's own word for a brand
    brand          {header: X-Site} or {parameter: site}          how a call says it; `is` by which a reply proves it
    absent         [404]                                          statuses that mean of one id: no such player; where
                                                                  nothing is said, 404 of an id that stands in a path
    refusals       [{when: "error.code == 'LOCKED'", is: conflict}]  in a reply with status 200
    players, balances, responsible_gambling, rounds, open_rounds, search, restrict, add_note

An operation that is left out is one the PAM cannot do. A read is `get` or `post` with `ids` (`parameter`, and how many
at `most`) or `{id}` in its path; `items` finds what it answers, `id` whose each is, `record` what it says. Where an
entry holds several records, `each` finds them in it; where it is one, that there is none cannot be told from an unknown
player. `rounds` are a list, newest first: `limit`, and `until`, the parameter for the instant that none is newer than,
written `as` ISO 8601 unless another way is said.

Of two brands a PAM may know the same id. So with more than one, either every call says the brand or every entry of
`players` does; and where calls do not, the profile is read before a write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from vendors.pam.mapping_fields import Translation, record, translated
from vendors.pam.mapping_file import Expression, Said, opened
from vendors.ports.pam import Balance, GameRound, Player, ResponsibleGambling, RestrictionScope

READS: Mapping[str, Any] = {
    "players": Player,
    "balances": Balance,
    "responsible_gambling": ResponsibleGambling,
    "rounds": GameRound,
    "open_rounds": GameRound,
}
CRITERIA = ("player_id", "email", "phone", "tag", "country", "registered_from", "registered_to")
MEANINGS = ("absent", "busy", "conflict", "down", "rejected")
_READ = ("get", "post", "ids", "query", "items", "id", "record", "each")
_MOST_IDS, _MOST_ITEMS = 1000, 1000
_BRAND = re.compile(r"[a-z][a-z0-9-]{0,31}")
WRITTEN: Mapping[str, Callable[[datetime], str]] = {
    "iso": lambda at: at.astimezone(UTC).isoformat(),
    "epoch_seconds": lambda at: str(int(at.timestamp())),
    "epoch_milliseconds": lambda at: str(int(at.timestamp() * 1000)),
}


class Refusal(msgspec.Struct, frozen=True):
    """What a reply with status 200 means where the expression is true of it."""

    when: Expression
    meaning: str


class Lists(msgspec.Struct, frozen=True):
    """How a list is cut: the parameters for how many, and for the instant that none of them is newer than."""

    limit: str
    most: int
    until: str
    written: Callable[[datetime], str]


class Read(msgspec.Struct, frozen=True):
    """A read. `parameter` None: one call an id, which stands in the path. `each`: an entry holds several records."""

    name: str
    method: str
    path: str
    parameter: str | None
    most: int
    query: Mapping[str, str]
    items: Expression
    id: Expression
    each: Expression | None
    translate: Translation
    listing: Lists | None


class Search(msgspec.Struct, frozen=True):
    """A search; by `criteria` the port's names are told in the PAM's."""

    path: str
    criteria: Mapping[str, str]
    limit: str
    page: str
    items: Expression
    total: Expression


class Write(msgspec.Struct, frozen=True):
    """A write. `{id}`, `{audit_id}` and `{body}` in the body's texts are filled in; `scopes` add their own parts."""

    method: str
    path: str
    body: Any
    idempotency_header: str | None
    scopes: Mapping[RestrictionScope, Any]


class Mapped(msgspec.Struct, frozen=True):
    """A whole file."""

    header: str
    prefix: str
    brands: Mapping[str, str]
    brand_header: str | None
    brand_parameter: str | None
    brand_is: Expression | None
    absent: Sequence[int] | None
    refusals: Sequence[Refusal]
    reads: Mapping[str, Read]
    search: Search | None
    restrict: Write | None
    add_note: Write | None

    @property
    def calls_say_brand(self) -> bool:
        """Whether the PAM itself keeps a call to one brand."""
        return bool(self.brand_header or self.brand_parameter) or self.brand_is is None


def load(path: Path) -> Mapped:
    """The mapping of that file. Raises BadMapping, which names file and line."""
    told = opened(path).parts(
        ("authorization", "brands", "brand", "absent", "refusals", *READS, "search", "restrict", "add_note"),
        ("brands", "players"),
    )
    sent = told["authorization"].parts(("header", "prefix"), ("header",)) if "authorization" in told else {}
    brand = told["brand"].parts(("header", "parameter", "is")) if "brand" in told else {}
    if brand.keys() >= {"header", "parameter"}:
        raise told["brand"].wrong("a call says its brand by a header or by a parameter, not by both")
    brands = _brands(told["brands"])
    if len(brands) > 1 and not brand:
        raise told["brands"].wrong("of several brands, `brand` has to tell how a call says or a reply proves which")
    return Mapped(
        header=sent["header"].text() if sent else "Authorization",
        prefix=sent["prefix"].text() if "prefix" in sent else "" if sent else "Bearer ",
        brands=brands,
        brand_header=brand["header"].text() if "header" in brand else None,
        brand_parameter=brand["parameter"].text() if "parameter" in brand else None,
        brand_is=brand["is"].expression() if "is" in brand else None,
        absent=[one.number(599) for one in told["absent"].items()] if "absent" in told else None,
        refusals=[_refusal(one) for one in told["refusals"].items()] if "refusals" in told else [],
        reads={name: _read(name, kind, told[name]) for name, kind in READS.items() if name in told},
        search=_search(told["search"]) if "search" in told else None,
        restrict=_write(told["restrict"], scoped=True) if "restrict" in told else None,
        add_note=_write(told["add_note"], scoped=False) if "add_note" in told else None,
    )


def _brands(said: Said) -> Mapping[str, str]:
    parts, brands = said.parts(), dict[str, str]()
    for name, word in parts.items():
        if not _BRAND.fullmatch(name):
            raise word.wrong(f"{name} is no brand: lower-case letters, digits and hyphens")
        if word.text() in brands.values():
            raise word.wrong(f"{word.text()} is another brand's word already")
        brands[name] = word.text()
    if not brands:
        raise said.wrong("at least one brand is expected here")
    return brands


def _refusal(said: Said) -> Refusal:
    parts = said.parts(("when", "is"), ("when", "is"))
    return Refusal(parts["when"].expression(), parts["is"].one_of(MEANINGS))


def _called(said: Said, parts: Mapping[str, Said], methods: Sequence[str]) -> tuple[str, str]:
    chosen = [name for name in methods if name in parts]
    if len(chosen) != 1:
        raise said.wrong(f"one of {', '.join(methods)} is expected here")
    path = parts[chosen[0]].text()
    if not path.startswith("/") or "?" in path:
        raise parts[chosen[0]].wrong("a path begins with / and has no query: write it under `query`")
    return chosen[0].upper(), path


def _read(name: str, kind: Any, said: Said) -> Read:
    listed = ("limit", "until") if name == "rounds" else ()
    parts = said.parts((*_READ, *listed), ("items", "id", "record", *listed))
    method, path = _called(said, parts, ("get", "post"))
    if ("ids" in parts) == ("{id}" in path):
        raise said.wrong("a read is of many `ids`, or of the one whose {id} stands in its path")
    ids = parts["ids"].parts(("parameter", "most"), ("parameter", "most")) if "ids" in parts else {}
    if ids and listed:
        raise said.wrong("a list is read of one player a call: {id} stands in its path")
    return Read(
        name=name, method=method, path=path,
        parameter=ids["parameter"].text() if ids else None, most=ids["most"].number(_MOST_IDS) if ids else 1,
        query={key: one.text() for key, one in parts["query"].parts().items()} if "query" in parts else {},
        items=parts["items"].expression(), id=parts["id"].expression(),
        each=parts["each"].expression() if "each" in parts else None,
        translate=record(kind, parts["record"]),
        listing=_lists(parts) if listed else None,
    )  # fmt: skip


def _lists(parts: Mapping[str, Said]) -> Lists:
    limit = parts["limit"].parts(("parameter", "most"), ("parameter", "most"))
    until, written = parts["until"], WRITTEN["iso"]
    if until.is_mapping:
        said = until.parts(("parameter", "as"), ("parameter", "as"))
        until, written = said["parameter"], WRITTEN[said["as"].one_of(tuple(WRITTEN))]
    return Lists(limit["parameter"].text(), limit["most"].number(_MOST_ITEMS), until.text(), written)


def _search(said: Said) -> Search:
    """What is searched for may be personal, and addresses end up in logs: so it is a `post`."""
    names = ("post", "criteria", "limit", "page", "items", "total")
    parts = said.parts(names, names)
    criteria = {name: word.text() for name, word in parts["criteria"].parts(CRITERIA).items()}
    if not criteria:
        raise parts["criteria"].wrong("at least one criterion is expected here")
    return Search(
        _called(said, parts, ("post",))[1], criteria, parts["limit"].text(), parts["page"].text(),
        translated(list[str], parts["items"]), parts["total"].expression(),
    )  # fmt: skip


def _write(said: Said, *, scoped: bool) -> Write:
    more = ("scopes",) if scoped else ()
    parts = said.parts(("post", "put", "patch", "body", "idempotency_header", *more), ("body", *more))
    method, path = _called(said, parts, ("post", "put", "patch"))
    scopes = parts["scopes"].parts([scope.value for scope in RestrictionScope]) if scoped else {}
    body = parts["body"].plain()
    for blank in () if scoped else ("{body}", "{audit_id}"):  # a note is found again by the audit id in it
        if blank not in str(body):
            raise parts["body"].wrong(f"{blank} stands nowhere in it")
    if not isinstance(body, dict):
        raise parts["body"].wrong("a mapping is expected here")
    return Write(
        method, path, body, parts["idempotency_header"].text() if "idempotency_header" in parts else None,
        {RestrictionScope(name): part.plain() for name, part in scopes.items()},
    )  # fmt: skip
