"""Running a plan: one call of the plural resolver a step, siblings at once, and below a step as soon as it is in.

Keys first: where a field can tell its object's key before the object is there, the steps that need no more than the
key start with it. Their answers are kept, and taken over by the object if it turns out to have that very key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from execution.arguments import arguments_of, given_to
from execution.fields import Partial, parent_of, refuse
from execution.loading import PublicFailure
from execution.plan import Place, Plan, Step, objects_of

if TYPE_CHECKING:
    from graphql import GraphQLSchema
    from graphql.execution.values import VariableValues

    from execution.publication import Publication

log = logging.getLogger("player_graph.execution")
Early = dict[Step, "asyncio.Task[None]"]


class Run:
    """One operation under way. `answers[step number][id(parent)]` is a value, None or a failure.

    Parents are told apart by identity, so `held` keeps them while the run lives.
    """

    def __init__(
        self, plan: Plan, publication: Publication, schema: GraphQLSchema, context: Any, variables: VariableValues
    ) -> None:
        self._plan, self._publication, self._schema = plan, publication, schema
        self._context, self._variables = context, variables
        self.answers: list[dict[int, Any]] = [{} for _ in range(plan.steps)]
        self._held: list[Any] = []
        self._tasks: list[asyncio.Task[None]] = []

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
        self._tasks.append(task)
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
            _crashed(error)
            fresh = dict.fromkeys(map(id, parents), error)
        answers.update(fresh)
        if step.leads:
            await self._below(step, fresh.values(), early, known)

    async def _below(self, step: Step, fresh: Iterable[Any], early: Early | None, known: Any) -> None:
        found: dict[Place, list[Any]] = {}
        for field in step.leads:
            objects_of(field, fresh, found)
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
        """The answers by the parents' identity."""
        spec = step.spec
        if any(parent.__class__ is Partial for parent in parents):
            return await self._ask_of_keys(step, arguments, parents)
        if spec.action:
            self._context.renew()
        assert spec.resolver is not None
        found: Sequence[Any] = await spec.resolver(parents, self._context, **arguments)
        if len(found) != len(parents):
            raise RuntimeError(f"a resolver gave {len(found)} answers for {len(parents)} parents")
        return dict(zip(map(id, parents), found, strict=True))

    async def _ask_of_keys(self, step: Step, arguments: dict[str, Any], parents: Sequence[Any]) -> dict[int, Any]:
        """The same where a parent is only a key: it may be too little for this resolver."""
        answers: dict[int, Any] = {}
        whole: list[Any] = []
        for parent in parents:
            try:
                whole.append((id(parent), parent_of(parent, step.spec)))
            except GraphQLError as error:
                answers[id(parent)] = error
        if whole:
            asked = [parent for _, parent in whole]
            found = await self._ask(step, arguments, asked)
            answers |= {mark: found[id(parent)] for mark, parent in whole}
        return answers

    def _ahead(self, step: Step, known: Any) -> Early:
        """Starts the steps below that can work with the key alone."""
        self._held.append(known)
        places = {place for field in step.fields for place in field.places.values()}
        fitting = [each for place in places for each in place.steps if isinstance(known, each.spec.needs)]
        return {each: self._started(self._step(each, [known])) for each in fitting}


def _once(objects: list[Any]) -> list[Any]:
    """An object that stands at several positions is asked about once."""
    if len(objects) == 1:
        return objects
    return list({id(each): each for each in objects}.values())


def _same(known: Any, parent: Any) -> bool:
    """Whether an object has the key its fields were asked for with."""
    bare = parent.known if isinstance(parent, Partial) else parent
    missing = object()
    return all(getattr(bare, name, missing) == getattr(known, name) for name in known.__struct_fields__)


def _crashed(error: Exception) -> None:
    """A refusal of what the caller asked, or a vendor's failure, is no crash."""
    if not isinstance(error, (GraphQLError, PublicFailure)):
        log.error("a resolver crashed", exc_info=error)
