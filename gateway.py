"""The composition root: settings in, ASGI application out; and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import httpx
import typer
import uvicorn
from graphql import ExecutionResult, execute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from auth import policy as policies
from auth.identity import ANONYMOUS, InvalidToken, Principal, issue, verify
from cache.reads import Ports, Reads
from config import Settings, sandbox_secret
from execution.http import Asked, BadRequest
from execution.http import serve as serve_graphql
from resolvers.context import Context, Scope
from resolvers.player import Root
from schema.graph import publication, schema
from vendors import signing
from vendors.cashier.paymentiq import PaymentIQ, PaymentIQTokens
from vendors.client import Client, Headers, Wire
from vendors.kyc import sumsub
from vendors.pam.infigaming import InfiGaming
from vendors.ports.source import System
from vendors.sandbox import town
from vendors.sandbox.world import MARKETS, World, build

log = logging.getLogger("player_graph")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The gateway's clock."""
    return datetime.now(UTC)


def connect(settings: Settings, wire: Wire, clock: Clock) -> Ports:
    """The products behind the graph, with the sandbox's credentials."""

    async def pam_sign(method: str, path: str, body: bytes) -> Headers:
        return signing.bearer(town.PAM_TOKEN)

    seconds = settings.vendor_timeout_seconds
    cashier_url = settings.vendor_url(1)
    tokens = PaymentIQTokens(cashier_url, wire, *town.CASHIER_CLIENT, clock)
    cashier = Client(System.CASHIER, cashier_url, wire, tokens.sign, timeout_seconds=seconds, renew=tokens.renew)
    pam = Client(System.PAM, settings.vendor_url(0), wire, pam_sign, timeout_seconds=seconds)
    kyc_sign = sumsub.sign(*town.KYC_TOKEN, clock)
    kyc = Client(System.KYC, settings.vendor_url(2), wire, kyc_sign, timeout_seconds=seconds)
    markets = {country: market for market, (country, _) in MARKETS.items()}
    return Ports(
        InfiGaming(pam, town.OPERATOR_IDS, clock, markets),
        PaymentIQ(cashier, town.MERCHANT_IDS, clock),
        sumsub.Sumsub(kyc, clock),
    )


class Gateway:
    """One process's gateway: endpoints over the ports."""

    def __init__(self, settings: Settings, ports: Ports, secret: bytes, world: World, clock: Clock) -> None:
        self._settings, self._ports, self._secret, self._clock = settings, ports, secret, clock
        self._policy, self._world = policies.load(), world

    def routes(self) -> list[Route]:
        """The gateway's addresses."""
        return [
            Route("/graphql", self._graphql, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
            Route("/healthz", self._healthz),
            Route("/schema/staff.graphql", self._sdl),
            Route("/sandbox/token", self._token),
            Route("/sandbox/scenarios", self._scenarios),
        ]

    async def _graphql(self, request: Request) -> Response:
        return await serve_graphql(request, schema._schema, self._run)

    async def _run(self, asked: Asked, request: Request) -> ExecutionResult:
        principal = self._principal(request)
        denied = publication.denied(self._policy.scopes_of(principal.roles))
        scope = Scope(principal.brands, principal.markets)
        context = Context(Reads(self._ports), scope, denied, self._clock)
        answer = execute(
            schema._schema,
            asked.document,
            root_value=Root(),
            context_value=context,
            variable_values=asked.variables,
            operation_name=asked.operation_name,
        )
        return answer if isinstance(answer, ExecutionResult) else await answer

    def _principal(self, request: Request) -> Principal:
        header = request.headers.get("authorization")
        if header is None:
            return ANONYMOUS
        kind, _, token = header.partition(" ")
        try:
            if kind.lower() != "bearer":
                raise InvalidToken("Send the token as Bearer.")
            return verify(self._secret, token)
        except InvalidToken as error:
            raise BadRequest(401, error.code, str(error), {"WWW-Authenticate": "Bearer"}) from error

    async def _healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def _sdl(self, request: Request) -> Response:
        return PlainTextResponse(schema.as_str())

    async def _token(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("role") not in self._policy.roles:
            return JSONResponse({"error": "role must be one of " + ", ".join(self._policy.roles)}, 400)
        principal = _principal_of(asked["role"], asked.get("sub"), asked.getlist("brand"), asked.getlist("market"))
        return JSONResponse({"token": issue(self._secret, principal)})

    async def _scenarios(self, request: Request) -> Response:
        told = [facts for facts in self._world.players.values() if facts.scenario]
        return JSONResponse([
            {"name": f.scenario, "player": f"player:{f.brand}:{f.id}", "market": f.market, "says": f.says} for f in told
        ])  # fmt: skip


def _principal_of(role: str, sub: str | None, brands: list[str], markets: list[str]) -> Principal:
    return Principal(sub or f"sandbox-{role}", frozenset({role}), frozenset(brands), frozenset(markets))


@asynccontextmanager
async def gateway(settings: Settings, world: World, clock: Clock = utc_now) -> AsyncIterator[Starlette]:
    """The application, connected while the block runs."""
    limits = httpx.Limits(max_connections=128, max_keepalive_connections=128)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as wire:
        ports = connect(settings, wire, clock)
        yield Starlette(routes=Gateway(settings, ports, sandbox_secret(settings.var), world, clock).routes())


FIRST_QUERY = """{ player(id: "player:acme:s-001") { firstName openWithdrawals { amount { amount currency }
  diagnosis { headline waitingOn ownerTeam nextStep playerMessage } } } }"""
cli = typer.Typer(add_completion=False, no_args_is_help=True, help="The Player graph.")


@cli.command()
def serve(
    port: Annotated[int, typer.Option(help="Where to listen on 127.0.0.1.")] = 8000,
    vendors_base: Annotated[str | None, typer.Option(help="A sandbox that already runs, http://HOST:PORT.")] = None,
) -> None:
    """Start the gateway, and the sandbox vendors unless told where they are."""
    chosen = Settings(port=port)
    settings = Settings(port=port, vendors_base=vendors_base) if vendors_base else chosen
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, own_sandbox=vendors_base is None))


async def _serve(settings: Settings, *, own_sandbox: bool) -> None:
    world = build()
    vendors = town.standing(int(settings.vendor_url(0).rpartition(":")[2]), world)
    async with contextlib.AsyncExitStack() as stack:
        if own_sandbox:
            await stack.enter_async_context(vendors)
        app = await stack.enter_async_context(gateway(settings, world))
        typer.echo(f"Player Graph on http://{settings.host}:{settings.port}/graphql\n\n{FIRST_QUERY}\n")
        for role in policies.load().roles:
            typer.echo(f"{role}: {issue(sandbox_secret(settings.var), _principal_of(role, None, [], []))}")
        config = uvicorn.Config(app, settings.host, settings.port, log_level="warning", lifespan="off")
        await uvicorn.Server(config).serve()


@cli.command()
def sandbox(port_base: Annotated[int, typer.Option(help="The PAM's port; the others follow.")] = 9100) -> None:
    """Start the sandbox vendors alone."""

    async def stand() -> None:
        async with town.standing(port_base):
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(stand())


@cli.command()
def token(role: Annotated[str, typer.Option(help="A role of auth/policy.yaml.")]) -> None:
    """Print a sandbox token."""
    if role not in policies.load().roles:
        raise typer.BadParameter(f"no such role: {role}")
    typer.echo(issue(sandbox_secret(Settings().var), _principal_of(role, None, [], [])))


@cli.command(name="schema")
def print_schema() -> None:
    """Print the SDL with its access directives."""
    typer.echo(schema.as_str())


@cli.command()
def permissions() -> None:
    """Print the role x coordinate table: yes, ERROR, NULL or MASK."""
    for line in permission_table():
        typer.echo(line)


def permission_table() -> list[str]:
    """One line a coordinate, one column a role: what the role gets there."""
    roles = policies.load().roles
    denied = {role: publication.denied(scopes) for role, scopes in roles.items()}
    header = "coordinate " + " ".join(roles)
    return [header] + [
        f"{coordinate} " + " ".join(spec.deny.name if coordinate in denied[role] else "yes" for role in roles)
        for coordinate, spec in publication.specs.items()
    ]


if __name__ == "__main__":
    cli()
