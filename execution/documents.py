"""What a client wrote, understood once: documents are parsed, weighed and validated, then kept by their hash.

An operation that asks only about the schema is answered here, from a rendered answer; the schema never changes while
it is served.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Any

import msgspec
import orjson
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    parse,
    validate,
)

from execution.limits import TooMuch, within_limits

MAX_TOKENS, MAX_ERRORS = 2_000, 5
KEPT_DOCUMENTS, KEPT_INTROSPECTIONS = 256, 16  # a document weighs up to 1 MB, an answer as much
ABOUT_THE_SCHEMA = frozenset({"__schema", "__type"})


class Explain(Enum):
    """PLAN: told instead of an answer. RUN: what happened, told beside the answer."""

    PLAN = "plan"
    RUN = "run"


class Asked(msgspec.Struct):
    """A request that parsed and validated by a schema, the caller's; `explain` is what he wants to be told of it."""

    document: DocumentNode
    operation: OperationDefinitionNode
    operation_name: str | None
    variables: dict[str, Any]
    schema: GraphQLSchema
    explain: Explain | None = None


class BadDocument(Exception):
    """A document that never runs: its code, and the errors as a client reads them."""

    def __init__(self, code: str, message: str, errors: list[Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.errors = errors or [{"message": message, "extensions": {"code": code}}]


class Documents:
    """One schema's documents. Only valid ones are kept: a stranger's rubbish evicts nothing."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = self._schema = schema
        self._valid: LRUCache[bytes, DocumentNode] = LRUCache(KEPT_DOCUMENTS)
        self._rendered: LRUCache[tuple[int, str | None], tuple[DocumentNode, bytes]] = LRUCache(KEPT_INTROSPECTIONS)

    def read(self, text: str) -> DocumentNode:
        """Raises BadDocument."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if (known := self._valid.get(key)) is not None:
            return known
        try:
            document = parse(text, max_tokens=MAX_TOKENS)
        except (GraphQLError, RecursionError) as error:
            raise _refusal("GRAPHQL_PARSE_FAILED", [error]) from error
        try:
            within_limits(document)
        except TooMuch as error:
            raise BadDocument("DOCUMENT_TOO_COMPLEX", str(error)) from error
        if errors := validate(self._schema, document, max_errors=MAX_ERRORS, hide_suggestions=True):
            raise _refusal("GRAPHQL_VALIDATION_FAILED", errors)
        self._valid[key] = document
        return document

    def introspected(self, asked: Asked) -> bytes | None:
        """The response's body, rendered once a document; None if the operation asks anything else or has variables."""
        key = (id(asked.document), asked.operation_name)
        if known := self._rendered.get(key):
            return known[1]
        if asked.operation.variable_definitions or not _only_introspects(asked):
            return None
        answer = execute_sync(self._schema, asked.document, operation_name=asked.operation_name)
        if answer.errors:
            return None
        body = orjson.dumps(answer.formatted)
        self._rendered[key] = (asked.document, body)  # holds the document, whose identity is in the key
        return body


def _only_introspects(asked: Asked) -> bool:
    if asked.operation.operation is not OperationType.QUERY:
        return False
    fragments = {d.name.value: d for d in asked.document.definitions if isinstance(d, FragmentDefinitionNode)}
    return _roots(asked.operation.selection_set, fragments) <= ABOUT_THE_SCHEMA


def _roots(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> set[str]:
    """The names of the fields at the operation's root; validation has refused fragments that spread themselves."""
    names: set[str] = set()
    for node in selections.selections:
        if isinstance(node, FieldNode):
            names.add(node.name.value)
        elif isinstance(node, FragmentSpreadNode):
            names |= _roots(fragments[node.name.value].selection_set, fragments)
        elif isinstance(node, InlineFragmentNode):
            names |= _roots(node.selection_set, fragments)
    return names


def _refusal(code: str, errors: list[Any]) -> BadDocument:
    told = [{**e.formatted, "extensions": {"code": code}} for e in errors if isinstance(e, GraphQLError)]
    return BadDocument(code, "The document is nested too deeply.", told)
