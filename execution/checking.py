"""Ready documents and schemas held against each other before anything is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from graphql import (
    BreakingChange,
    DangerousChange,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    parse,
    validate,
)

from execution.documents import MAX_TOKENS
from execution.limits import TooMuch, within_limits


class Judged(msgspec.Struct, frozen=True):
    """A document: the audiences whose schema it is valid by, and what is wrong with it where there are none."""

    name: str
    audiences: Sequence[str]
    problems: Sequence[str]


def judged(folder: Path, schemas: Mapping[str, GraphQLSchema]) -> Sequence[Judged]:
    """Every `.graphql` file of a folder, in order."""
    return [_judged(file, schemas) for file in sorted(folder.glob("*.graphql"))]


def _judged(file: Path, schemas: Mapping[str, GraphQLSchema]) -> Judged:
    try:
        document = parse(file.read_text("utf-8"), max_tokens=MAX_TOKENS)
        within_limits(document)
    except (GraphQLError, TooMuch, RecursionError, UnicodeDecodeError) as error:
        return Judged(file.name, [], [str(error)])
    found = {name: validate(schema, document) for name, schema in schemas.items()}
    fitting = [name for name, errors in found.items() if not errors]
    fewest = min(found.values(), key=len) if not fitting else []
    return Judged(file.name, fitting, [f"{_line(error)}{error.message}" for error in fewest])


def _line(error: GraphQLError) -> str:
    return f"line {error.locations[0].line}: " if error.locations else ""


def changes(before: str, after: str) -> tuple[Sequence[BreakingChange], Sequence[DangerousChange]]:
    """What breaks clients of the schema `before`, and what may. Raises GraphQLError for what is no SDL."""
    old, new = (build_schema(text, assume_valid=True, assume_valid_sdl=True) for text in (before, after))
    return find_breaking_changes(old, new), find_dangerous_changes(old, new)
