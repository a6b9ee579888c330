"""Who asks, what he may see, and the graph over the ports: one process's answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql import ExecutionResult, GraphQLSchema, OperationType
from starlette.requests import Request

import telemetry
from auth.acting import Road
from auth.audit import AuditStore
from auth.identity import ANONYMOUS, Identity, IdentityUnavailable, InvalidToken, Principal
from auth.permissions import KNOWN_SCOPES
from auth.policy import SELF_SCOPES, Policy
from cache.events import EventStore
from cache.observing import Observer
from cache.reads import Ports, Reads
from cache.scope_records import ScopeRecords
from cache.store import Store
from execution.connections import Cursors
from execution.documents import Asked, Documents
from execution.executor import Answer, Engine
from execution.explaining import Explanation
from execution.requests import BadRequest
from resolvers.acting import MutationRoot
from resolvers.aml_words import AmlWord
from resolvers.context import Access, Context, Scope
from resolvers.player import Root
from schema import explaining
from schema.audiences import SIGNED_IN, parts
from schema.graph import publication
from vendors.resilience import deadline

Clock = Callable[[], datetime]
KEPT_ENGINES = 16  # those of the audiences, and of a policy that was in force a moment ago


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind the graph in this process. `secret` seals cursors; `brands` are those there are."""

    ports: Ports
    audit: AuditStore
    store: Store
    events: EventStore
    scopes: ScopeRecords
    secret: bytes
    brands: Collection[str]
    aml_words: Sequence[AmlWord]
    deadline_seconds: float
    compiled: bool = True


class Answering:
    """One process's graph, asked by each caller by the schema of his audience."""

    def __init__(self, behind: Behind, identity: Identity, policy: Policy, clock: Clock) -> None:
        self.behind, self._identity, self.policy, self._clock = behind, identity, policy, clock
        self._observer, self._road = Observer(behind.events.observe), Road(behind.audit, lambda: self.policy, clock)
        self.parts = parts(policy)
        self._engines: LRUCache[int, Engine] = LRUCache(KEPT_ENGINES)

    async def adopt(self, policy: Policy) -> None:
        """From now on this policy holds. Audiences are cut anew beside the loop, if anything of theirs has changed."""
        if (policy.audiences, _shown_to(policy)) != (self.policy.audiences, _shown_to(self.policy)):
            self.parts = await asyncio.to_thread(parts, policy)
        self.policy = policy

    async def identify(self, request: Request) -> Principal:
        """The caller behind a request's token; raises BadRequest 401, or 503 where no token can be judged now."""
        try:
            who = await self._identity.principal(request.headers.get("authorization"))
            if who.origin is not None and request.headers.get("origin") != who.origin:
                raise InvalidToken("The token is another page's.")
            return who
        except InvalidToken as error:
            raise BadRequest(401, error.code, str(error), {"WWW-Authenticate": "Bearer"}) from error
        except IdentityUnavailable as error:
            raise BadRequest(503, error.code, str(error), {"Retry-After": "10"}) from error

    def schema_of(self, who: Principal) -> GraphQLSchema:
        """By which schema somebody asks."""
        return self.parts[self.policy.audience_of(who.roles)].schema

    async def run(self, asked: Asked, who: Principal) -> Answer | ExecutionResult:
        """One operation under the caller's rules, or what it would do, if he asks for that and may know it."""
        context, engine = self._context(who), self._engine_of(asked.schema)

        async def answer() -> Answer | ExecutionResult:
            ask = engine.answer if self.behind.compiled else engine.reference
            root = MutationRoot() if asked.operation.operation is OperationType.MUTATION else Root()
            return await ask(asked.document, asked.operation_name, asked.variables, context, root)

        try:
            with deadline.within(self.behind.deadline_seconds):
                return await (explaining.told(asked, context, engine, answer) if asked.explain else answer())
        finally:
            context.close()

    def _engine_of(self, schema: GraphQLSchema) -> Engine:
        known = self._engines.get(id(schema))  # an engine holds its schema, so the number is nobody else's
        return known or self._engines.setdefault(id(schema), Engine(schema, publication, telemetry.planned))

    def _context(self, who: Principal) -> Context:
        behind, granted = self.behind, self._granted(who)
        caller = f"{sorted(who.roles)}|{sorted(who.brands)}|{sorted(who.markets)}|{who.player}"
        return Context(
            reads=Reads(behind.ports, behind.scopes, behind.store, self._observer.saw),
            scope=Scope(who.brands, who.markets, who.player, frozenset(behind.brands)),
            denied=publication.denied(granted),
            clock=self._clock,
            principal=who,
            scopes=granted,
            cursors=Cursors(behind.secret, caller),
            road=self._road,
            audit=behind.audit,
            aml_words=behind.aml_words,
            states=behind.events.states,
            explain=self._explain,
        )

    def _granted(self, who: Principal) -> frozenset[str]:
        granted = self.policy.scopes_of(who.roles) | (frozenset() if who is ANONYMOUS else SIGNED_IN)
        if who.scope is not None and (named := who.scope & KNOWN_SCOPES):  # a token may carry less than its roles
            granted &= named | SIGNED_IN
        return granted if who.player else granted - SELF_SCOPES  # only who is somebody has anything of his own

    def _explain(self, coordinate: str) -> Access | None:
        spec = publication.specs.get(coordinate)
        if spec is None:
            return None
        passing = [role for role, scopes in self.policy.roles.items() if spec.rule.allows(scopes | SIGNED_IN)]
        return Access(coordinate, spec.rule.scopes, spec.deny.name, passing, spec.unmask and spec.unmask.scopes)

    async def audit_answers(self) -> None:
        """Raises if the audit store cannot be read: then nothing may be done."""
        await self.behind.audit.records(1)


def _shown_to(policy: Policy) -> Mapping[str, frozenset[str]]:
    """What the roles of audiences carry: all that a part is cut by."""
    members = frozenset().union(*policy.audiences.values())
    return {role: policy.roles[role] for role in sorted(members)}


def changed_permissions(before: Policy, after: Policy) -> list[str]:
    """What each role gains and loses, a line a coordinate; and roles that come and go."""
    found: list[str] = []
    for role in sorted(before.roles.keys() | after.roles.keys()):
        had, has = (policy.scopes_of(frozenset({role})) | SIGNED_IN for policy in (before, after))
        for coordinate, spec in publication.specs.items():
            was, is_now = _sight(spec, had), _sight(spec, has)
            if was != is_now:
                found.append(f"{role} {'gains' if SIGHTS.index(is_now) > SIGHTS.index(was) else 'loses'} "
                             f"{coordinate}: {was} -> {is_now}")  # fmt: skip
    return found


SIGHTS = ("nothing", "masked", "in clear")


def _sight(spec: Any, granted: frozenset[str]) -> str:
    denied = spec.denied_to(granted)
    return "in clear" if denied is None else "masked" if denied.deny.mask is not None else "nothing"


def explanation(policy: Policy, role: str, text: str, variables: dict[str, Any]) -> Explanation:
    """What the only operation of a document would do for a role. Raises BadDocument, Declined or GraphQLError."""
    roles = frozenset({role})
    part = parts(policy)[policy.audience_of(roles)].schema
    document = Documents(part).read(text)
    denied = publication.denied(policy.scopes_of(roles) | SIGNED_IN)
    return Engine(part, publication).explained(document, None, variables, denied)


def permission_table(policy: Policy) -> list[str]:
    """One line a coordinate; `-` where nobody passes, `everybody` where no permission is asked."""
    return [f"{coordinate} {_who_passes(spec, policy.roles)}" for coordinate, spec in publication.specs.items()]


def _who_passes(spec: Any, roles: Mapping[str, frozenset[str]]) -> str:
    if spec.rule.allows(frozenset()):
        return "everybody"
    passing = [role for role, scopes in roles.items() if spec.rule.allows(scopes | SIGNED_IN)]
    clear = [role for role in passing if spec.unmask is None or spec.unmask.allows(roles[role] | SIGNED_IN)]
    veil = "" if spec.unmask is None else f"; in clear: {' '.join(clear) or '-'}"
    return f"{spec.deny.name}: {' '.join(passing) or '-'}{veil}"
