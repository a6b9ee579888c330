"""Twenty seconds of what `make soak` does for minutes: right answers, and everything given back. Never time."""

import random
from pathlib import Path

from tests.soak import troubles
from tests.soak.questions import QUESTIONS, TROUBLED, Judge
from tests.soak.soaking import Plan, soak

PLAYER = "player:acme:p-001"
DESK = next(one for one in QUESTIONS if one.name == "desk")
WELL = {"id": PLAYER, "firstName": "Ada", "lastName": "Ash", "tickets": {"edges": [{"node": {"id": "ticket:acme:1"}}]}}


async def test_under_load_and_troubles_every_answer_is_the_player_s_own_and_nothing_is_left_behind(
    tmp_path: Path,
) -> None:
    plan = Plan(quiet_seconds=4.0, seconds=15.0, rate=20.0, seed=10, players=40)
    soaked = await soak(plan, tmp_path)
    assert [*soaked.wrongs()] == []
    assert soaked.troubled.with_errors > 0


def test_a_seed_decides_the_troubles_and_at_the_end_all_are_well() -> None:
    turns = troubles.planned(random.Random(3), 60.0)
    assert turns == troubles.planned(random.Random(3), 60.0)
    assert {turn.system: turn.fault for turn in turns} == dict.fromkeys(TROUBLED)


def _wrongs(content: bytes) -> list[str]:
    return list(Judge({PLAYER: WELL}).wrongs(DESK, PLAYER, 200, content))


def test_the_judge_sees_another_player_s_ticket_and_a_silent_null() -> None:
    rest = b'{"data":{"player":{"id":"player:acme:p-001","firstName":"Ada","lastName":"Ash","tickets":'
    assert _wrongs(rest + b'{"edges":[{"node":{"id":"ticket:acme:1"}}]}}}}') == []
    for spoilt in (b'{"edges":[{"node":{"id":"ticket:acme:2"}}]}}}}', b'{"edges":[]}}}}', b"null}}}"):
        assert len(_wrongs(rest + spoilt)) == 1


def test_the_judge_excuses_a_null_that_an_error_explains_and_no_blame_of_a_system_that_is_well() -> None:
    told = (
        b'{"data":{"player":{"id":"player:acme:p-001","firstName":"Ada","lastName":"Ash","tickets":null}},'
        b'"errors":[{"message":"down","path":["player","tickets"],'
        b'"extensions":{"code":"VENDOR_UNAVAILABLE","system":"%s"}}]}'
    )
    assert _wrongs(told % b"TICKETING") == []
    assert len(_wrongs(told % b"CRM")) == 1
