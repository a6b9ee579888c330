"""What the sandbox's own systems tell is what their documents say they may tell, in header and body."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from vendors.ports.source import System
from vendors.reference.events import CREATED, KINDS, PEOPLE, SUBJECTS
from vendors.registry import PRODUCTS
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.facts import GAMES
from vendors.sandbox.world import World

FOLDER = Path(__file__).parents[2] / "docs" / "contracts"
KNOWN = [(system, kind) for system, kinds in SUBJECTS.items() for kind in kinds]


def document(system: System) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load((FOLDER / f"{system.value.lower()}.yaml").read_text())
    return read


def keys(world: World) -> Mapping[str, str]:
    """Something of each kind that there is."""
    player = world.players["acme", "s-004"]
    return {
        "player": "player:acme:s-004", "kyc": "kyc:acme:s-004", "withdrawal": "withdrawal:acme:90007",
        "deposit": "deposit:acme:90014", "grant": f"grant:acme:{player.grants[0].id}",
        "game": f"game:acme:{next(iter(GAMES))}", "ticket": f"ticket:acme:{player.tickets[0].id}",
    }  # fmt: skip


@asynccontextmanager
async def house(system: System, world: World, var: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = PRODUCTS[system]["reference"].stage(world, sandbox(var)).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://house") as http:
        yield http


def judge(told: Mapping[str, Any], delivery: Mapping[str, Any]) -> None:
    """Raises ValidationError for a header or a body that the document does not allow."""
    webhook = told["webhooks"]["event"]["post"]
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    for one in webhook["parameters"]:
        validate(told, one["schema"], headers[one["name"]])
    ((_, content),) = webhook["requestBody"]["content"].items()
    validate(told, content["schema"], yaml.safe_load(delivery["body"]))


def validate(told: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> None:
    whole = {**schema, "components": told["components"]}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(whole, format_checker=checker).validate(value)


@pytest.mark.parametrize(("system", "kind"), KNOWN, ids=[f"{system.value}-{kind}" for system, kind in KNOWN])
async def test_every_event_is_as_the_document_has_it(system: System, kind: str, world: World, tmp_path: Path) -> None:
    async with house(system, world, tmp_path) as http:
        for event in KINDS:
            reply = await http.post("/__emit", json={"event": event, "key": keys(world)[kind]})
            if event == CREATED and (kind == "game" or (kind in PEOPLE and system is not System.PAM)):  # no such date
                assert (reply.status_code, "since when" in reply.text) == (400, True)
                continue
            assert reply.status_code == 200, reply.text
            (delivery,) = reply.json()["deliveries"]
            judge(document(system), delivery)


@pytest.mark.parametrize("changed", [{"id": "a.b"}, {"at": 7}, {"subject": {"kind": "ticket"}}, {"status": 7}])
async def test_what_the_document_does_not_allow_is_seen(changed: Any, world: World, tmp_path: Path) -> None:
    async with house(System.CASHIER, world, tmp_path) as http:
        emission = {"event": "changed", "key": "withdrawal:acme:90007", "with": changed}
        (delivery,) = (await http.post("/__emit", json=emission)).json()["deliveries"]
    with pytest.raises(jsonschema.ValidationError):
        judge(document(System.CASHIER), delivery)


@pytest.mark.parametrize(
    ("emission", "said"),
    [
        ({"event": "teleported", "key": "withdrawal:acme:90007"}, "event: one of created, status_changed, changed"),
        ({"event": "changed", "key": "90007"}, "not an id"),
        ({"event": "changed", "key": "ticket:acme:9001"}, "key: of a withdrawal or deposit or player"),
        ({"event": "changed", "key": "withdrawal:acme:1"}, "key: no withdrawal:acme:1"),
    ],
)
async def test_what_the_house_would_never_tell_is_refused(
    emission: Any, said: str, world: World, tmp_path: Path
) -> None:
    async with house(System.CASHIER, world, tmp_path) as http:
        reply = await http.post("/__emit", json=emission)
    assert (reply.status_code, said in reply.text) == (400, True), reply.text


@pytest.mark.parametrize("key", ["grant:acme:nobody", "grant:nowhere:g-1", "player:acme:nobody"])
async def test_the_engine_tells_of_nobody_it_does_not_have(key: str, world: World, tmp_path: Path) -> None:
    async with house(System.BONUS, world, tmp_path) as http:
        assert (await http.post("/__emit", json={"event": "changed", "key": key})).status_code == 400
