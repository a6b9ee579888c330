"""What hangs on a player in the other systems: verification, bonuses, games, marketing and tickets."""

from __future__ import annotations

from auth.permissions import CONCEAL, NULL, SELF, P
from execution.publication import field
from resolvers.records import (
    comments_of,
    internal_notes_of,
    requester_of,
    requirements_of,
    round_game_of,
    round_link_of,
)
from resolvers.status_timelines import kyc_timeline_of, ticket_timeline_of
from schema.declared import NodeType, graph
from vendors.ports.aggregator import Game
from vendors.ports.bonus import BonusGrant, Wagering
from vendors.ports.crm import Consent, CrmProfile, Segment, Touch
from vendors.ports.kyc import KycDocument, KycProfile, KycRequirement, RejectLabel
from vendors.ports.pam import GameRound
from vendors.ports.source import System
from vendors.ports.ticketing import Ticket, TicketComment

KYC, BONUS, ROUND = P.KYC_STATUS_READ | SELF, P.BONUS_READ | SELF, P.GAME_ROUND_READ | SELF


@graph.publishes(RejectLabel, name="RejectLabel", requires=P.KYC_DETAIL_READ, description="A vendor's reason code.")
class RejectLabelType:
    code = field("The vendor's code, verbatim.")
    player_safe = field("False if it hints at fraud or compliance suspicion.")


@graph.publishes(
    KycDocument, name="KycDocument", requires=P.KYC_DETAIL_READ, description="What was uploaded for a step."
)
class DocumentType:
    kind = field("The vendor's name of the document.")
    country = field("Who issued it, ISO 3166-1 alpha-2.")
    state = field("Where it stands.")
    labels = field("Why it was refused.", on_deny=NULL)


@graph.publishes(KycRequirement, name="KycRequirement", requires=KYC, description="A step the level asks for.")
class RequirementType:
    step = field("The vendor's name of the step.")
    state = field("Where it stands; UNKNOWN is never satisfied.")
    vendor_status = field("The vendor's own words for it.", requires=P.KYC_STATUS_READ, on_deny=NULL)
    documents = field("What was uploaded for it.", as_type=None, requires=P.KYC_DETAIL_READ, on_deny=NULL)


@graph.publishes(KycProfile, name="KycProfile", requires=KYC, description="Identity verification.")
class KycType:
    status = field("Canonical status; UNKNOWN is never clear.")
    vendor_status = field("The vendor's own words, to quote to the vendor.", requires=P.KYC_STATUS_READ, on_deny=NULL)
    level = field("The verification level asked for.")
    labels = field("Why it was refused, as the vendor codes it.", requires=P.KYC_DETAIL_READ, on_deny=NULL)
    player_comment = field("The vendor's text for the player.")
    staff_comment = field("The vendor's text for staff; may be confidential.", requires=P.AML_READ, on_deny=CONCEAL)
    since = field("Since when this status holds, UTC.")
    attempt = field("How often the player has submitted.")
    status_timeline = field(
        "Where it stood and since when, oldest first.", resolver=kyc_timeline_of, requires=P.KYC_DETAIL_READ,
        on_deny=NULL, vendor=System.GATEWAY,
    )  # fmt: skip
    requirements = field("The steps of the level.", resolver=requirements_of, on_deny=NULL, vendor=System.KYC)
    source = field("Where it came from.")


@graph.publishes(Wagering, name="WageringProgress", requires=BONUS, description="Turnover a bonus asks for.")
class WageringType:
    required = field("Turnover asked for.")
    done = field("Turnover counted so far.")
    remaining = field("What is still to be wagered.")
    percent = field("Whole percent of the way.")


@graph.publishes(BonusGrant, name="BonusGrant", requires=BONUS, description="One bonus of one player.")
class GrantType(NodeType):
    campaign_code = field("The campaign it came from.")
    status = field("Canonical status; UNKNOWN is never over.")
    vendor_status = field("The engine's own word.")
    amount = field("What was granted; null for free spins.")
    free_spins_total = field("Spins granted.")
    free_spins_used = field("Spins used.")
    wagering = field("How far its wagering is.")
    blocks_withdrawal = field("Whether the engine says that it holds money back; null if it does not say.")
    granted_at = field("When, UTC.")
    expires_at = field("When it lapses, UTC.")
    source = field("Where it came from.")


@graph.publishes(
    Game, name="Game", requires=P.GAME_READ | P.GAME_ROUND_READ | SELF, description="A title of the catalogue."
)
class GameType(NodeType):
    code = field("The aggregator's code.")
    name = field("As players see it.")
    provider = field("Who makes it.")
    category = field("The aggregator's category.")
    enabled = field("Whether the aggregator offers it.")
    free_spins_supported = field("Whether free spins can be granted on it.")
    jackpot = field("Whether it feeds a jackpot.")
    platforms = field("Where it runs.")
    blocked_countries = field("ISO 3166-1 alpha-2.")
    rtp = field("Return to player in percent, as the aggregator writes it.")
    volatility = field("As the aggregator words it.")
    released_on = field("First offered.")
    source = field("Where it came from.")


@graph.publishes(GameRound, name="GameRound", requires=ROUND, description="A bet as the wallet booked it.")
class RoundType(NodeType):
    round_id = field("The round it belongs to.")
    game_code = field("The title's code.")
    game_name = field("The title, as the PAM writes it.")
    game = field("The title, from the catalogue.", resolver=round_game_of, on_deny=NULL, vendor=System.AGGREGATOR)
    provider = field("Who makes the game, as the PAM writes it.")
    status = field("UNKNOWN is never settled.")
    vendor_status = field("The PAM's own word.")
    stake = field("What was bet.")
    win = field("What was won.")
    started_at = field("When, UTC.")
    updated_at = field("Last changed, UTC.")
    details_link = field(
        "The game vendor's own page of the round, for staff.", resolver=round_link_of, requires=P.GAME_ROUND_READ,
        on_deny=NULL, vendor=System.AGGREGATOR,
    )  # fmt: skip
    source = field("Where it came from.")


@graph.publishes(Segment, name="Segment", requires=P.CRM_READ, description="A group the player is in now.")
class SegmentType:
    id = field("The CRM's id.")
    name = field("The CRM's name.")


@graph.publishes(Touch, name="CampaignTouch", requires=P.CRM_READ, description="A message sent to the player.")
class TouchType:
    id = field("The CRM's id.")
    campaign_id = field("The campaign it belongs to.")
    channel = field("How it travelled.")
    state = field("How far it got.")
    sent_at = field("When, UTC.")


@graph.publishes(
    Consent, name="Consent", requires=P.CRM_CONSENT_READ | SELF, description="Whether marketing may use a channel."
)
class ConsentType:
    channel = field("How messages travel.")
    granted = field("Null where the CRM does not say: not a yes.")


@graph.publishes(
    CrmProfile, name="CrmProfile", requires=P.CRM_READ | SELF, description="The player as marketing sees him."
)
class CrmType:
    suppressed = field("Whether nothing may be sent; null where the CRM does not say.")
    consents = field("Channel by channel.", requires=P.CRM_CONSENT_READ | SELF, on_deny=NULL)
    segments = field("Groups he is in now.", requires=P.CRM_READ, on_deny=NULL)
    touches = field("Messages of the last 90 days, newest first.", requires=P.CRM_READ, on_deny=NULL)
    source = field("Where it came from.")


@graph.publishes(
    TicketComment, name="TicketComment", requires=P.TICKET_READ | SELF, description="A message of a ticket."
)
class CommentType(NodeType):
    body = field("Its text, as written.")
    public = field("Whether the player sees it.")
    by_player = field("Whether he wrote it.")
    at = field("When, UTC.")


@graph.publishes(Ticket, name="Ticket", requires=P.TICKET_READ | SELF, description="A conversation with the player.")
class TicketType(NodeType):
    requester = field("Who asked.", resolver=requester_of, requires=P.PLAYER_READ, on_deny=NULL)
    subject = field("As written.")
    status = field("Canonical status; UNKNOWN is a word the gateway does not know.")
    vendor_status = field("The desk's own word.")
    priority = field("How soon it wants an answer; null if nobody said.")
    tags = field("The desk's tags.", requires=P.TICKET_READ, on_deny=NULL)
    created_at = field("Opened, UTC.")
    updated_at = field("Last changed, UTC.")
    version = field("Pass it as `expectedVersion` to act on what you saw.")
    status_timeline = field(
        "Where it stood and since when, oldest first.", resolver=ticket_timeline_of, requires=P.TICKET_READ,
        on_deny=NULL, vendor=System.GATEWAY,
    )  # fmt: skip
    comments = field("Of the newest messages those the player sees.", resolver=comments_of, on_deny=NULL, vendor=System.TICKETING)  # fmt: skip  # noqa: E501
    internal_notes = field(
        "Of the newest messages those only staff see.", resolver=internal_notes_of,
        requires=P.TICKET_INTERNAL_NOTE_READ, on_deny=NULL, vendor=System.TICKETING,
    )  # fmt: skip
    source = field("Where it came from.")


graph.connection(GameRound, name="GameRound", requires=ROUND)
graph.connection(Ticket, name="Ticket", requires=P.TICKET_READ | SELF)
