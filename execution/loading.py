"""Under graphql-core a plural resolver is asked object by object: this gathers the parents of a level again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from aiodataloader import DataLoader
from graphql import GraphQLError

log = logging.getLogger("player_graph.execution")


@runtime_checkable
class PublicFailure(Protocol):
    """A failure that knows what may be said of it, such as a vendor's."""

    code: str
    system: Any
    public_message: str


class Loader(DataLoader[Any, Any]):
    """One (field, arguments) of one operation. Parents are told apart by identity, so they are held while it lives."""

    def __init__(self, ask: Callable[[Sequence[Any]], Awaitable[Sequence[object]]]) -> None:
        super().__init__(batch_load_fn=self._batch, get_cache_key=id)
        self._ask, self._held = ask, list[Any]()

    async def answer(self, parent: Any) -> Any:
        """The parent's answer. Shielded: a sibling that is cancelled must not take a shared answer with it."""
        self._held.append(parent)
        answer = (await asyncio.shield(self.load(parent)))[0]
        if isinstance(answer, Exception):
            raise told(answer)
        if isinstance(answer, (list, tuple)) and any(isinstance(item, Exception) for item in answer):
            return [told(item) if isinstance(item, Exception) else item for item in answer]
        return answer

    async def _batch(self, parents: list[Any]) -> list[tuple[object]]:
        """Answers are boxed: an error as a future's result of an abandoned field would be reported as lost."""
        try:
            answers = await self._ask(parents)
        except GraphQLError as refusal:  # of what the caller asked: nothing crashed
            return [(refusal,) for _ in parents]
        except Exception as error:
            log.exception("a resolver crashed")
            return [(error,) for _ in parents]
        if len(answers) != len(parents):
            log.error("a resolver gave %d answers for %d parents", len(answers), len(parents))
            return [(RuntimeError("wrong number of answers"),) for _ in parents]
        return [(answer,) for answer in answers]


def told(error: Exception) -> GraphQLError:
    """The GraphQL error a failure becomes: a vendor's is told, a crash is not."""
    if isinstance(error, GraphQLError):
        return error
    if isinstance(error, PublicFailure):
        log.warning("%s: %s", error.code, error)
        system = getattr(error.system, "value", error.system)
        return GraphQLError(error.public_message, extensions={"code": error.code, "system": system})
    return crashed(GraphQLError(""))


def crashed(error: GraphQLError) -> GraphQLError:
    """What a caller is told of a defect of ours, at the place where it showed."""
    return GraphQLError(
        "The gateway could not answer this field.", error.nodes, path=error.path, extensions={"code": "INTERNAL"}
    )
