"""What staff may do at the desk: open a ticket, add a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from graphql import GraphQLError
from typing_extensions import Doc

from auth.acts import ActionContext, Finding, Result
from resolvers.acting import (
    MutationRoot,
    act,
    asked,
    not_found,
    player_finding,
    precondition,
    refused,
    sentence,
    text,
    unread,
)
from resolvers.context import Context
from resolvers.scope import parse_key
from vendors.errors import VendorError
from vendors.ports.keys import Id, Key
from vendors.ports.source import System
from vendors.ports.ticketing import NewComment, NewTicket, Ticket, TicketPriority, TicketStatus

MOST_SUBJECT, MOST_BODY = 150, 10_000


class CreateTicketInput(msgspec.Struct, frozen=True):
    """A ticket in the player's name."""

    player_id: Annotated[Id, Doc("`player:<brand>:<id>`.")]
    subject: Annotated[str, Doc(f"At most {MOST_SUBJECT} characters.")]
    body: Annotated[str, Doc(f"At most {MOST_BODY} characters.")]
    context: ActionContext
    public: Annotated[bool, Doc("Whether the player sees the message.")] = False
    priority: Annotated[TicketPriority, Doc("How soon it wants an answer.")] = TicketPriority.NORMAL


class CommentInput(msgspec.Struct, frozen=True):
    """A message in a ticket."""

    ticket_id: Annotated[Id, Doc("`ticket:<brand>:<id>`.")]
    body: Annotated[str, Doc(f"At most {MOST_BODY} characters.")]
    public: Annotated[bool, Doc("Whether the player sees it.")]
    context: ActionContext
    set_status: Annotated[TicketStatus | None, Doc("The ticket's status from then on.")] = None


class TicketPayload(Result, frozen=True):
    """What became of an action on a ticket."""

    ticket: Ticket | None = None


async def create_ticket(
    roots: Sequence[MutationRoot], ctx: Context, *, input: CreateTicketInput
) -> Sequence[TicketPayload]:
    """Opens a ticket."""
    key, opened = parse_key(input.player_id, "player"), list[Ticket]()
    subject, body = text(input.subject, "subject", MOST_SUBJECT), text(input.body, "body", MOST_BODY)

    async def perform(audit_id: str) -> str | None:
        ticket = NewTicket(key, subject, body, input.public, input.priority, (), audit_id)
        opened.append(await ctx.reads.ports.ticketing.create(ticket))
        ctx.reads.saw(opened)
        return opened[0].id.local

    request = asked("ticket.create", key, key, input.context, input, public=input.public, priority=input.priority.value)
    check = lambda: player_finding(ctx, key)  # noqa: E731
    result = await act(ctx, request, owner=key, system=System.TICKETING, check=check, perform=perform)
    if not opened and result.replayed and result.steps and result.steps[0].reference:
        again = Key("ticket", key.brand, result.steps[0].reference)
        opened.extend(one for one in await ctx.reads.tickets.load([again]) if isinstance(one, Ticket))
    return [TicketPayload(**msgspec.structs.asdict(result), ticket=opened[0] if opened else None)]


async def add_ticket_comment(
    roots: Sequence[MutationRoot], ctx: Context, *, input: CommentInput
) -> Sequence[TicketPayload]:
    """Adds a message to a ticket."""
    key, body, answered = parse_key(input.ticket_id, "ticket"), text(input.body, "body", MOST_BODY), list[Ticket]()
    if input.set_status is not None and "ticket.update" not in ctx.scopes:
        raise GraphQLError("CommentInput.setStatus needs ticket.update.", extensions={"code": "FORBIDDEN"})
    again = asked("ticket.comment.add", key, key, input.context, input)
    if ctx.scope.holds_brand(key.brand) and (told := await ctx.road.told(ctx.principal, again)) is not None:
        return [TicketPayload(**msgspec.structs.asdict(told))]
    found = (await ctx.reads.tickets.load([key]))[0] if ctx.scope.holds_brand(key.brand) else None
    if not isinstance(found, Ticket) or found.player is None:
        failed = refused("VENDOR_UNAVAILABLE", sentence(found)) if isinstance(found, VendorError) else not_found()
        return [TicketPayload(**msgspec.structs.asdict(failed))]

    async def check() -> Finding:
        ctx.reads.tickets.forget([key])
        ticket = (await ctx.reads.tickets.load([key]))[0]
        if not isinstance(ticket, Ticket):
            return unread(ticket)
        errors = [precondition("A closed ticket takes no messages.")] if ticket.status is TicketStatus.CLOSED else []
        return Finding(errors, version=ticket.version)

    async def perform(audit_id: str) -> str | None:
        comment = NewComment(key, body, input.public, input.set_status, audit_id)
        answered.append(await ctx.reads.ports.ticketing.comment(comment))
        ctx.reads.saw(answered)
        return key.local

    status = input.set_status.value if input.set_status else None
    request = asked(
        "ticket.comment.add", key, found.player, input.context, input, public=input.public, setStatus=status
    )
    result = await act(ctx, request, owner=found.player, system=System.TICKETING, check=check, perform=perform)
    return [TicketPayload(**msgspec.structs.asdict(result), ticket=answered[0] if answered else None)]
