"""What is read of Customer.io, and what its document leaves open."""

from __future__ import annotations

from vendors.crm.customerio import ATTRIBUTES, MAX_PAGES, MESSAGES, PAGE_LIMIT, PATH, SEGMENTS, TOUCH_WINDOW
from vendors.crm.customerio_access import LIMITS
from vendors.declared import Call, Declared, Document, Read, Webhooks

_ATTRIBUTES = Call(ATTRIBUTES, "GET", PATH + "attributes")

DECLARED = Declared(
    documents=(Document("App API (journeys-app.json)", "copy of 2026-08"),),
    notes="Three calls a player, so three queries a second.",
    reads=(
        Read(
            port="profiles",
            calls=(_ATTRIBUTES,),
            fields={
                "`crm.consents`": "`unsubscribed` and `cio_subscription_preferences`; a default is nobody's consent,"
                " so null",
            },
            absent={
                "`crm.suppressed`": "null: to suppress deletes the profile, so a suppressed player is like one never"
                " seen"
            },
        ),
        Read(
            port="profiles",
            calls=(Call(SEGMENTS, "GET", PATH + "segments"),),
            pages="one reply",
            fields={"`crm.segments`": "`name`"},
        ),
        Read(
            port="profiles",
            calls=(Call(MESSAGES, "GET", PATH + "messages"),),
            pages=f"{PAGE_LIMIT} messages a page, {MAX_PAGES} pages",
            remark="a second page is asked for only where the first points to it",
            fields={"`crm.touches`": f"the last {TOUCH_WINDOW.days} days; the product answers for six months at most"},
        ),
        Read(
            port="identified",
            calls=(_ATTRIBUTES,),
            fields={
                "`player(externalId:, system: CRM)`": "`<brand>:<id>` as the operator gave it, or the cio_id"
                " (`id_type=cio_id`)"
            },
        ),
    ),
    limits=LIMITS,
    throttled="a 429 names no wait",
    webhooks=Webhooks(
        signature="HMAC-SHA256 over `v0:<timestamp>:<body>`",
        told_apart_by="`event_id`",
        ordered_by="nothing",
        tells="that what is known of the person is old",
    ),
    assumptions=(
        "The last page's `next` is missing, null or empty, or leads to an empty page.",
        "The operator gave each person the id `<brand>:<player>`.",
    ),
)
