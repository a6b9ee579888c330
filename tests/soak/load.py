"""Requests at a steady rate, whatever becomes of the earlier ones: a slow gateway is not spared."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import aiohttp
import msgspec

from tests.soak.gauges import Seen
from tests.soak.questions import EVERYTHING, MIX, Judge, Question
from tests.soak.standing import Standing

MOST_IN_FLIGHT = 1500  # more is a gateway that does not keep up: the request is not made, and counted as shed
LEAVING, LEAVES_WITHIN_SECONDS = 0.05, 0.01  # the share of clients who close their connection, and how soon
CLIENT_SECONDS = 30.0


class Answer(msgspec.Struct, frozen=True):
    """How long an answer took, counted from when its request was due."""

    question: Question
    due: float
    seconds: float


class Load:
    """One run of it."""

    def __init__(self, place: Standing, judge: Judge, players: Sequence[str], dice: random.Random) -> None:
        self._place, self._judge, self._players, self._dice = place, judge, players, dice
        self.answers: list[Answer] = []
        self.wrong: Counter[str] = Counter()
        self.left = self.shed = self.with_errors = 0
        self.rate = 0.0  # answers and leavers a second, while requests were made

    def healthy(self, seen: Seen | None = None) -> list[float]:
        """Seconds of what needs no vendor that misbehaves, sorted; where `seen` is given, of its calm moments alone."""
        calm = [answer for answer in self.answers if seen is None or seen.is_calm(answer.due)]
        return sorted(answer.seconds for answer in calm if answer.question.is_healthy)

    def unhealthy(self) -> list[float]:
        """Seconds of all else, sorted."""
        return sorted(answer.seconds for answer in self.answers if not answer.question.is_healthy)

    async def run(self, rate: float, seconds: float) -> None:
        """Returns when the last answer is there."""
        begun = time.monotonic()
        async with session() as http, asyncio.TaskGroup() as asked:
            under_way: set[asyncio.Task[None]] = set()
            for due in self._due(begun, rate, seconds):
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if len(under_way) >= MOST_IN_FLIGHT:
                    self.shed += 1
                    continue
                task = asked.create_task(self._one(http, due))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            self.rate = (len(self.answers) + self.left) / (time.monotonic() - begun)

    def _due(self, begun: float, rate: float, seconds: float) -> Iterator[float]:
        return (begun + number / rate for number in range(int(rate * seconds)))

    async def _one(self, http: aiohttp.ClientSession, due: float) -> None:
        question = self._dice.choices(MIX, [one.weight for one in MIX])[0]
        player = self._dice.choice(self._players)
        patience = self._dice.uniform(0, LEAVES_WITHIN_SECONDS) if self._dice.random() < LEAVING else CLIENT_SECONDS
        try:
            async with asyncio.timeout(patience):
                status, content = await ask(http, self._place, question, player)
        except TimeoutError:
            self.left += 1
            if patience == CLIENT_SECONDS:
                self.wrong[f"{question.name}: no answer within {patience:.0f} s"] += 1
            return
        except aiohttp.ClientError as error:
            self.wrong[f"{question.name}: {type(error).__name__}"] += 1
            return
        self.answers.append(Answer(question, due, time.monotonic() - due))
        self.with_errors += b'"errors":' in content
        self.wrong.update(self._judge.wrongs(question, player, status, content))


def session() -> aiohttp.ClientSession:
    """A client with as many connections as it needs, and no more: idle ones it would use in turn, and keep all."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1.0), trust_env=False)


async def ask(http: aiohttp.ClientSession, place: Standing, question: Question, player: str) -> tuple[int, bytes]:
    """Status and body."""
    sent = {"query": question.document, "variables": {"player": player}}
    async with http.post(f"{place.address}/graphql", json=sent, headers=place.headers) as reply:
        return reply.status, await reply.read()


async def census(place: Standing, players: Sequence[str]) -> Judge:
    """Asks everything of everybody while all vendors are well, a few at a time. AssertionError for any error."""
    told, few = {}, asyncio.Semaphore(4)

    async def one(http: aiohttp.ClientSession, player: str) -> None:
        async with few:
            _, content = await ask(http, place, EVERYTHING, player)
        body = msgspec.json.decode(content)
        assert "errors" not in body, body["errors"]
        told[player] = body["data"]["player"]

    async with session() as http:
        await asyncio.gather(*(one(http, player) for player in players))
    return Judge(told)
