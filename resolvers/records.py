"""What hangs on a player and is one read away: verification, bonuses, games, marketing, tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from typing_extensions import Doc

from execution.connections import Connection
from execution.fields import Partial
from resolvers.context import Context
from resolvers.lists import After, First, connections
from resolvers.player import Root
from resolvers.scope import in_scope, parse_key, released
from vendors.errors import VendorError
from vendors.ports.aggregator import Game, RoundAsk
from vendors.ports.bonus import BonusGrant
from vendors.ports.crm import CrmProfile
from vendors.ports.keys import Id, Key
from vendors.ports.kyc import Applicant, KycProfile, KycRequirement
from vendors.ports.pam import GameRound, Player, PlayerKey
from vendors.ports.ticketing import Ticket, TicketComment


async def kyc_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[KycProfile | VendorError | None]:
    """Verification at the KYC vendor; null if it has never seen the player."""
    return await ctx.reads.kyc.load([player.id for player in players])


async def requirements_of(
    profiles: Sequence[KycProfile], ctx: Context
) -> Sequence[Sequence[KycRequirement] | VendorError | None]:
    """The steps of the level."""
    return await ctx.reads.requirements.load([Applicant(p.player, p.source.vendor_id or "") for p in profiles])


async def grants_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[Sequence[BonusGrant] | VendorError | None]:
    """Bonuses, newest first."""
    return await ctx.reads.grants.load([player.id for player in players])


async def rounds_of(
    players: Sequence[PlayerKey], ctx: Context, *, first: First = 20, after: After = None
) -> Sequence[Connection[GameRound] | Exception | None]:
    """Bets, newest first."""
    keys = [player.id for player in players]
    return await connections(ctx.reads.rounds, keys, ctx, name="Player.gameRounds", first=first, after=after)


async def round_game_of(rounds: Sequence[GameRound], ctx: Context) -> Sequence[Game | VendorError | None]:
    """The title, from the aggregator's catalogue."""
    return await ctx.reads.games.load([Key("game", bet.id.brand, bet.game_code) for bet in rounds])


async def round_link_of(rounds: Sequence[GameRound], ctx: Context) -> Sequence[str | VendorError | None]:
    """The game vendor's own page of the round; null if the PAM does not name it there."""
    asks = {bet.id: RoundAsk(bet.player, bet.provider_transaction) for bet in rounds if bet.provider_transaction}
    found = dict(zip(asks, await ctx.reads.round_links.load(list(asks.values())), strict=True))
    return [found.get(bet.id) for bet in rounds]


async def game_of(
    roots: Sequence[Root], ctx: Context, *, id: Annotated[Id, Doc("`game:<brand>:<code>`.")]
) -> Sequence[Game | VendorError | None]:
    """One title of a brand's catalogue."""
    key = parse_key(id, "game")
    if not ctx.scope.holds_brand(key.brand):
        return [None for _ in roots]
    return (await ctx.reads.games.load([key])) * len(roots)


async def crm_of(players: Sequence[PlayerKey], ctx: Context) -> Sequence[CrmProfile | VendorError | None]:
    """The player as marketing sees him; null if the CRM has never seen him."""
    return await ctx.reads.crm.load([player.id for player in players])


async def tickets_of(
    players: Sequence[PlayerKey], ctx: Context, *, first: First = 20, after: After = None
) -> Sequence[Connection[Ticket] | Exception | None]:
    """Tickets the player asked for, newest first."""
    keys = [player.id for player in players]
    return await connections(ctx.reads.tickets_of, keys, ctx, name="Player.tickets", first=first, after=after)


async def ticket_of(
    roots: Sequence[Root], ctx: Context, *, id: Annotated[Id, Doc("`ticket:<brand>:<id>`.")]
) -> Sequence[Ticket | VendorError | None]:
    """A ticket is shown if its requester is a player in the caller's scope."""
    key = parse_key(id, "ticket")
    if not ctx.scope.holds_brand(key.brand):
        return [None for _ in roots]
    ticket = (await ctx.reads.tickets.load([key]))[0]
    if not isinstance(ticket, Ticket):
        return [ticket for _ in roots]
    judged = (await in_scope([ticket.player], ctx))[0]
    answer = judged if isinstance(judged, VendorError) else ticket if judged else None
    return [answer for _ in roots]


async def requester_of(tickets: Sequence[Ticket], ctx: Context) -> Sequence[Player | Partial | VendorError | None]:
    """Who asked, judged by what the PAM says of him now."""
    keys = [ticket.player for ticket in tickets if ticket.player]
    found = dict(zip(keys, await released(keys, ctx), strict=True))
    return [found.get(ticket.player) if ticket.player else None for ticket in tickets]


async def comments_of(
    tickets: Sequence[Ticket], ctx: Context, *, first: First = 20
) -> Sequence[Sequence[TicketComment] | Exception | None]:
    """What the player was shown of the conversation, newest first."""
    return await _comments(tickets, ctx, first, public=True)


async def internal_notes_of(
    tickets: Sequence[Ticket], ctx: Context, *, first: First = 20
) -> Sequence[Sequence[TicketComment] | Exception | None]:
    """What only staff may read, newest first."""
    return await _comments(tickets, ctx, first, public=False)


async def _comments(
    tickets: Sequence[Ticket], ctx: Context, first: int, *, public: bool
) -> list[Sequence[TicketComment] | Exception | None]:
    keys = [ticket.id for ticket in tickets]
    pages = await connections(ctx.reads.comments, keys, ctx, name="Ticket.comments", first=first, after=None)
    return [
        [edge.node for edge in page.edges if edge.node.public is public] if isinstance(page, Connection) else page
        for page in pages
    ]
