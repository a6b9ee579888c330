"""What is read of Zendesk and written to it, and what its documents leave open."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Idempotency, Read, Webhooks, Write
from vendors.ticketing.zendesk import COMMENTS, CREATE, REQUESTED, SHOW_MANY, TICKETS, UPDATE
from vendors.ticketing.zendesk_access import LIMITS
from vendors.ticketing.zendesk_lists import MAX_PAGES, PAGE_SIZE
from vendors.ticketing.zendesk_people import CREATE_OR_UPDATE, LINK_SECONDS, MAX_IDS, USERS
from vendors.ticketing.zendesk_people import SHOW_MANY as SHOW_MANY_USERS

_PEOPLE = Call(SHOW_MANY_USERS, "GET", USERS + "show_many")
_SHOWN = Call(SHOW_MANY, "GET", TICKETS + "/show_many")

DECLARED = Declared(
    documents=(
        Document("Support API OpenAPI document", "2025-04"),
        Document("developer.zendesk.com, for paging and limits", "read 2026-11"),
    ),
    reads=(
        Read(
            port="requesters",
            calls=(_PEOPLE,),
            keys=MAX_IDS,
            remark=f"by `external_ids`; remembered for {LINK_SECONDS // 3600} h",
        ),
        Read(
            port="tickets_of",
            calls=(Call(REQUESTED, "GET", USERS + "{user_id}/tickets/requested"),),
            pages=f"{PAGE_SIZE} tickets a page, {MAX_PAGES} pages; a player with more is an error",
            remark="after `requesters`; one requester a call",
            fields={
                "`tickets` (all fields but the two below)": "`id`, `subject`, `status`, `priority`, `updated_at`; an"
                " unknown word is UNKNOWN",
            },
        ),
        Read(
            port="tickets",
            calls=(_SHOWN, _PEOPLE),
            keys=MAX_IDS,
            remark="both by `ids`",
            fields={"`ticket`": "shown if its requester is a player of the brand"},
        ),
        Read(
            port="comments_of",
            calls=(Call(COMMENTS, "GET", TICKETS + "/{ticket_id}/comments"),),
            pages="the newest 20",
            remark="after `tickets`, unless a list has shown the ticket within a minute",
            fields={
                "`tickets.comments`, `internalNotes`": "`body`, `created_at`; split by `public`, one read for both;"
                " `byPlayer` if the author is the requester"
            },
        ),
        Read(
            port="identified",
            calls=(_PEOPLE,),
            keys=MAX_IDS,
            remark="by `ids`",
            fields={
                "`player(externalId:, system: TICKETING)`": "the user's number; `external_id` tells the player",
            },
        ),
    ),
    writes=(
        Write(
            port="create",
            mutation="createTicket",
            calls=(Call(CREATE, "POST", TICKETS),),
            first=(_PEOPLE, Call(CREATE_OR_UPDATE, "POST", USERS + "create_or_update")),
            idempotency=Idempotency.NATIVE,
            read_back="the ticket's `external_id`",
            read_back_by=(Call("ListTickets", "GET", TICKETS),),
            remark="`Idempotency-Key`. The player's profile is read first; whom Zendesk does not know it is told of,"
            " with his external id as name",
        ),
        Write(
            port="comment",
            mutation="addTicketComment",
            calls=(Call(UPDATE, "PUT", TICKETS + "/{ticket_id}"),),
            first=(_SHOWN, _PEOPLE),
            read_back="`metadata.custom.audit_id` of the ticket's audits",
            read_back_by=(Call("ListAuditsForTicket", "GET", TICKETS + "/{ticket_id}/audits"),),
            remark="the ticket is read again first; a closed one is refused",
        ),
    ),
    limits=LIMITS,
    throttled="429 with `Retry-After`",
    webhooks=Webhooks(
        signature="HMAC-SHA256 over timestamp and body, base64",
        told_apart_by="`id`",
        ordered_by="`time`, then `previous`",
        tells="a ticket's status",
    ),
    assumptions=(
        "Known at second hand only, as the copy of the document lacks them: `users/{user_id}/tickets/requested`, the"
        " `Idempotency-Key` on ticket creation, 429 with `Retry-After`.",
        "The operator gave each person the external id `<brand>:<player>`. Its search does not heed case: of two ids"
        " that differ in case alone neither is answered.",
        "Ids unknown to `show_many` are left out of its reply. The reply to a write holds the whole ticket.",
        "The cursor of the requested tickets names no order of creation: all of them are read.",
    ),
)
