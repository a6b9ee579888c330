"""What every action shares on its way to a vendor: the caller's scope, a fresh reading, and what a failure means."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from graphql import GraphQLError

from auth.acting import Check, Perform
from auth.acts import Act, ActionContext, Finding, MutationOutcome, Result, Step, UserError
from execution.fields import Partial
from resolvers.context import Context
from resolvers.player import Root
from resolvers.scope import released
from vendors.errors import VendorError
from vendors.ports.keys import Key
from vendors.ports.pam import Player
from vendors.ports.source import System


class MutationRoot(Root, frozen=True):
    """The root of mutations."""


async def act(
    ctx: Context, act: Act, *, owner: Key, system: System, check: Check, perform: Callable[[str], Awaitable[str | None]]
) -> Result:
    """Takes one action down the road. `perform` gets the audit id and answers the vendor's own reference, if any."""
    if (told := await ctx.road.told(ctx.principal, act)) is not None:
        return told
    if (refusal := await _outside(ctx, owner)) is not None:
        return refusal
    return await ctx.road.travel(ctx.principal, act, check, stepped(ctx, act, owner, system, perform))


def stepped(
    ctx: Context, act: Act, owner: Key, system: System, perform: Callable[[str], Awaitable[str | None]]
) -> Perform:
    """A vendor call as one step of an action; what was kept of its subject and of the owner is not used again."""

    async def step(audit_id: str) -> Sequence[Step]:
        try:
            return [Step(system.value, MutationOutcome.EXECUTED, await perform(audit_id))]
        except VendorError as error:
            return [_failed(error)]
        finally:  # whatever the vendor said: it may have happened
            await ctx.reads.store.evict([act.subject, str(owner)])

    return step


def _failed(error: VendorError) -> Step:
    """What may have happened is INDETERMINATE; what the vendor refused, or never received, has not."""
    if error.write_may_have_happened:
        message = f"{error.public_message} Whether it happened is not known: look before you do it again."
        return Step(error.system.value, MutationOutcome.INDETERMINATE, None, message)
    return Step(
        error.system.value, MutationOutcome.REJECTED_BY_VENDOR, None, f"{error.public_message} Nothing was done."
    )


async def _outside(ctx: Context, owner: Key) -> Result | None:
    """A subject outside the caller's scope is not found. Judged by the PAM's word of now, not by a scope record."""
    (found,) = await released([owner], ctx)
    if isinstance(found, Player):
        return None
    failure = found.failure if isinstance(found, Partial) else found
    if isinstance(failure, VendorError):
        return refused("VENDOR_UNAVAILABLE", f"{failure.public_message} Nothing was done.")
    return not_found()


def refused(code: str, message: str) -> Result:
    """An action that never began."""
    return Result(MutationOutcome.REJECTED_BY_POLICY, [UserError(code, message)])


def not_found() -> Result:
    """Nothing there that the caller may know of."""
    return refused("NOT_FOUND", "There is no such object.")


def unread(answer: VendorError | None) -> Finding:
    """A subject that cannot be read now must not be acted on."""
    if answer is None:
        return Finding([UserError("NOT_FOUND", "There is no such object.")])
    return Finding([UserError("VENDOR_UNAVAILABLE", f"{answer.public_message} Nothing was done.")])


def precondition(message: str) -> UserError:
    """The state does not allow it."""
    return UserError("PRECONDITION_FAILED", message)


def asked(
    action: str, subject: Key, player: Key, context: ActionContext, input: msgspec.Struct, **details: object
) -> Act:
    """The action as the audit names it."""
    return Act(action, str(subject), str(player), context, msgspec.to_builtins(input, enc_hook=str), details)


def text(value: str, name: str, most: int) -> str:
    """A text argument within its length and without control characters; raises GraphQLError BAD_TEXT."""
    hidden = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign not in "\n\r\t" for sign in value)
    if hidden or not value.strip() or len(value) > most:
        raise GraphQLError(
            f"{name} must have 1 to {most} characters, none of them a control character.",
            extensions={"code": "BAD_TEXT"},
        )
    return value


async def player_finding(ctx: Context, key: Key) -> Finding:
    """The player read afresh."""
    ctx.reads.players.forget([key])
    player = (await ctx.reads.players.load([key]))[0]
    return Finding(version=player.version) if isinstance(player, Player) else unread(player)


def sentence(error: object) -> str:
    """For the person who asked, of something that could not be read."""
    return f"{error.public_message} Nothing was done." if isinstance(error, VendorError) else "Nothing was done."
