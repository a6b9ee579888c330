"""Customer.io as the CRM: its App API, read by the id the operator gave the player. What it says, and where:

docs.customer.io/files/journeys-app.json, copy of 2026-08  getPersonAttributes, getPersonSegments, getPersonMessages;
                                                           10 requests per second, and a 429 that names no wait
docs.customer.io/journeys/set-preferences-outside-center   the shape of cio_subscription_preferences (read 2026-11)
docs.customer.io/journeys/message-statuses                 which event comes after which (read 2026-11)
docs.customer.io/files/journeys-track.json, of 2026-08     to suppress is to delete the profile and to refuse its id

No operation answers whether an id is suppressed: its profile is gone, like one that never was; `suppressed` is None.
The lists the e-mail provider keeps are asked by address, which the gateway does not carry into a URL.
Assumed, as the documents are silent: the last page's `next` is missing, null or empty, or leads to an empty page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from vendors.client import Client, Headers, Sent, each
from vendors.crm.customerio_messages import Message, Messages, belongs_to_another, touch
from vendors.errors import VendorError, VendorMalformedError
from vendors.external_ids import external_id, player_of
from vendors.ports.crm import Channel, Consent, CrmProfile, Segment
from vendors.ports.keys import Key
from vendors.ports.source import Source, System
from vendors.signing import bearer

T = TypeVar("T")

ATTRIBUTES, SEGMENTS, MESSAGES = "getPersonAttributes", "getPersonSegments", "getPersonMessages"
PATH = "/v1/customers/{customer_id}/"
TOUCH_WINDOW = timedelta(days=90)  # the product itself answers for at most six months
PAGE_LIMIT = 1000  # the documented maximum; the order of the list is not documented, so a part of it is worth nothing
MAX_PAGES = 2  # a second page is asked for only where the first one points to it

_PREFERENCES: Mapping[str, Channel] = {  # a channel in cio_subscription_preferences; slack, line and inbox likewise
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
    "push": Channel.PUSH,
    "in_app": Channel.ONSITE,
    "whatsapp": Channel.WHATSAPP,
}
_ENDED_BY_UNSUBSCRIBING = frozenset({Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.WHATSAPP})


class _Preferences(msgspec.Struct, frozen=True):
    """What the player chose himself. The computed preferences are not read: a default is nobody's consent."""

    channels: dict[str, bool] = {}
    topics: dict[str, bool] = {}


class _Attributes(msgspec.Struct, frozen=True):
    """Two of all that the operator may keep on a person: JSON within a string, and Customer.io's own id of him."""

    cio_subscription_preferences: str | None = None
    cio_id: str | None = None


class _Customer(msgspec.Struct, frozen=True):
    id: str
    attributes: _Attributes
    unsubscribed: bool | None = None


class _Person(msgspec.Struct, frozen=True):
    customer: _Customer


class _Segment(msgspec.Struct, frozen=True):
    id: int
    name: str


class _Segments(msgspec.Struct, frozen=True):
    segments: tuple[_Segment, ...]


def sign(app_key: str) -> Sent:
    """Credentials for one workspace: an App API key as bearer token."""

    async def headers(method: str, path: str, body: bytes) -> Headers:
        return bearer(app_key)

    return headers


class CustomerIo:
    """CrmPort over Customer.io: three calls a player at once, none of them repeated here."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock

    async def profiles(self, players: Sequence[Key]) -> Mapping[Key, CrmProfile | VendorError]:
        """Marketing profiles; a player Customer.io does not hold is left out. If one of his calls fails, he fails.

        `touches` are all messages created in the last 90 days, and say nothing of older ones. A player with more of
        them than two pages of 1000 hold is an error.
        """
        return await each(players, self._profile)

    async def identified(self, ids: Sequence[str]) -> Mapping[str, Key | VendorError]:
        """One call an id: the one the operator gave, as a profile tells it, or Customer.io's own, the cio_id."""
        return await each(ids, self._behind)

    async def _behind(self, asked: str) -> Key | None:
        kind = "id" if player_of(asked) else "cio_id"
        person = await self._ask(ATTRIBUTES, "attributes", asked, _Person, id_type=kind)
        if person is None:
            return None
        told = person.customer.id if kind == "id" else person.customer.attributes.cio_id
        if told != asked:
            raise self._malformed(ATTRIBUTES, "id is not the one asked for")
        return player_of(person.customer.id)

    async def _profile(self, player: Key) -> CrmProfile | None:
        asked, now = external_id(player), self._clock()
        answers = await asyncio.gather(
            _settled(self._customer(asked)), _settled(self._segments(asked)), _settled(self._messages(asked, now))
        )  # all three are awaited, so that which failure is told does not depend on which came first
        customer, segments, messages = _sure(answers[0]), _sure(answers[1]), _sure(answers[2])
        if customer is None:
            return None
        if segments is None:
            raise self._malformed(SEGMENTS, "a customer that has attributes is not found")
        if messages is None:
            raise self._malformed(MESSAGES, "a customer that has attributes is not found")
        try:
            touches = [touch(message) for message in messages]
        except (ValueError, OverflowError, OSError) as error:
            raise self._malformed(MESSAGES, "a time cannot be read") from error
        return CrmProfile(
            player=player,
            suppressed=None,
            consents=self._consents(customer),
            segments=tuple(Segment(str(segment.id), segment.name) for segment in segments),
            touches=tuple(sorted(touches, key=lambda one: (one.sent_at, one.id), reverse=True)),
            source=Source(System.CRM, "Customer.io", customer.id, now),
        )

    async def _customer(self, asked: str) -> _Customer | None:
        person = await self._ask(ATTRIBUTES, "attributes", asked, _Person)
        if person is None:
            return None
        if person.customer.id != asked:  # never show one player's consent on another's page
            raise self._malformed(ATTRIBUTES, "id is not the one asked for")
        return person.customer

    async def _segments(self, asked: str) -> Sequence[_Segment] | None:
        """The document knows no paging here: one reply is the whole list."""
        reply = await self._ask(SEGMENTS, "segments", asked, _Segments)
        return None if reply is None else tuple({segment.id: segment for segment in reply.segments}.values())

    async def _messages(self, asked: str, now: datetime) -> Sequence[Message] | None:
        found: dict[str, Message] = {}
        query = {"limit": str(PAGE_LIMIT), "start_ts": str(int((now - TOUCH_WINDOW).timestamp()))}
        for _ in range(MAX_PAGES):
            page = await self._ask(MESSAGES, "messages", asked, Messages, query)
            if page is None:
                return None
            if any(belongs_to_another(message, asked) for message in page.messages):
                raise self._malformed(MESSAGES, "a message is not the customer's")
            found.update({message.id: message for message in page.messages})
            if not page.next or not page.messages:
                return tuple(found.values())
            query["start"] = page.next
        raise self._malformed(MESSAGES, "more messages than are read")

    async def _ask(
        self,
        operation: str,
        what: str,
        asked: str,
        into: type[T],
        query: Mapping[str, str] | None = None,
        *,
        id_type: str = "id",
    ) -> T | None:
        return await self._client.ask(
            operation,
            "GET",
            PATH + what,
            into=into,
            at={"customer_id": asked},
            query={"id_type": id_type, **(query or {})},
        )

    def _consents(self, customer: _Customer) -> Sequence[Consent]:
        text = customer.attributes.cio_subscription_preferences
        try:
            chosen = msgspec.json.decode(text, type=_Preferences) if text else _Preferences()
        except msgspec.DecodeError as error:
            raise self._malformed(ATTRIBUTES, "subscription preferences cannot be read") from error
        return tuple(
            Consent(channel, _granted(channel, chosen.channels.get(word), customer.unsubscribed, chosen.topics))
            for word, channel in _PREFERENCES.items()
        )

    def _malformed(self, operation: str, detail: str) -> VendorMalformedError:
        return VendorMalformedError(self._client.system, operation, detail)


async def _settled(read: Awaitable[T]) -> T | VendorError:
    try:
        return await read
    except VendorError as error:
        return error


def _sure(answer: T | VendorError) -> T:
    if isinstance(answer, VendorError):
        raise answer
    return answer


def _granted(
    channel: Channel, chosen: bool | None, unsubscribed: bool | None, topics: Mapping[str, bool]
) -> bool | None:
    """A yes is the player's own yes to the channel. That he has not unsubscribed is none: nobody need have asked him.

    A message needs its topic and its channel, so where he refused every topic he answered, the channel alone says
    nothing; nor does it where the reply leaves out whether he has unsubscribed from everything.
    """
    if unsubscribed and channel in _ENDED_BY_UNSUBSCRIBING:
        return False
    if chosen and (unsubscribed is None or (topics and not any(topics.values()))):
        return None
    return chosen
