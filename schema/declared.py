"""The one Publication the schema is declared on, and what every area of it uses: ids, money, provenance."""

from __future__ import annotations

from typing import Any, NewType

import strawberry

from auth.audit_chain import Phase
from auth.permissions import ERROR, PUBLIC, P
from execution.connections import PageInfo
from execution.enums import published_enum
from execution.publication import Publication, field
from resolvers.node import Node
from vendors.ports.bonus import GrantStatus
from vendors.ports.cashier import Direction
from vendors.ports.keys import Id, Key
from vendors.ports.money import Money
from vendors.ports.source import Source, System

Long = NewType("Long", int)
SCALARS: dict[object, Any] = {
    Long: strawberry.scalar(
        name="BigInt", description="A 64-bit integer, as a JSON number.", serialize=int, parse_value=int
    ),
}
for enum, name in (  # what the vocabulary calls otherwise than the program does
    (System, "VendorSystem"), (Direction, "PaymentDirection"), (GrantStatus, "BonusGrantStatus"), (Phase, "AuditPhase"),
):  # fmt: skip
    published_enum(enum, name)
graph = Publication(PUBLIC, ERROR, {Key: strawberry.ID, Id: strawberry.ID, Long: Long})


@graph.publishes(Node, name="Node", requires=PUBLIC, abstract=True, description="Anything with an id of its own.")
class NodeType:
    id = field("`<kind>:<brand>:<id>`; the brand and the kind stand in it.", as_type=strawberry.ID)


@graph.publishes(PageInfo, name="PageInfo", requires=PUBLIC, description="Where a part of a list begins and ends.")
class PageInfoType:
    has_next_page = field("Whether there are more behind `endCursor`.")
    has_previous_page = field("Whether this part was asked for with `after`.")
    start_cursor = field("The first item's cursor.")
    end_cursor = field("The last item's cursor: pass it as `after`.")


@graph.publishes(Source, name="Provenance", requires=PUBLIC, description="Where an object came from, how fresh it is.")
class SourceType:
    system = field("The system that answered.")
    vendor = field("The product behind it, such as PaymentIQ.")
    vendor_id = field("The object's key there: quote it to the vendor.")
    fetched_at = field("When it was read, UTC.")
    stale = field("True if a cache answered with what is past its time: the vendor could not, or is asked again now.")
    deep_link = field("The object in the vendor's own panel.", requires=P.VENDOR_HEALTH_READ | P.TICKET_READ)


@graph.publishes(Money, name="Money", requires=PUBLIC, description="An amount; currencies are never summed.")
class MoneyType:
    amount_minor = field("Minor units of `currency`.", as_type=Long)
    currency = field("ISO 4217.")
    exponent = field("Digits after the point: 2 for EUR, 0 for JPY.")
    amount = field("The same amount as a decimal string.")
