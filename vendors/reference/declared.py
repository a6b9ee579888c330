"""What is read of a system that keeps the reference contract: its port's own operations, each under its own name."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Idempotency, Read, Webhooks, Write
from vendors.ports.source import System
from vendors.reference.operations import MOST_ASKS, Manner, operations

EVENTS = Webhooks(
    signature="Standard Webhooks 1.0.0: HMAC-SHA256 over id, timestamp and body; refused 5 minutes from now",
    told_apart_by="`webhook-id`",
    ordered_by="`at`, then `previous`",
    tells="a status, or that records are old",
)
_MUTATIONS = {
    "restrict": ("restrictAccount",), "add_note": ("addPlayerNote",), "create": ("createTicket",),
    "comment": ("addTicketComment",),
    "act": ("approveWithdrawal", "denyWithdrawal", "holdWithdrawal", "releaseWithdrawal"),
}  # fmt: skip


def of(system: System) -> Declared:
    """The declaration of a system of one's own, of this kind."""
    file = f"contracts/{system.value.lower()}.yaml"
    asked = [(one, Call(one.name, one.method, one.path)) for one in operations(system)]
    return Declared(
        documents=(Document(f"[{file}]({file})", "ours"),),
        notes=f"The ports' own operations, up to {MOST_ASKS} keys of one brand a call ([in-house](in-house.md)).",
        reads=[
            Read(port=one.name, calls=(call,), keys=MOST_ASKS)
            for one, call in asked
            if one.manner is not Manner.WRITE
        ],
        writes=[
            Write(
                port=one.name, mutation=mutation, calls=(call,), idempotency=Idempotency.NATIVE,
                read_back="the same `Idempotency-Key` again",
            )
            for one, call in asked
            if one.manner is Manner.WRITE
            for mutation in _MUTATIONS[one.name]
        ],
        webhooks=EVENTS,
    )  # fmt: skip
