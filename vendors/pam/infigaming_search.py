"""Finding players at InfiGaming (`/v1/backoffice/user/list`, document of 2026-04).

A hit names its operator, but not by the id that settles whose it is. So the operator is a filter of the search, and
whoever uses a hit reads its profile, which proves the brand, and drops what belongs to another.

The document has a filter by `tags`; the comment beside it in the product's own definition says that it is not available
(repository infigaming-com/meepo-api, backoffice/service/v1/backoffice_user.proto, April 2026). So a search by tag is
refused. Whether `registrationEndTime` includes its own instant is not said.
"""

from __future__ import annotations

import msgspec

from vendors.errors import VendorRejectedError
from vendors.pam.infigaming_replies import Call, Paged, check_whole, malformed, readable
from vendors.ports.keys import Key
from vendors.ports.pam import PlayerHits, PlayerSearch
from vendors.ports.source import System

USERS: Call = ("listUsers", "POST", "/v1/backoffice/user/list")


class _User(msgspec.Struct, rename="camel"):
    user_id: str


class Users(Paged, rename="camel"):
    """One page of hits."""

    users: list[_User]


def of_operator(operator_id: str) -> dict[str, object]:
    """The filter that keeps a list to one operator."""
    return {"operatorContextFilters": {"operatorContexts": [{"operatorId": operator_id}]}}


def query_of(search: PlayerSearch, operator_id: str | None) -> dict[str, object]:
    """The body of a search. Raises VendorRejectedError for what the product, or this gateway, does not search by.

    Without a criterion nothing is asked: nobody lists a whole operator.
    """
    criteria = {
        "userId": search.player_id,
        "email": search.email,
        "mobile": search.phone,
        "country": search.country,
        "registrationStartTime": search.registered_from,
        "registrationEndTime": search.registered_to,
    }
    given = {name: value for name, value in criteria.items() if value}
    if operator_id is None or search.tag or not given:
        raise VendorRejectedError(System.PAM, USERS[0], "no operator, a tag, or no criterion")
    return {**given, "page": search.page, "pageSize": search.first, **of_operator(operator_id)}


def hits_of(reply: Users, search: PlayerSearch) -> PlayerHits:
    """Raises VendorMalformedError for another page than asked, where players would be lost, or another user."""
    check_whole(USERS, len(reply.users), reply, search.page, search.first)
    if search.player_id and any(user.user_id != search.player_id for user in reply.users):
        raise malformed(USERS, "a user who was not searched for")
    keys = readable(USERS, lambda: [Key.parse(f"player:{search.brand}:{user.user_id}") for user in reply.users])
    return PlayerHits(keys, reply.total)
