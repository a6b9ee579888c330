"""What is read of Intercom and written to it, and what its documents leave open."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Read, Webhooks, Write
from vendors.ticketing.intercom import CREATE, REPLY, SEARCH, SHOW
from vendors.ticketing.intercom_access import LIMITS
from vendors.ticketing.intercom_people import FIND, INTRODUCE
from vendors.ticketing.intercom_people import SHOW as SHOW_CONTACT
from vendors.ticketing.intercom_search import MAX_IDS, MAX_LIST, MAX_PAGES, PAGE_SIZE

_CONTACTS, _TICKETS = Call(FIND, "POST", "/contacts/search"), Call(SEARCH, "POST", "/tickets/search")

DECLARED = Declared(
    documents=(
        Document("OpenAPI document 2.15", "2026-08"),
        Document("developers.intercom.com, for notifications and limits", "read 2026-11"),
    ),
    notes=(
        "A ticket type has to have a text attribute for our audit id; one workspace holds every brand. Conversations,"
        " which Intercom holds apart from tickets, are not read: nothing in one tells that it became a ticket, and"
        " nothing tells their ids from those of tickets, so one matter could be shown twice and a key mean two things."
    ),
    reads=(
        Read(port="requesters", calls=(_CONTACTS,), keys=MAX_IDS, remark="by `external_id`"),
        Read(
            port="tickets_of",
            calls=(_CONTACTS, _TICKETS),
            keys=MAX_IDS,
            pages=f"{PAGE_SIZE} tickets a page, {MAX_PAGES} pages",
            remark="contacts by `external_id`, then their tickets by `contact_ids`: one of each",
            fields={
                "`tickets`": "`ticket_attributes._default_title_`, `ticket_state.category` and `open`, `updated_at`;"
                " the ticket's own contact proves whose it is",
            },
            absent={"`tickets.priority`, tags": "null and empty"},
        ),
        Read(port="tickets", calls=(_TICKETS,), keys=MAX_IDS, fields={"`ticket`": "the same"}),
        Read(
            port="comments_of",
            calls=(Call(SHOW, "GET", "/tickets/{ticket_id}"),),
            pages="500 parts; a ticket with more is an error",
            fields={
                "`tickets.comments`, `internalNotes`": "parts with words, as text: `comment` is the player's to read,"
                " any other kind staff's alone. The description, of which no field tells the author, is not among them",
            },
        ),
        Read(
            port="identified",
            calls=(_CONTACTS,),
            keys=MAX_IDS,
            remark="by `id`",
            fields={"`player(externalId:, system: TICKETING)`": "the contact's id"},
        ),
    ),
    writes=(
        Write(
            port="create",
            mutation="createTicket",
            calls=(Call(CREATE, "POST", "/tickets"),),
            first=(
                _CONTACTS,
                Call(INTRODUCE, "POST", "/contacts"),
                Call(SHOW_CONTACT, "GET", "/contacts/find_by_external_id/{external_id}"),
            ),
            read_back="an attribute of the ticket, by `ticket_attribute.{id}`",
            read_back_by=(_TICKETS,),
            remark="whom Intercom does not know is made a contact first, and asked for where it says 409. Another"
            " priority than NORMAL is refused, and `public: false` without a type for staff",
        ),
        Write(
            port="comment",
            mutation="addTicketComment",
            calls=(Call(REPLY, "POST", "/tickets/{ticket_id}/reply"),),
            first=(_TICKETS,),
            remark="a part has no place for an id of ours. `setStatus` is refused",
        ),
    ),
    limits=LIMITS,
    throttled="a 429 names the moment; 10,000 calls a minute, counted in windows of ten seconds",
    webhooks=Webhooks(
        signature="`X-Hub-Signature`, HMAC-SHA-1",
        told_apart_by="`id`",
        ordered_by="`created_at`, whole seconds",
        tells="`ticket.created`, `ticket.state.updated`, `ticket.closed`, `ticket.resolved` tell a state;"
        " `ticket.note.created` and other topics make the ticket's records old",
    ),
    assumptions=(
        f"Known at second hand only: a list of `IN` holds at most {MAX_LIST} values (the document calls it a short"
        f" form of `OR`, whose groups hold {MAX_LIST}), `ticket.closed` and `ticket.resolved`. {MAX_IDS} ids are asked"
        " for as a group of such lists.",
        "A search may not find a contact for some minutes after he was made. The process that made him remembers him"
        " for ten minutes; another one may till then answer that Intercom does not know him.",
        "A `comment` is the player's to read; other kinds of part that have words are not, as no page says so of them.",
        "The ticket in a notification is as the API shows it, in the version chosen for the app; its state may be a"
        " bare word.",
        "An attribute of the ticket types holds our audit id, and the reply to a creation shows it.",
        "The operator gave each person the external id `<brand>:<player>`.",
    ),
)
