"""The whole graph: the roots, and the schema that is built of every area.

A field a vendor fills is nullable; what stands in the same record as its object is not. Amounts are minor units.
"""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from auth.permissions import PUBLIC, SELF, SIGNED_IN, P
from execution.publication import field
from resolvers import actions, desk_actions
from resolvers.acting import MutationRoot
from resolvers.approvals import approvals_of, decide_approval
from resolvers.gateway import audit_of, explain_access_of, vendor_health_of, viewer_of
from resolvers.node import node_of, node_type
from resolvers.payments import transaction_of, transactions_of, withdrawal_queue_of
from resolvers.player import Root, me_key, me_of, player_key, player_of, players_of, search_players_of
from resolvers.records import game_of, ticket_of
from schema import approvals, areas, operations, payments, player  # noqa: F401  # each declares its types
from schema.declared import SCALARS, graph

APPROVE, REVIEW = P.WITHDRAWAL_APPROVE | P.WITHDRAWAL_APPROVE_HIGH, P.WITHDRAWAL_REVIEW


@graph.publishes(Root, name="Query", requires=PUBLIC, description="Start here.")
class QueryType:
    viewer = field("Who is asking.", resolver=viewer_of, requires=SIGNED_IN)
    me = field("The player himself, for a player's token.", resolver=me_of, key=me_key, requires=SELF)
    node = field(
        "Anything by its id, under the rule of what it is.", resolver=node_of, requires=SIGNED_IN,
        narrows=node_type,
    )  # fmt: skip
    player = field(
        "One player, by id or by another system's id of him; null if unknown or outside your brands and markets.",
        resolver=player_of, key=player_key, requires=P.PLAYER_READ,
    )  # fmt: skip
    players = field("Players by id, one entry each, in order.", resolver=players_of, requires=P.PLAYER_READ)
    search_players = field("Players who match.", resolver=search_players_of, requires=P.PLAYER_SEARCH)
    transaction = field("One payment by its id.", resolver=transaction_of, requires=P.PAYMENT_READ)
    transactions = field(
        "Payments of a brand, newest first.", resolver=transactions_of,
        requires=P.PAYMENT_READ & (P.PAYMENT_ANALYTICS_READ | P.WITHDRAWAL_REVIEW),
    )  # fmt: skip
    withdrawal_queue = field("Withdrawals that wait for the operator.", resolver=withdrawal_queue_of, requires=REVIEW)
    game = field("One title.", resolver=game_of, requires=P.GAME_READ)
    ticket = field("One ticket by its id.", resolver=ticket_of, requires=P.TICKET_READ)
    vendor_health = field("How every product has been answering.", resolver=vendor_health_of)
    explain_access = field("Who may see a field, and what others see instead.", resolver=explain_access_of)
    approvals = field("What waits for a second person, the oldest first.", resolver=approvals_of)
    audit = field("Who did what, in the order it was written.", resolver=audit_of)


@graph.publishes(
    MutationRoot, name="Mutation", requires=PUBLIC, description="Every action is on record before it happens."
)
class MutationType:
    hold_withdrawal = field(
        "Parks a withdrawal: protective, never waits for a second person.", resolver=actions.hold_withdrawal,
        requires=REVIEW | P.RISK_ACTION, audited="withdrawal.hold",
    )  # fmt: skip
    release_withdrawal = field(
        "Ends a hold.", resolver=actions.release_withdrawal, requires=REVIEW, audited="withdrawal.release"
    )
    approve_withdrawal = field(
        "Lets a withdrawal be paid, unless anything but an approval keeps it.", resolver=actions.approve_withdrawal,
        requires=APPROVE, audited="withdrawal.approve",
    )  # fmt: skip
    deny_withdrawal = field(
        "Refuses a withdrawal; the money returns to the wallet.", resolver=actions.deny_withdrawal,
        requires=P.WITHDRAWAL_APPROVE, audited="withdrawal.deny",
    )  # fmt: skip
    add_player_note = field(
        "Adds a staff note in the PAM.", resolver=actions.add_player_note, requires=P.ACCOUNT_NOTE_WRITE,
        audited="player.note.add",
    )  # fmt: skip
    restrict_account = field(
        "Sets blocks on an account: protective, never waits for a second person.", resolver=actions.restrict_account,
        requires=P.ACCOUNT_STATUS_UPDATE | P.RISK_ACTION, audited="account.restrict",
    )  # fmt: skip
    decide_approval = field(
        "Signs or rejects what another person asked for; the last signature does it.", resolver=decide_approval,
        requires=P.APPROVAL_DECIDE, audited="approval.decide",
    )  # fmt: skip
    create_ticket = field(
        "Opens a ticket for a player.",
        resolver=desk_actions.create_ticket,
        requires=P.TICKET_UPDATE,
        audited="ticket.create",
    )
    add_ticket_comment = field(
        "Adds a message to a ticket.", resolver=desk_actions.add_ticket_comment, requires=P.TICKET_REPLY,
        audited="ticket.comment.add",
    )  # fmt: skip


publication = graph
_roots = {"Query", "Mutation"}
_types = {shell.__name__: shell for shell in graph.seal()}
schema = strawberry.federation.Schema(
    query=_types["Query"],
    mutation=_types["Mutation"],
    types=[shell for name, shell in _types.items() if name not in _roots],
    config=StrawberryConfig(disable_field_suggestions=True, scalar_map=SCALARS),
    federation_version="2.9",
)
publication.serves(schema._schema)
