"""The commands about what is published and to whom: `gateway.py schema`, `check`, `explain` and `permissions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from graphql import GraphQLError, GraphQLSchema

from auth import policy as policies
from auth import policy_file
from auth.policy import Policy
from execution.checking import changes, judged
from execution.documents import BadDocument
from execution.explaining import Explanation
from execution.plan import Declined
from schema.answering import changed_permissions, explanation, permission_table
from schema.audiences import parts

OPERATIONS = Path(__file__).parent.parent / "operations"


def add_to(cli: typer.Typer, policy: Callable[[], Policy]) -> None:
    """Adds them; `policy` loads the one that the settings name."""

    @cli.command()
    def schema(audience: Annotated[str, typer.Option(help="Whose schema: staff, embed, ...")] = "staff") -> None:
        """Print an audience's SDL with its access directives."""
        known = {one.value: part.sdl for one, part in parts(policy()).items()}
        if audience not in known:
            raise typer.BadParameter(f"no such audience: {audience}; there is {', '.join(known)}")
        typer.echo(known[audience])

    @cli.command()
    def check(
        against: Annotated[
            Path | None, typer.Option(help="An SDL that clients know: what breaks them is told.")
        ] = None,
        documents: Annotated[Path, typer.Option(help="The folder of ready documents.")] = OPERATIONS,
    ) -> None:
        """Check settings, policy, ready documents, and the schema against an older one; exit 1 where one fails."""
        known = parts(policy())
        fine = _documents_hold(documents, {one.value: part.schema for one, part in known.items()})
        if against is not None:
            fine = _nothing_breaks(against.read_text("utf-8"), known[policies.Audience.STAFF].sdl) and fine
        if not fine:
            raise typer.Exit(1)

    @cli.command()
    def explain(
        file: Annotated[Path, typer.Argument(help="A document with one operation.")],
        role: Annotated[str, typer.Option(help="A role of auth/policy.yaml.")],
        variables: Annotated[str, typer.Option(help="JSON; where @skip and @include depend on them.")] = "{}",
    ) -> None:
        """Print what an operation would do for a role, without doing it: steps, systems, what is denied or masked."""
        if role not in (known := policy()).roles:
            raise typer.BadParameter(f"no such role: {role}")
        try:
            said = msgspec.json.decode(variables, type=dict[str, Any])
            _tell(explanation(known, role, file.read_text("utf-8"), said))
        except (BadDocument, Declined, GraphQLError, msgspec.DecodeError, OSError) as error:
            wrong = [one["message"] for one in error.errors] if isinstance(error, BadDocument) else [str(error)]
            typer.echo("\n".join(f"{file}: {sentence}" for sentence in wrong), err=True)
            raise typer.Exit(1) from None

    @cli.command()
    def permissions(
        to: Annotated[Path | None, typer.Option(help="Another policy: what each role would gain and lose.")] = None,
    ) -> None:
        """Print every coordinate: what a denied caller sees, and the roles that pass."""
        known = policy()
        for line in permission_table(known) if to is None else changed_permissions(known, policy_file.load(to)):
            typer.echo(line)


def _documents_hold(folder: Path, schemas: Mapping[str, GraphQLSchema]) -> bool:
    fine = True
    for one in judged(folder, schemas):
        typer.echo(f"{one.name:<40} {' '.join(one.audiences) or 'INVALID'}")
        for problem in one.problems:
            typer.echo(f"    {problem}", err=True)
        fine = fine and bool(one.audiences)
    return fine


def _nothing_breaks(older: str, newer: str) -> bool:
    breaking, dangerous = changes(older, newer)
    for broken in breaking:
        typer.echo(f"BREAKING   {broken.description}")
    for doubtful in dangerous:
        typer.echo(f"dangerous  {doubtful.description}")
    return not breaking


def _tell(told: Explanation) -> None:
    for step in told.steps:
        waits = "" if step.after is None else f" after {step.after}"
        typer.echo(f"{step.number:>3}  {step.system or '-':<11} {step.coordinate:<36} {step.path}{waits}")
    for word, coordinates in (("denied", told.denied), ("masked", told.masked)):
        for coordinate in coordinates:
            typer.echo(f"{word}: {coordinate}")
    typer.echo(f"{len(told.steps)} steps, at most {told.rounds} behind one another")
