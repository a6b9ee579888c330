"""The commands about evidence and keys: `gateway.py audit ...` and `gateway.py keys ...`."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from auth import api_keys, audit_chain
from auth.audit import open_store
from auth.database import Place


def audit_commands(place: Callable[[], Place]) -> typer.Typer:
    """What reads the audit of the place that the settings name, and changes nothing."""
    group = typer.Typer(add_completion=False, no_args_is_help=True, help="The audit store, read-only.")

    @group.command()
    def verify() -> None:
        """Walk the chain; exit 1 at the first record that does not hold."""
        found = asyncio.run(_verified(place()))
        if not found.intact:
            typer.echo(f"broken at record {found.first_broken} of {found.records}", err=True)
            raise typer.Exit(1)
        typer.echo(f"{found.records} records, intact. A cut tail cannot be seen without a head shipped elsewhere.")

    @group.command()
    def export() -> None:
        """Print every record as a line of JSON, in order."""
        asyncio.run(_export(place()))

    return group


async def _verified(where: Place) -> audit_chain.Verification:
    return audit_chain.verify(where) if isinstance(where, Path) else await audit_chain.verify_server(where)


async def _export(where: Place) -> None:
    after = 0
    await _verified(where)  # says so if there is none, and makes none
    async with open_store(where) as store:
        while found := await store.records(500, after=after):
            for record in found:
                typer.echo(msgspec.json.encode(record).decode())
            after = found[-1].stamp.sequence


def key_commands(place: Callable[[], Place], roles: Callable[[], Collection[str]]) -> typer.Typer:
    """What makes, shows and ends API keys, on the record; `roles` are those that a key may be given."""
    group = typer.Typer(add_completion=False, no_args_is_help=True, help="API keys of services.")

    @group.command()
    def create(
        name: Annotated[str, typer.Option(help="Which service it is for; stands in the audit as key:NAME.")],
        role: Annotated[list[str], typer.Option(help="A role of the policy; several are several options.")],
        days: Annotated[int, typer.Option(help="How long it lives.")] = 90,
        brand: Annotated[list[str] | None, typer.Option(help="Where it holds; everywhere unless named.")] = None,
        market: Annotated[list[str] | None, typer.Option(help="Where it holds; everywhere unless named.")] = None,
    ) -> None:
        """Make a key and print it, once."""
        try:
            key = api_keys.new(name, role, timedelta(days=days), brands=brand or (), markets=market or ())
            typer.echo(asyncio.run(_created(place(), key, roles())))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    @group.command(name="list")
    def listed() -> None:
        """Print every key by its prefix, without its secret."""
        asyncio.run(_list(place()))

    @group.command()
    def revoke(prefix: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
        """End a key, in every process within half a minute."""
        if not asyncio.run(_revoked(place(), prefix)):
            typer.echo(f"{prefix}: there is no such key, or it was revoked before", err=True)
            raise typer.Exit(1)

    return group


async def _created(where: Place, key: api_keys.ApiKey, roles: Collection[str]) -> str:
    async with open_store(where) as store:
        return await api_keys.create(store, key, _operator(), roles)


async def _list(where: Place) -> None:
    async with open_store(where) as store:
        for key in await api_keys.listed(store):
            places = " ".join(sorted(key.brands | key.markets)) or "everywhere"
            typer.echo(
                f"{key.prefix}  {key.state(datetime.now(UTC)):<8} {key.expires_at:%Y-%m-%d}  {key.name:<24} "
                f"{' '.join(sorted(key.roles))}  {places}"
            )


async def _revoked(where: Place, prefix: str) -> bool:
    async with open_store(where) as store:
        return await api_keys.revoke(store, prefix, _operator())


def _operator() -> str:
    """Who gives a command on this machine, as far as it can tell."""
    return f"operator:{getpass.getuser()}"
