"""The command about vendors: `gateway.py vendors check`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated

import typer

from vendors.checking import Line, Verdict
from vendors.ports.keys import Key
from vendors.ports.source import System
from vendors.probes import Sample


def vendor_commands(
    systems: Sequence[System], asked: Callable[[Sequence[System], Sample], AsyncIterator[Line]]
) -> typer.Typer:
    """What asks the configured vendors; `asked` puts the questions, a line an answer, to some of `systems`."""
    group = typer.Typer(add_completion=False, no_args_is_help=True, help="The vendors behind the graph.")

    @group.command()
    def check(
        player: Annotated[str, typer.Option(help="Whom to ask about: player:BRAND:ID.")] = "player:acme:s-001",
        system: Annotated[list[str] | None, typer.Option(help="One of the seven; all unless named.")] = None,
    ) -> None:
        """Ask every configured vendor for a sample player, read-only; exit 1 if a line failed."""
        chosen = [one for one in systems if not system or one.value.lower() in system]
        if not chosen:
            raise typer.BadParameter("no such system")
        if not asyncio.run(_all_fine(asked(chosen, Sample(_key(player))))):
            raise typer.Exit(1)

    return group


async def _all_fine(lines: AsyncIterator[Line]) -> bool:
    fine = True
    async for line in lines:
        typer.echo(f"{line.system:<11} {line.what:<34} {line.verdict.value:<12} {line.seen}")
        fine = fine and line.verdict is not Verdict.FAILED
    return fine


def _key(text: str) -> Key:
    try:
        return Key.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"--player: {error}") from None
