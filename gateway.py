"""The composition root: settings in, ASGI application out; and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer
from starlette.applications import Starlette
from starlette.routing import Route

import telemetry
from auth import audit_chain, policy_file
from auth import policy as policies
from auth.api_keys import ApiKeyIssuer
from auth.audit import AuditStore, open_store
from auth.commands import audit_commands, key_commands
from auth.database import Place, address
from auth.embedding import EmbedIssuer
from auth.identity import Identity, Issuer
from auth.jwks import KeySet
from auth.oidc import OidcIssuer
from auth.reloading import reloading
from auth.sandbox_issuer import SandboxIssuer, issue
from auth.tokens import Claims, Rules
from cache.bus import MemoryBus
from cache.event_tables import EventsUnavailable
from cache.events import EventStore, open_events
from cache.intake import Intake, concluding
from cache.observing import Rereading
from cache.reads import Ports
from cache.scope_records import ScopeRecords
from cache.shared_access import BadShared
from cache.shared_access import opened as opened_shared
from cache.shared_rates import SharedRates
from cache.store import Store
from config import BadSettings, Settings, load, sandbox_secret, secret
from execution import console, hooks
from execution.http import Endpoint
from execution.serving import Drain, middleware, operational, run, server, settle
from resolvers.aml_words import WORDS_FILE, BadAmlWords, load_words
from schema import commands as publishing
from schema.answering import Answering, Behind
from schema.audiences import Part
from schema.embedding import route as embed_route
from vendors.checking import Line, Watching, check
from vendors.commands import vendor_commands
from vendors.connection import Connection
from vendors.connections import BadVendors, Connections
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.ports.webhooks import BadSignature, WebhookReader
from vendors.probes import Sample
from vendors.sandbox import handles, overlays, town
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.world import World, build
from vendors.webhooks import by_address
from vendors.wire import Wire, opened

HERE = Path(__file__).parent
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The gateway's clock."""
    return datetime.now(UTC)


def answering(
    settings: Settings,
    ports: Ports,
    audit: AuditStore,
    identity: Identity,
    clock: Clock,
    *,
    store: Store,
    events: EventStore,
    scopes: ScopeRecords | None = None,
) -> Answering:
    """The graph of these settings."""
    behind = Behind(
        ports=ports, audit=audit, store=store, events=events, scopes=scopes or ScopeRecords(),
        secret=sandbox_secret(settings.var), brands=settings.brands,
        aml_words=load_words(settings.aml_words or WORDS_FILE), deadline_seconds=settings.deadline_seconds,
        compiled=settings.executor == "compiled",
    )  # fmt: skip
    return Answering(behind, identity, policy(settings), clock)


@asynccontextmanager
async def gateway(
    settings: Settings, world: World, clock: Clock = utc_now, drain: Drain | None = None
) -> AsyncIterator[Starlette]:
    """The application, connected while the block runs."""
    settings.var.mkdir(parents=True, exist_ok=True)
    drain, observed = (
        drain or Drain(settings.drain_seconds),
        telemetry.setup(settings.otlp_endpoint, settings.trace_sample_ratio),
    )
    async with (
        opened(settings.vendor_wire) as wire,
        asking(settings) as provider,
        open_store(place(settings, "audit.db")) as audit,
        keeping(settings) as (store, rates),
        open_events(place(settings, "events.db")) as events,
        contextlib.AsyncExitStack() as stack,
    ):
        scopes, connections = ScopeRecords(), connect(settings, wire, clock, rates)
        ports = Ports(**connections.ports(settings.markets, lambda player: _market(scopes, player)))
        embeds = embedding(settings)
        who = Identity([*([embeds] if embeds else []), ApiKeyIssuer(audit, clock), issuer(settings, provider)])
        root = answering(settings, ports, audit, who, clock, store=store, events=events, scopes=scopes)
        reread = Rereading(ports.cashier, ports.kyc, ports.ticketing, clock)
        intake = Intake(events, store, MemoryBus(), reread, clock)
        await stack.enter_async_context(concluding(intake))
        await stack.enter_async_context(reloading(settings.policy or policy_file.POLICY_FILE, root.adopt))
        roles, origins = list(root.policy.roles), {*settings.cors_origins, *settings.frame_ancestors}
        endpoint = Endpoint(
            root.schema_of, root.run, identify=root.identify, observe=telemetry.operation, drain=drain,
            read_timeout_seconds=settings.read_timeout_seconds,
        )  # fmt: skip
        routes = [
            Route("/graphql", endpoint, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
            webhooks(intake, connections.readers(), settings.read_timeout_seconds),
            *([embed_route(embeds, who, audit, lambda: root.policy, origins)] if embeds else []),
            *operational(drain, {"audit": root.audit_answers}, observed.registry, _sdl(root.parts)),
            *(
                ()
                if settings.oidc_issuer
                else handles.routes(sandbox_secret(settings.var), list(root.policy.roles), world)
            ),
            *console.routes(
                dist=HERE / "ui" / "dist",
                operations=HERE / "operations",
                first="where-is-my-money",
                roles=None if settings.oidc_issuer else lambda: roles,
            ),
        ]
        guards = middleware(drain, cors_origins=settings.cors_origins, frame_ancestors=settings.frame_ancestors)
        yield Starlette(routes=routes, middleware=guards)


@asynccontextmanager
async def keeping(settings: Settings) -> AsyncIterator[tuple[Store, SharedRates | None]]:
    """What is kept between requests, here and on the server that processes share, where they count their calls too."""
    nothing = contextlib.nullcontext((None, None))
    async with (
        opened_shared(settings.redis, secret) if settings.redis else nothing as (tier, rates),
        aclosing(Store(settings.cache_entries, flight_seconds=settings.deadline_seconds, shared=tier)) as store,
        store.following(),
    ):
        yield store, rates


def place(settings: Settings, file: str) -> Place:
    """Where records are kept: a database of the operator's server, or a file under `var`. Raises BadSettings."""
    if settings.database is None:
        return settings.var / file
    try:
        return address(secret(settings.database))
    except ValueError as error:
        raise BadSettings([f"database: {error}"]) from None


def policy(settings: Settings) -> policies.Policy:
    """The policy of these settings. Raises BadPolicy."""
    return policy_file.load(settings.policy or policy_file.POLICY_FILE)


def embedding(settings: Settings) -> EmbedIssuer | None:
    """Who gives out embed tokens; nobody beside an OpenID provider until a key is named. Raises BadSettings."""
    if settings.embed_key is None and settings.oidc_issuer is not None:
        return None
    try:
        key = secret(settings.embed_key).encode() if settings.embed_key else sandbox_secret(settings.var)
        return EmbedIssuer(key, timedelta(seconds=settings.embed_seconds))
    except ValueError as error:
        raise BadSettings([f"embed_key: {error}"]) from None


def asking(settings: Settings) -> contextlib.AbstractAsyncContextManager[httpx.AsyncClient | None]:
    """Who asks the OpenID provider for its keys, where there is one."""
    named = settings.oidc_issuer is not None
    return httpx.AsyncClient(timeout=5.0, trust_env=False) if named else contextlib.nullcontext()


def issuer(settings: Settings, provider: httpx.AsyncClient | None) -> Issuer:
    """The operator's OpenID provider where one is named, else the sandbox's own issuer."""
    if settings.oidc_issuer is None or provider is None:
        return SandboxIssuer(sandbox_secret(settings.var))

    async def fetch(url: str) -> bytes:
        return (await provider.get(url)).raise_for_status().content

    rules = Rules(
        settings.oidc_issuer, settings.oidc_audience or "", settings.oidc_algorithms, settings.oidc_token_types,
        settings.oidc_leeway_seconds,
        Claims(
            settings.oidc_roles_claim, settings.oidc_scope_claim, settings.oidc_brands_claim,
            settings.oidc_markets_claim, settings.oidc_player_claim,
        ),
    )  # fmt: skip
    return OidcIssuer(rules, KeySet(settings.oidc_issuer, fetch))


def webhooks(intake: Intake, known: Sequence[WebhookReader], read_timeout_seconds: float) -> Route:
    """What vendors tell by themselves. A store that is away is a 503 with a date: Zendesk repeats no other."""
    found = {place: partial(intake.receive, one) for place, one in by_address(known).items()}
    refusals = {BadSignature: (401, {}), EventsUnavailable: (503, {"Retry-After": "5"})}
    return hooks.route(found, refusals, read_timeout_seconds=read_timeout_seconds)


def connect(settings: Settings, wire: Wire, clock: Clock, rates: SharedRates | None = None) -> Connections:
    """The products behind the graph. Raises BadVendors."""

    def url(system: System) -> str:
        return settings.vendor_url(town.PLACES.index(system))

    said = {System[name.upper()]: accounts for name, accounts in settings.vendors.items()}
    own = sandbox(settings.var)
    return Connections(url, wire, clock, own, settings.vendor_timeout_seconds, said=said, secret=secret, ledger=rates)


def _sdl(known: Mapping[policies.Audience, Part]) -> Mapping[str, str]:
    """The SDL of every audience, by its name."""
    return {audience.value: part.sdl for audience, part in known.items()}


def _market(scopes: ScopeRecords, player: Key) -> str | None:
    record = scopes.of(player)
    return record.market if record else None


FIRST_QUERY = """{ player(id: "player:acme:s-001") { firstName openWithdrawals { amount { amount currency }
  diagnosis { headline waitingOn ownerTeam nextStep playerMessage } } } }"""
cli = typer.Typer(add_completion=False, no_args_is_help=True, help="The Player graph.")
Port = Annotated[int | None, typer.Option(help="Where to listen on 127.0.0.1; 8000 unless the settings say otherwise.")]
Scenarios = Annotated[list[Path] | None, typer.Option("--scenarios", help="Scenario files with players of your own.")]
More = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help="More scenario files.")]
Products = Annotated[
    list[str] | None, typer.Option("--product", metavar="SYSTEM=NAME", help="Who speaks for a system, or for all.")
]


@cli.command()
def serve(
    port: Port = None,
    vendors_base: Annotated[str | None, typer.Option(help="A sandbox that already runs, http://HOST:PORT.")] = None,
    product: Products = None,
    scenarios: Scenarios = None,
    more: More = None,
) -> None:
    """Start the gateway, and the sandbox vendors unless told where they are (then `--scenarios` are theirs)."""
    world, chosen = _world(scenarios, more), town.cast(product or ())
    vendors = {system.value.lower(): (Connection(product=name),) for system, name in chosen.items()}
    settings = load(port=port, vendors_base=vendors_base, vendors=vendors or None)
    telemetry.logs(settings.log_format, settings.log_level)
    with contextlib.suppress(KeyboardInterrupt):
        run(_serve(settings, world, own_sandbox=vendors_base is None))


def _world(scenarios: list[Path] | None, more: list[Path] | None) -> World:
    """The canonical world under the scenario files; a list of names after `--scenarios` reads as one."""
    if more and not scenarios:
        raise typer.BadParameter(f"{more[0]}: name scenario files after --scenarios")
    return overlays.laid_over(build(), [*(scenarios or ()), *(more or ())])


async def _serve(settings: Settings, world: World, *, own_sandbox: bool) -> None:
    drain = Drain(settings.drain_seconds)
    async with contextlib.AsyncExitStack() as stack:
        if own_sandbox:
            base = int(settings.vendor_url(0).rpartition(":")[2])
            await stack.enter_async_context(town.standing(base, world, sandbox(settings.var), _played(settings)))
        app = await stack.enter_async_context(gateway(settings, world, drain=drain))
        building = asyncio.create_task(console.build(HERE / "ui", settings.var))
        try:
            _greet(settings)
            settle()
            await server(app, settings.host, settings.port, drain).serve()
        finally:
            building.cancel()
            await asyncio.gather(building, return_exceptions=True)


def _played(settings: Settings) -> town.Cast:
    """The products that the sandbox has to play: those without an address of their own."""
    played = {
        System[name.upper()]: one.product for name, all in settings.vendors.items() for one in all if one.url is None
    }
    return town.cast([f"{system.value.lower()}={product}" for system, product in played.items()])


def _greet(settings: Settings) -> None:
    for role in policy(settings).roles if settings.oidc_issuer is None else ():
        typer.echo(f"{role}: {issue(sandbox_secret(settings.var), handles.person(role))}")
    typer.echo(f"\nPlayer Graph on http://{settings.host}:{settings.port}\n\n{FIRST_QUERY}")


@cli.command(name="sandbox")
def stand(
    port_base: Annotated[int, typer.Option(help="The PAM's port; the others follow.")] = 9100,
    product: Products = None,
    scenarios: Scenarios = None,
    more: More = None,
) -> None:
    """Start the sandbox vendors alone."""
    world, chosen = _world(scenarios, more), town.cast(product or ())

    async def standing() -> None:
        async with town.standing(port_base, world, sandbox(load().var), chosen):
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        run(standing())


@cli.command()
def token(role: Annotated[str, typer.Option(help="A role of auth/policy.yaml.")]) -> None:
    """Print a sandbox token."""
    if role not in policy(load()).roles:
        raise typer.BadParameter(f"no such role: {role}")
    typer.echo(issue(sandbox_secret(load().var), handles.person(role)))


async def _checked(systems: Sequence[System], sample: Sample) -> AsyncIterator[Line]:
    settings = load()
    async with opened(settings.vendor_wire) as wire:
        watching = Watching(wire)
        connections = connect(settings, watching, utc_now)
        async for line in check(connections.ports(settings.markets), connections.places(systems), watching, sample):
            yield line


publishing.add_to(cli, lambda: policy(load()))
cli.add_typer(audit_commands(lambda: place(load(), "audit.db")), name="audit")
cli.add_typer(key_commands(lambda: place(load(), "audit.db"), lambda: policy(load()).roles), name="keys")
cli.add_typer(vendor_commands([one for one in System if one in town.PLACES], _checked), name="vendors")

REFUSALS = (
    audit_chain.AuditUnavailable, EventsUnavailable, BadSettings, telemetry.ExporterMissing, policy_file.BadPolicy,
    overlays.BadScenario, BadAmlWords, BadVendors, BadShared, town.BadProduct, town.PortTaken,
)  # fmt: skip


def main() -> None:
    """The command line; bad settings are told a key a line."""
    try:
        cli()
    except REFUSALS as error:
        typer.echo(f"{error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
