"""A mapping file as it is written: YAML whose every part knows its line, so that what is wrong is told by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jmespath
import yaml
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

Expression = Callable[[Any], Any]  # a reply, or a part of one -> what it says; raises ValueError where it does not fit


class BadMapping(ValueError):
    """A file cannot be a mapping; the sentence names file and line."""


class Said:
    """A part of the file."""

    def __init__(self, file: str, node: yaml.Node) -> None:
        self._file, self._node = file, node

    def wrong(self, what: str) -> BadMapping:
        return BadMapping(f"{self._file}:{self._node.start_mark.line + 1}: {what}")

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def parts(self, allowed: Sequence[str] | None = None, needed: Sequence[str] = ()) -> Mapping[str, Said]:
        """The entries of a mapping, each key once. `allowed` None: any key."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong("a mapping is expected here")
        found: dict[str, Said] = {}
        for key, value in self._node.value:
            name, here = str(key.value), Said(self._file, key)
            if allowed is not None and name not in allowed:
                raise here.wrong(f"there is no such key: {name}; there is {', '.join(allowed)}")
            if name in found:
                raise here.wrong(f"{name} stands here twice")
            found[name] = Said(self._file, value)
        if missing := [name for name in needed if name not in found]:
            raise self.wrong(f"{missing[0]} is missing")
        return found

    def items(self) -> Iterator[Said]:
        """The entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong("a list is expected here")
        return (Said(self._file, node) for node in self._node.value)

    def text(self) -> str:
        """A word, a number or a sentence, as it is written."""
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag == "tag:yaml.org,2002:null":
            raise self.wrong("a text is expected here")
        return str(self._node.value)

    def one_of(self, words: Sequence[str]) -> str:
        """A text that is one of these words."""
        if (said := self.text()) not in words:
            raise self.wrong(f"{said} is none of {', '.join(words)}")
        return said

    def number(self, most: int) -> int:
        """A whole number from 1."""
        said = self.text()
        if not said.isdecimal() or not 1 <= int(said) <= most:
            raise self.wrong(f"a number from 1 to {most} is expected here")
        return int(said)

    def plain(self) -> Any:
        """JSON's own types, for what is sent as it stands."""
        if isinstance(self._node, yaml.MappingNode):
            return {name: part.plain() for name, part in self.parts().items()}
        if isinstance(self._node, yaml.SequenceNode):
            return [part.plain() for part in self.items()]
        return yaml.safe_load(yaml.serialize(self._node))

    def expression(self, *, may_compare: bool = True) -> Expression:
        """A JMESPath expression. One that may not compare is an answer by yes or no, which must come from the PAM."""
        try:
            compiled = jmespath.compile(self.text())
        except JMESPathError as error:
            raise self.wrong(f"no JMESPath expression: {str(error).splitlines()[0]}") from error
        for node in _nodes(compiled.parsed):
            if node["type"] == "function_expression":
                self._must_be_callable(node["value"], len(node["children"]))
        if not may_compare and any(_denies(node) for node in _nodes(compiled.parsed, filters=False)):
            raise self.wrong("a comparison says no of what is missing: write `value` and `words`")
        if (names := _names(compiled.parsed)) is not None:
            return lambda value: _followed(value, names)

        def evaluate(value: Any) -> Any:
            try:
                return compiled.search(value)
            except (ValueError, TypeError, ArithmeticError, LookupError):  # its own sentence holds what the reply says
                raise ValueError("an expression does not fit the reply") from None

        return evaluate

    def _must_be_callable(self, name: str, arguments: int) -> None:
        """Evaluation would tell it only of a reply that leads there."""
        if (known := Functions.FUNCTION_TABLE.get(name)) is None:
            raise self.wrong(f"JMESPath has no function {name}")
        signature = known["signature"]
        if arguments < len(signature) or (arguments > len(signature) and not signature[-1].get("variadic")):
            raise self.wrong(f"the function {name} takes {len(signature)}, and not {arguments}")


def _nodes(node: Mapping[str, Any], *, filters: bool = True) -> Iterator[Mapping[str, Any]]:
    """The parts of an expression; without `filters` those alone that can become its result."""
    yield node
    inner = node["children"] if filters or node["type"] != "filter_projection" else node["children"][:2]
    for one in inner:
        if isinstance(one, dict):  # a slice has numbers
            yield from _nodes(one, filters=filters)


def _names(node: Mapping[str, Any]) -> Sequence[str] | None:
    """The names of an expression that is nothing but names: most are, and those need no interpreter."""
    if node["type"] == "field":
        return [node["value"]]
    inner = [_names(one) for one in node["children"]] if node["type"] == "subexpression" else [None]
    return [name for names in inner for name in names or ()] if None not in inner else None


def _followed(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _denies(node: Mapping[str, Any]) -> bool:
    return node["type"] == "not_expression" or (node["type"] == "comparator" and node["value"] in ("eq", "ne"))


def opened(path: Path) -> Said:
    """The whole file. Raises BadMapping."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadMapping(f"{path}: cannot be read") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadMapping(f"{path}:{mark.line + 1 if mark else 1}: {error.problem or error.context}") from error
    except yaml.reader.ReaderError as error:
        raise BadMapping(f"{path}:{text[: error.position].count(chr(10)) + 1}: {error.reason}") from error
    if node is None:
        raise BadMapping(f"{path}:1: there is nothing in it")
    _must_end(str(path), node, [], set())
    return Said(str(path), node)


def _must_end(file: str, node: yaml.Node, around: list[yaml.Node], done: set[int]) -> None:
    """Raises BadMapping where an alias stands within what it repeats."""
    if any(node is one for one in around):
        raise Said(file, node).wrong("an alias stands within what it repeats")
    if id(node) in done or isinstance(node, yaml.ScalarNode):
        return
    inner = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    for one in inner:
        _must_end(file, one, [*around, node], done)
    done.add(id(node))
