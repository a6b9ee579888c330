"""Scenario files: players of one's own, each a canonical player with a product's reply objects laid over his.

A file is YAML: one scenario, a list of them, or several such documents.

    scenario, says   its name, and a sentence of what is true
    market           one of the sandbox's; it settles country and currency
    player           the id at the brand; `brand` is acme unless it is given
    copy             the canonical player it starts from, such as s-004 or p-003. `default` is s-007, of whom nothing
                     special is told (docs/scenarios.md): verified, 500.00 in cash, a withdrawal that waits for approval
    SYSTEM.PRODUCT   what that product says otherwise: `overlay_shapes.SHAPES`

A list replaces the copy's list; what is left out of an object is filled in as the simulator fills it; every other key
replaces the same key of the copy. Dates are as written, or follow from `age`. What cannot be meant stops the start.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
import yaml

from vendors.sandbox.facts import BRANDS, MARKETS, PlayerFacts
from vendors.sandbox.overlay_shapes import HEAD, IDENTITIES, OWNERS, SHAPES, read_word
from vendors.sandbox.world import World

DEFAULT_COPY = "s-007"
_FIRST_NUMBER, _NUMBERS = 800_000, 1000  # a copy's payments and tickets are numbered from here, so many to a copy
_SAID = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<place>\d+|\.\.\.)\]")
_ABOUT_KEY = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<key>.*)`", re.DOTALL)


class BadScenario(ValueError):
    """A file cannot be a scenario; the sentence names file, line and place."""


class _Scenario(msgspec.Struct):
    """One scenario as written, with where it stands."""

    file: Path
    node: yaml.MappingNode
    head: dict[str, Any]
    sections: dict[str, dict[str, Any]]

    def wrong(self, what: str, *path: str | int) -> BadScenario:
        return _bad(self.file, _at(self.node, path), what)


def laid_over(world: World, files: Sequence[Path]) -> World:
    """The world with the files' players in it. Raises BadScenario."""
    players, laid = dict(world.players), dict(world.overlays)
    taken = _identities(world)
    for number, scenario in enumerate((one for file in files for one in _scenarios(file)), 1):
        copied = _copy(scenario, world)
        facts = _renumbered(copied, number)
        _settle(scenario, facts, taken, _FIRST_NUMBER + number * _NUMBERS)
        if twin := next((p for p in players.values() if p.id == facts.id), None):  # one PAM: ids are unique over brands
            raise scenario.wrong(f"player {facts.id} is there already, at {twin.brand}", "player")
        players[facts.brand, facts.id], laid[facts.brand, facts.id] = facts, scenario.sections
    return World(world.now, players, laid)


def _scenarios(file: Path) -> Iterator[_Scenario]:
    found = False
    for node, said in _documents(file):
        listed = isinstance(node, yaml.SequenceNode) and isinstance(said, list)
        entries = zip(node.value, said, strict=True) if listed else [(node, said)]
        for place, one in entries:
            found = True
            yield _scenario(file, place, one)
    if not found:
        raise BadScenario(f"{file}:1: there is no scenario in it")


def _documents(file: Path) -> Iterator[tuple[yaml.Node, Any]]:
    try:
        loader = _Loader(file.read_text("utf-8"))
        while loader.check_node():
            node = loader.get_node()
            assert node is not None  # as check_node has said
            _once(file, node)
            said = msgspec.to_builtins(loader.construct_document(node))  # what an alias repeats is nobody's in common
            if said is not None:
                yield node, said
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(f"{file}: cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadScenario(f"{file}:{mark.line + 1 if mark else 1}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, BadScenario):
            raise
        raise BadScenario(f"{file}: is no YAML: {error}") from error


class _Loader(yaml.SafeLoader):
    """YAML in which an instant stays the text that it is on the wire."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _once(file: Path, root: yaml.Node) -> None:
    """Every key of a mapping stands once: the second would otherwise silently win."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = set[Hashable]()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        raise _bad(file, key, f"{key.value} is written twice")
                    keys.add(key.value)
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)


def _scenario(file: Path, node: yaml.Node, said: Any) -> _Scenario:
    if not isinstance(said, dict) or not isinstance(node, yaml.MappingNode):
        raise _bad(file, node, "a scenario is a mapping")
    if strange := [key for key in said if not isinstance(key, str)]:
        raise _bad(file, _at(node, [str(strange[0])]), f"no such key: {strange[0]}")
    sections = {key: value for key, value in said.items() if "." in key}
    head = {key: value for key, value in said.items() if key not in sections}
    _fits(file, node, head, HEAD)
    for name, objects in sections.items():
        place = _at(node, [name])
        if name not in SHAPES:
            raise _bad(file, place, f"no such product: {name}; there are {', '.join(SHAPES)}")
        _fits(file, _value(node, name), objects, SHAPES[name], name)
    return _Scenario(file, node, head, sections)


def _fits(file: Path, node: yaml.Node, said: Any, shape: type[msgspec.Struct], where: str = "") -> None:
    """Raises BadScenario at the first thing that the shape does not have so."""
    try:
        msgspec.convert(said, shape, dec_hook=read_word)
    except msgspec.ValidationError as error:
        found = _SAID.fullmatch(str(error))
        what, way = (found["what"], found["path"] or "") if found else (str(error), "")
        path: list[str | int] = []
        for step in _STEP.finditer(way):
            if step["place"] == "...":
                path.append(_guilty(said, shape, path))
                way = way.replace("[...]", f".{path[-1]}", 1)
            else:
                path.append(step["key"] or int(step["place"]))
        about = _ABOUT_KEY.fullmatch(what)
        if about and about["how"] == "contains unknown":
            key = about["key"]
            what = f"{key} is settled by `player`: leave it out" if key in OWNERS else f"no such key: {key}"
            path.append(key)
        elif about:
            what = f"{about['key']} is missing"
        raise _bad(file, _at(node, path), f"{f'{where}{way}: '.lstrip('.: ')}{what}") from error


def _guilty(said: Any, shape: type[msgspec.Struct], path: Sequence[str | int]) -> str:
    """The key of the mapping at `path` whose value is wrong, which msgspec does not tell. Spoils `said`."""
    held = said
    for step in path:
        held = held[step]
    for key, value in list(held.items()):
        held.clear()
        held[key] = value
        try:
            msgspec.convert(said, shape, dec_hook=read_word)
        except msgspec.ValidationError:
            break
    return str(key)


def _at(node: yaml.Node, path: Sequence[str | int]) -> yaml.Node:
    """Where the path ends, at the key if it ends in one; as far as it can be followed."""
    place = node
    for step in path:
        if isinstance(step, int) and isinstance(node, yaml.SequenceNode):
            place = node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in reversed(node.value) if pair[0].value == step), None)
            if pair is None:
                return place
            place, node = pair
        else:
            return place
    return place


def _value(node: yaml.MappingNode, name: str) -> yaml.Node:
    found: yaml.Node = next(value for key, value in reversed(node.value) if key.value == name)
    return found


def _bad(file: Path, node: yaml.Node, what: str) -> BadScenario:
    return BadScenario(f"{file}:{node.start_mark.line + 1}: {what}")


def _copy(scenario: _Scenario, world: World) -> PlayerFacts:
    """The canonical player under his new name."""
    head = scenario.head
    brand, copy = head.get("brand", BRANDS[0]), head.get("copy", "default")
    for key, value, known in (("market", head["market"], MARKETS), ("brand", brand, BRANDS)):
        if value not in known:
            raise scenario.wrong(f"{key} must be one of {', '.join(known)}", key)
    model = next((p for p in world.players.values() if p.id == (DEFAULT_COPY if copy == "default" else copy)), None)
    if model is None:
        raise scenario.wrong(f"there is no canonical player {copy}", "copy")
    return msgspec.structs.replace(
        model, id=head["player"], brand=brand, market=head["market"], scenario=head["scenario"], says=head["says"]
    )


def _renumbered(facts: PlayerFacts, number: int) -> PlayerFacts:
    """What the copy holds is his own: nothing of it is known by the same number as the model's."""
    replace, start = msgspec.structs.replace, _FIRST_NUMBER + number * _NUMBERS
    cards = {one.uuid: f"i-{facts.id}-{place}" for place, one in enumerate(facts.instruments)}
    return replace(
        facts,
        instruments=tuple(replace(one, uuid=cards[one.uuid]) for one in facts.instruments),
        payments=tuple(
            replace(one, id=str(start + place), instrument=cards.get(one.instrument or ""))
            for place, one in enumerate(facts.payments)
        ),
        tickets=tuple(replace(one, id=str(start + place)) for place, one in enumerate(facts.tickets)),
        grants=tuple(replace(one, id=f"g-{facts.id}-{place}") for place, one in enumerate(facts.grants)),
        free_bets=tuple(replace(one, uuid=_uuid(facts, place)) for place, one in enumerate(facts.free_bets)),
        rounds=tuple(
            replace(one, id=f"b-{facts.id}-{place}", transaction=f"tx-{facts.id}-{place}")
            for place, one in enumerate(facts.rounds)
        ),
        touches=tuple(replace(one, id=f"dg-{facts.id}-{place}") for place, one in enumerate(facts.touches)),
    )


def _uuid(facts: PlayerFacts, place: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{facts.brand}/{facts.id}/{place}"))


def _identities(world: World) -> set[tuple[str, str, str]]:
    """By what the canonical objects are known: (product, list, identity)."""
    taken = set[tuple[str, str, str]]()
    for player in world.players.values():
        taken |= {("cashier.paymentiq", "payments", one.id) for one in player.payments}
        taken |= {("ticketing.zendesk", "tickets", one.id) for one in player.tickets}
        taken |= {("bonus.reference", "grants", one.id) for one in player.grants}
        taken |= {("pam.infigaming", "bets", one.id) for one in player.rounds}
        taken |= {("aggregator.hub88", "rewards", one.uuid) for one in player.free_bets}
        taken |= {("crm.customerio", "messages", one.id) for one in player.touches}
    return taken


def _settle(scenario: _Scenario, facts: PlayerFacts, taken: set[tuple[str, str, str]], start: int) -> None:
    """Every object of a list is known by something of its own."""
    prefixes = {"bets": "b", "grants": "g", "messages": "dg"}
    for (product, name), key in IDENTITIES.items():
        for place, said in enumerate(scenario.sections.get(product, {}).get(name, ())):
            own = f"{prefixes[name]}-{facts.id}-{place}" if name in prefixes else start + place
            said.setdefault(key, _uuid(facts, place) if name == "rewards" else own)
            if name == "bets":
                said.setdefault("providerBetId", f"tx-{facts.id}-{place}")
            identity = (product, name, str(said[key]))
            if identity in taken:
                raise scenario.wrong(
                    f"{product}.{name}[{place}]: {key} {said[key]} is taken", product, name, place, key
                )
            taken.add(identity)
