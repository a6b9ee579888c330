"""What an operation becomes once: places (a selection set on one type), their fields, and the steps that fill them.

Fragments are spread and @skip and @include obeyed while planning, by graphql-core's own collector, so a plan belongs to
one set of Boolean variables. A denied field becomes a constant here: its step does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    print_ast,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from execution.arguments import Direct, arguments_of, direct_arguments, holds_variable
from execution.fields import Partial

if TYPE_CHECKING:
    from execution.publication import Publication, Spec


class Declined(Exception):
    """An operation that graphql-core must answer; `reason` is a word from a small set, for a metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Operation(msgspec.Struct, frozen=True):
    """One operation of a document: what it spreads, and the variables in its @skip and @include."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    switches: tuple[str, ...]


class Step:
    """One plural read: a field with its arguments at one place. Fields with the same step share its answers."""

    __slots__ = ("arguments", "definition", "direct", "fields", "leads", "node", "number", "refused", "spec", "unfit")

    def __init__(self, number: int, spec: Spec, definition: Any, node: FieldNode) -> None:
        self.number, self.spec, self.definition, self.node = number, spec, definition, node
        self.fields: list[Field] = []  # who shares its answers
        self.leads: list[Field] = []  # of these who lead on to further steps
        self.arguments: dict[str, Any] | None = None  # None: they hold variables, and are read per request
        self.direct: Direct | None = None  # how to read them in short
        self.unfit: GraphQLError | None = None  # literal arguments the field cannot take
        self.refused: Spec | None = None  # denied, once its arguments have been read


class Field:
    """A response key at a place. Exactly one of `typename`, `step`, `denied` or the record's attribute fills it."""

    __slots__ = (
        "classes",
        "denied",
        "key",
        "live",
        "name",
        "nodes",
        "places",
        "spec",
        "step",
        "type",
        "typename",
        "watched",
    )

    def __init__(self, key: str, nodes: list[FieldNode], type: Any) -> None:
        self.key, self.nodes, self.type, self.name = key, nodes, type, nodes[0].name.value
        self.typename: str | None = None
        self.spec: Spec | None = None
        self.denied = False
        self.step: Step | None = None
        self.places: dict[str, Place] = {}
        self.classes: dict[type, Place] = {}
        self.live = False  # steps below it
        self.watched = False  # it, or what is below it, may be an error although every record is sound

    @property
    def attribute(self) -> str:
        """Of the record, where that is what fills it."""
        assert self.spec is not None
        return self.spec.attribute

    def place_of(self, value: object) -> Place | None:
        """Where a value of this field goes on; None for what is no object of its types."""
        place = self.classes.get(value.__class__)
        if place is None:
            place = next((p for p in self.places.values() if p.holds(value)), None)
        return place


class Place:
    """A selection set on one object type."""

    __slots__ = ("fields", "key", "live", "record", "steps", "type", "watched")

    def __init__(self, type: GraphQLObjectType, record: type, key: type | None) -> None:
        self.type, self.record, self.key = type, record, key
        self.fields: list[Field] = []
        self.steps: list[Step] = []
        self.live: list[Field] = []  # fields of the record itself that lead on to steps
        self.watched: list[Field] = []

    def holds(self, value: object) -> bool:
        """Whether graphql-core would take the value for one of this type."""
        judge: Any = self.type.is_type_of
        return judge is not None and bool(judge(value, None))


class Plan:
    """A planned operation."""

    __slots__ = ("root", "serial", "steps")

    def __init__(self, root: Place, steps: int, *, serial: bool) -> None:
        self.root, self.steps, self.serial = root, steps, serial


class Planner:
    """Plans one operation for one set of denied coordinates and of Boolean variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        publication: Publication,
        operation: Operation,
        variables: VariableValues,
        denied: Mapping[str, Spec],
    ) -> None:
        self._schema, self._publication = schema, publication
        self._operation, self._fragments = operation.node, operation.fragments
        self._variables, self._denied = variables, denied
        self._places: dict[tuple[str, tuple[int, ...]], Place] = {}
        self._steps = 0

    def plan(self) -> Plan:
        """Raises Declined."""
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            raise Declined("no root")
        collected = collect_fields(
            self._schema, self._fragments, self._variables, root, self._operation, hide_suggestions=True
        )
        place = self._filled(self._place(root), collected.grouped_field_set)
        return Plan(place, self._steps, serial=self._operation.operation.value == "mutation")

    def _below(self, type: GraphQLObjectType, details: list[FieldDetails]) -> Place:
        key = (type.name, tuple(id(each.node) for each in details))
        if key not in self._places:
            collected = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, type, details, hide_suggestions=True
            )
            self._places[key] = self._filled(self._place(type), collected.grouped_field_set)
        return self._places[key]

    def _place(self, type: GraphQLObjectType) -> Place:
        known = self._publication.record_of(type.name)
        if known is None:
            raise Declined("not plural")
        return Place(type, *known)

    def _filled(self, place: Place, grouped: Mapping[str, list[FieldDetails]]) -> Place:
        shared: dict[object, Step] = {}
        for key, details in grouped.items():
            field = self._field(place, key, details, shared)
            place.fields.append(field)
            if field.live and field.step is not None:
                field.step.leads.append(field)
            if field.live and field.step is None:
                place.live.append(field)
            if field.watched:
                place.watched.append(field)
        return place

    def _field(self, place: Place, key: str, details: list[FieldDetails], shared: dict[object, Step]) -> Field:
        name = details[0].node.name.value
        definition = self._schema.get_field(place.type, name)
        if definition is None or name in ("__schema", "__type"):
            raise Declined("introspection" if definition else "unknown field")
        field = Field(key, [each.node for each in details], definition.type)
        if name == "__typename":
            field.typename = place.type.name
            return field
        spec = field.spec = self._publication.specs.get(f"{place.type.name}.{name}")
        if spec is None:
            raise Declined("not plural")
        if (denied := self._denied.get(spec.coordinate)) is not None:
            spec, field.spec, field.denied = denied, denied, True
        if spec.resolver is not None:
            self._with_step(place, field, definition, shared)
        if not field.denied and not is_leaf_type(get_named_type(definition.type)):
            self._lead_on(field, details)
        below = field.places.values()
        field.live = any(place.steps or place.live for place in below)
        refused = field.denied and spec.deny.name == "ERROR"
        field.watched = field.step is not None or refused or any(place.watched or place.key for place in below)
        return field

    def _lead_on(self, field: Field, details: list[FieldDetails]) -> None:
        named: Any = get_named_type(field.type)
        for type in self._schema.get_possible_types(named) if is_abstract_type(named) else [named]:
            place = field.places[type.name] = self._below(type, details)
            if place.record in field.classes:  # generic records differ in their parameters alone, types do not
                raise Declined("ambiguous record")
            field.classes[place.record] = place

    def _with_step(self, place: Place, field: Field, definition: Any, shared: dict[object, Step]) -> None:
        spec, node = field.spec, field.nodes[0]
        assert spec is not None
        if field.denied and not _holds_variable(node):
            return
        same = (spec.coordinate, tuple(sorted(print_ast(each) for each in node.arguments or ())))
        step = shared.get(same)
        if step is None or spec.action:
            step = shared[same] = Step(self._steps, spec, definition, node)
            self._steps += 1
            place.steps.append(step)
            step.refused = spec if field.denied else None
            self._read_arguments(step)
        field.step = step
        step.fields.append(field)

    def _read_arguments(self, step: Step) -> None:
        """As far as they are known before a request brings its variables."""
        where = (self._publication, self._schema, step.definition, step.node)
        try:
            if _holds_variable(step.node):
                step.direct = direct_arguments(*where)
            else:
                step.arguments = arguments_of(*where, self._variables)
        except GraphQLError as error:
            step.unfit = None if _holds_variable(step.node) else error


def _holds_variable(node: FieldNode) -> bool:
    return any(holds_variable(argument.value) for argument in node.arguments or ())


def objects_of(field: Field, values: Iterable[Any], found: dict[Place, list[Any]]) -> None:
    """Sorts the objects in a field's values by the places below it that have steps; a level at a time."""
    type = get_nullable_type(field.type)
    while is_list_type(type):
        values = [item for value in values if value.__class__ is list or value.__class__ is tuple for item in value]
        type = get_nullable_type(type.of_type)
    for record, place in field.classes.items():
        _enter(place, [value for value in values if value.__class__ is record], found)
    for value in values:
        if value is None or value.__class__ in field.classes or isinstance(value, Exception):
            continue
        if (at := field.place_of(value)) is not None:
            _enter(at, [value], found)


def _enter(place: Place, objects: list[Any], found: dict[Place, list[Any]]) -> None:
    if not objects:
        return
    if place.steps:
        found.setdefault(place, []).extend(objects)
    for lead in place.live:
        attribute = lead.attribute
        values = [getattr(each.known if each.__class__ is Partial else each, attribute, None) for each in objects]
        objects_of(lead, values, found)
