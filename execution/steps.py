"""Running a plan: one call of the plural resolver a step, siblings at once, and below a step as soon as it is in.

Keys first: where a field can tell its object's key before the object is there, the steps that need no more than the
key start with it. Their answers are kept, and taken over by the object if it turns out to have that very key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from execution.arguments import arguments_of, given_to
from execution.fields import Partial, parent_of, refuse
from execution.loading import told
from execution.plan import Place, Plan, Step, objects_of

if TYPE_CHECKING:
    from graphql import GraphQLSchema
    from graphql.execution.values import VariableValues

    from execution.publication import Publication

log = logging.getLogger("player_graph.execution")
Early = dict[Step, "asyncio.Task[None]"]


class Run:
    """One operation under way. `answers[step number][id(parent)]` is a value, None or the GraphQLError to tell.

    Parents are told apart by identity, so `held` keeps them while the run lives.
    """

    def __init__(
        self, plan: Plan, publication: Publication, schema: GraphQLSchema, context: Any, variables: VariableValues
    ) -> None:
        self._plan, self._publication, self._schema = plan, publication, schema
        self._context, self._variables = context, variables
        self.answers: list[dict[int, Any]] = [{} for _ in range(plan.steps)]
        self._held: list[Any] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, root: object) -> None:
        """Returns when every step has its answers."""
        place = self._plan.root
        try:
            if self._plan.serial:
                for step in place.steps:
                    await self._step(step, [root])
            else:
                await self._place(place, [root])
        finally:
            for task in self._tasks:
                task.cancel()

    async def _place(self, place: Place, parents: list[Any], early: Early | None = None, known: Any = None) -> None:
        """All steps of a place; those that ran early with this object's key are only waited for."""
        self._held.append(parents)
        if not early or not all(_same(known, parent) for parent in parents):
            await self._together([self._step(step, parents) for step in place.steps])
            return
        await self._together([self._step(step, parents) for step in place.steps if step not in early])
        for step in place.steps:
            if step in early:
                await early[step]
                answers = self.answers[step.number]
                answers.update(dict.fromkeys(map(id, parents), answers[id(known)]))

    async def _together(self, jobs: list[Any]) -> None:
        """All jobs at once; the last one runs here, which saves a task where there is only one."""
        if not jobs:
            return
        tasks = [self._started(job) for job in jobs[:-1]]
        await jobs[-1]
        for task in tasks:
            await task

    def _started(self, job: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _step(self, step: Step, parents: Sequence[Any]) -> None:
        answers = self.answers[step.number]
        early: Early | None = None
        known = None
        try:
            if step.refused is not None:
                given_to(self._schema, step.definition, step.node, self._variables)
            arguments = {} if step.refused else self._arguments(step)
            if self._refused(step, arguments):
                answers.update(dict.fromkeys(map(id, parents)))
                return
            known = step.spec.key(self._context, **arguments) if step.spec.key else None
            early = self._ahead(step, known) if known else None
            fresh = await self._ask(step, arguments, parents)
        except Exception as error:
            fresh = dict.fromkeys(map(id, parents), _told(error))
        answers.update(fresh)
        await self._below(step, fresh.values(), early, known)

    async def _below(self, step: Step, fresh: Any, early: Early | None, known: Any) -> None:
        found: dict[Place, list[Any]] = {}
        for field in step.fields:
            if field.live:
                for value in fresh:
                    objects_of(field, value, found)
        await self._together([self._place(place, _once(objects), early, known) for place, objects in found.items()])

    def _arguments(self, step: Step) -> dict[str, Any]:
        if step.unfit is not None:
            raise step.unfit
        if step.arguments is not None:
            return step.arguments
        if step.direct is not None and (found := step.direct.of(self._variables.coerced)) is not None:
            return found
        return arguments_of(self._publication, self._schema, step.definition, step.node, self._variables)

    def _refused(self, step: Step, arguments: dict[str, Any]) -> bool:
        """Whether the answer is a null that says nothing; raises GraphQLError for a denial that says so."""
        refused = step.refused
        if refused is None and step.spec.narrows and (record := step.spec.narrows(**arguments)):
            narrow = self._publication.type_specs[record]
            refused = narrow if narrow.coordinate in self._context.denied else None
        if refused is not None:
            refuse(refused)
        return refused is not None

    async def _ask(self, step: Step, arguments: dict[str, Any], parents: Sequence[Any]) -> dict[int, Any]:
        """The answers by the parents' identity. A parent that is only a key may be too little for this resolver."""
        spec, context = step.spec, self._context
        assert spec.resolver is not None
        answers: dict[int, Any] = {}
        asked: list[Any] = []
        whose: list[int] = []
        for parent in parents:
            try:
                asked.append(parent if parent.__class__ is not Partial else parent_of(parent, spec))
                whose.append(id(parent))
            except GraphQLError as error:
                answers[id(parent)] = error
        if not asked:
            return answers
        if spec.action:
            context.renew()
        try:
            found: Sequence[Any] = await spec.resolver(asked, context, **arguments)
        except GraphQLError as refusal:  # of what the caller asked: nothing crashed
            found = [refusal] * len(asked)
        except Exception as error:
            log.exception("a resolver crashed")
            found = [told(error)] * len(asked)
        if len(found) != len(asked):
            log.error("a resolver gave %d answers for %d parents", len(found), len(asked))
            found = [told(RuntimeError("wrong number of answers"))] * len(asked)
        for parent, answer in zip(whose, found, strict=True):
            answers[parent] = answer if answer is None else _clear(answer)
        return answers

    def _ahead(self, step: Step, known: Any) -> Early:
        """Starts the steps below that can work with the key alone."""
        self._held.append(known)
        places = {place for field in step.fields for place in field.places.values()}
        fitting = [each for place in places for each in place.steps if isinstance(known, each.spec.needs)]
        return {each: self._started(self._step(each, [known])) for each in fitting}


def _once(objects: list[Any]) -> list[Any]:
    """An object that stands at several positions is asked about once."""
    return list({id(each): each for each in objects}.values())


def _same(known: Any, parent: Any) -> bool:
    """Whether an object has the key its fields were asked for with."""
    bare = parent.known if isinstance(parent, Partial) else parent
    missing = object()
    return all(getattr(bare, name, missing) == getattr(known, name) for name in known.__struct_fields__)


def _clear(answer: Any) -> Any:
    """An answer with its failures told."""
    if isinstance(answer, Exception):
        return told(answer)
    if (answer.__class__ is list or answer.__class__ is tuple) and any(isinstance(item, Exception) for item in answer):
        return [told(item) if isinstance(item, Exception) else item for item in answer]
    return answer


def _told(error: Exception) -> GraphQLError:
    if not isinstance(error, GraphQLError):
        log.exception("a step crashed")
    return told(error)
