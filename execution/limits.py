"""What a document may weigh: one pass before validation, whose own cost grows with the square of repeated fields.

A fragment is measured once, however often it is spread, so a chain that doubles at every step costs its own length.
"""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

# Each a round number above what the ready documents need and far below what hurts.
DEPTH, ALIASES, FRAGMENTS, DIRECTIVES, REPEATS = 15, 120, 64, 50, 20


class TooMuch(Exception):
    """`limit` names what was exceeded, such as DEPTH."""

    def __init__(self, limit: str, most: int) -> None:
        super().__init__(f"The document exceeds {most} {limit.lower()}.")
        self.limit = limit


class _Weight:
    """A selection set with its fragments spread: how deep it goes, how often each response key stands in it."""

    def __init__(self) -> None:
        self.depth = 0
        self.keys: dict[str, int] = {}


class _Scale:
    """Weighs a document; raises TooMuch at the first limit that breaks."""

    def __init__(self, document: DocumentNode) -> None:
        definitions = document.definitions
        self._fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self._weighed: dict[str, _Weight | None] = {}  # None while a fragment is being weighed: a cycle adds nothing
        self._aliases = self._directives = 0
        _at_most("FRAGMENTS", len(self._fragments), FRAGMENTS)
        for name in self._fragments:
            self._fragment(name)
        for definition in definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._count_directives(definition)
                self._weigh(definition.selection_set)

    def _weigh(self, selections: SelectionSetNode) -> _Weight:
        total = _Weight()
        for node in selections.selections:
            self._count_directives(node)
            if isinstance(node, FieldNode):
                self._add_field(node, total)
            elif isinstance(node, FragmentSpreadNode):
                self._add(self._fragment(node.name.value), total)
            elif inner := getattr(node, "selection_set", None):
                self._add(self._weigh(inner), total)
        _at_most("DEPTH", total.depth, DEPTH)
        return total

    def _add_field(self, node: FieldNode, total: _Weight) -> None:
        below = self._weigh(node.selection_set).depth if node.selection_set else 0
        self._aliases += node.alias is not None
        _at_most("ALIASES", self._aliases, ALIASES)
        one = _Weight()
        one.depth, one.keys = below + 1, {(node.alias or node.name).value: 1}
        self._add(one, total)

    def _add(self, part: _Weight | None, total: _Weight) -> None:
        if part:
            total.depth = max(total.depth, part.depth)
            for key, count in part.keys.items():
                total.keys[key] = total.keys.get(key, 0) + count
                _at_most("REPEATS", total.keys[key], REPEATS)

    def _fragment(self, name: str) -> _Weight | None:
        if name in self._fragments and name not in self._weighed:
            self._weighed[name] = None
            self._weighed[name] = self._weigh(self._fragments[name].selection_set)
        return self._weighed.get(name)

    def _count_directives(self, node: object) -> None:
        self._directives += len(getattr(node, "directives", None) or ())
        _at_most("DIRECTIVES", self._directives, DIRECTIVES)


def _at_most(limit: str, found: int, most: int) -> None:
    if found > most:
        raise TooMuch(limit, most)


def within_limits(document: DocumentNode) -> None:
    """Raises TooMuch. The parser has bounded tokens and nesting before."""
    _Scale(document)
