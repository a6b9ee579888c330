"""A scenario file's objects are what the products answer for its player; what it cannot mean stops the start."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from vendors.connections import Connections
from vendors.ports.aggregator import RoundAsk
from vendors.ports.bonus import BonusGrant
from vendors.ports.keys import Key
from vendors.ports.kyc import Applicant
from vendors.ports.money import Money
from vendors.ports.pam import PlayerSearch
from vendors.registry import PRODUCTS
from vendors.sandbox import overlays, town
from vendors.sandbox.ages import duration
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.facts import MARKETS
from vendors.sandbox.world import World, build

NOW = datetime.now(UTC).replace(microsecond=0)
HEAD = {"scenario": "one", "says": "Something is so", "market": "UKGC-GB", "player": "x-1", "copy": "default"}
PLAYER = Key("player", "acme", "x-1")


def write(folder: Path, *scenarios: dict[str, Any]) -> Path:
    file = folder / "own.yaml"
    file.write_text(yaml.safe_dump(list(scenarios), sort_keys=False))
    return file


def laid(folder: Path, **products: Any) -> World:
    """The world with one player, x-1; `cashier__paymentiq` stands for cashier.paymentiq."""
    said = {name.replace("__", "."): objects for name, objects in products.items()}
    return overlays.laid_over(build(NOW), [write(folder, {**HEAD, **said})])


class Seen:
    """The ports over the simulators of a world, as the gateway has them; and the simulators themselves."""

    def __init__(self, world: World, var: Path) -> None:
        own = sandbox(var)
        self.stages = town.stages(world, own)
        mounts = {
            f"http://{system.value.lower()}": httpx.ASGITransport(app=stage.app)
            for system, stage in self.stages.items()
        }
        self.http = httpx.AsyncClient(mounts=mounts)
        clock = lambda: datetime.now(UTC)  # noqa: E731  # the simulators' own
        connections = Connections(lambda system: f"http://{system.value.lower()}", self.http, clock, own, 5.0)
        self._ports = connections.ports({country: market for market, (country, _) in MARKETS.items()})

    def __getattr__(self, port: str) -> Any:
        return self._ports[port]

    async def only(self, port: str, read: str, key: Any = PLAYER) -> Any:
        return (await getattr(self._ports[port], read)([key]))[key]


@pytest.fixture
async def see(tmp_path: Path) -> AsyncIterator[Any]:
    seen: list[Seen] = []

    def of(world: World) -> Seen:
        seen.append(Seen(world, tmp_path))
        return seen[-1]

    yield of
    for one in seen:
        await one.http.aclose()


WAITING = {"txTypeName": "VisaWithdrawal", "state": "WAITING_APPROVAL", "statusCode": "WAITING_WITHDRAWAL_APPROVAL"}


async def test_payments_replace_the_copy_s_and_are_as_old_as_they_say(see: Any, tmp_path: Path) -> None:
    world = laid(tmp_path, cashier__paymentiq={"payments": [{**WAITING, "txAmount": "77.10 EUR", "age": "P1DT2H"}]})
    (payment,) = await see(world).only("cashier", "open_withdrawals")
    assert payment.amount == Money("EUR", 7710)
    assert (payment.created_at, payment.updated_at) == (NOW - timedelta(hours=26), NOW - timedelta(hours=26))
    assert payment.psp == "Worldpay"  # filled in


async def test_what_is_written_is_answered_word_for_word(see: Any, tmp_path: Path) -> None:
    said = {**WAITING, "txAmount": "5.00 GBP", "id": 777, "created": "2026-01-02 03:04:05", "pspService": "Trustly"}
    seen = see(laid(tmp_path, cashier__paymentiq={"payments": [said]}))
    (payment,) = await seen.only("cashier", "open_withdrawals")
    assert (str(payment.id), payment.psp) == ("withdrawal:acme:777", "Trustly")
    assert payment.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def test_what_a_file_does_not_speak_of_is_the_copy_s(see: Any, tmp_path: Path) -> None:
    seen = see(laid(tmp_path))
    (payment,) = await seen.only("cashier", "open_withdrawals")
    assert (payment.amount, payment.created_at) == (Money("GBP", 12000), NOW - timedelta(hours=2))
    assert (await seen.only("kyc", "profiles")).vendor_status == "completed GREEN"
    assert [grant.campaign_code for grant in await seen.only("bonus", "grants")] == ["WELCOME25"]


async def test_a_copy_and_its_model_share_no_object(see: Any, tmp_path: Path) -> None:
    seen, model = see(laid(tmp_path)), Key("player", "acme", "s-007")
    for port, read in (("cashier", "open_withdrawals"), ("bonus", "grants"), ("cashier", "instruments")):
        mine, his = await seen.only(port, read), await seen.only(port, read, model)
        assert len(mine) == len(his) == 1
        assert mine[0].id != his[0].id


async def test_an_approved_payment_of_a_file_waits_again_after_a_reset(see: Any, tmp_path: Path) -> None:
    world = laid(tmp_path, cashier__paymentiq={"payments": [{**WAITING, "txAmount": "77.10 EUR", "id": 777}]})
    seen = see(world)
    query = {"merchantId": "100001"}
    auth = ("sandbox-client", "sandbox-secret")
    token = await seen.http.post("http://cashier/paymentiq/oauth/token?grant_type=client_credentials", auth=auth)
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    url = "http://cashier/paymentiq/admin/v1/payments/approve/777"
    (await seen.http.post(url, params=query, headers=bearer, json={})).raise_for_status()
    (payment,) = await seen.only("cashier", "open_withdrawals")
    assert payment.vendor_state == "PROCESSING"
    await seen.http.post("http://cashier/__reset")
    (payment,) = await seen.only("cashier", "open_withdrawals")
    assert (payment.vendor_state, payment.amount) == ("WAITING_APPROVAL", Money("EUR", 7710))


async def test_a_reset_puts_back_what_the_file_says_of_account_and_tickets(see: Any, tmp_path: Path) -> None:
    ticket = {"subject": "No payout", "status": "hold", "id": 555}
    world = laid(tmp_path, pam__infigaming={"profile": {"banWithdraw": True}}, ticketing__zendesk={"tickets": [ticket]})
    seen, login = see(world), ("gateway@acme.example/token", "sandbox-desk")
    bearer = {"Authorization": "Bearer sandbox-pam"}

    async def state() -> tuple[list[str], str]:
        player = await seen.only("pam", "players")
        tickets = await seen.http.get("http://ticketing/api/v2/tickets/show_many?ids=555", auth=login)
        return [one.value for one in player.account.restrictions], tickets.json()["tickets"][0]["status"]

    update = {"userId": "x-1", "banWithdraw": False, "banGame": True}
    (await seen.http.post("http://pam/v1/backoffice/user/update", json=update, headers=bearer)).raise_for_status()
    solved = {"ticket": {"status": "solved"}}
    (await seen.http.put("http://ticketing/api/v2/tickets/555", json=solved, auth=login)).raise_for_status()
    changed = await state()
    for system in ("pam", "ticketing"):
        await seen.http.post(f"http://{system}/__reset")
    assert changed == (["ALL_PLAY"], "solved")
    assert await state() == (["WITHDRAWAL"], "hold")


async def test_accounts_replace_the_copy_s(see: Any, tmp_path: Path) -> None:
    account = {"providerType": "TRUSTLY", "maskedAccount": "****9", "status": "BLOCKED", "blockReason": "Fraud"}
    (instrument,) = await see(laid(tmp_path, cashier__paymentiq={"accounts": [account]})).only("cashier", "instruments")
    assert (instrument.masked, str(instrument.vendor_status)) == ("****9", "BLOCKED")


async def test_a_review_is_the_whole_outcome(see: Any, tmp_path: Path) -> None:
    result = {"reviewAnswer": "RED", "reviewRejectType": "RETRY", "rejectLabels": ["LOW_QUALITY"]}
    review = {"reviewStatus": "completed", "reviewResult": result}
    seen = see(laid(tmp_path, kyc__sumsub={"applicant": {"review": review, "age": "PT20H"}}))
    profile = await seen.only("kyc", "profiles")
    assert profile.vendor_status == "completed RED RETRY"
    assert profile.since == NOW - timedelta(hours=20)
    asked = Applicant(PLAYER, profile.source.vendor_id)
    steps = {step.step: step.state.value for step in await seen.only("kyc", "requirements", asked)}
    assert steps == {"IDENTITY": "RETRY_NEEDED", "SELFIE": "SATISFIED"}


async def test_a_review_that_waits_has_no_earlier_answer_of_the_copy(see: Any, tmp_path: Path) -> None:
    said = {"applicant": {"review": {"reviewStatus": "pending"}, "age": "PT9H"}}
    profile = await see(laid(tmp_path, kyc__sumsub=said)).only("kyc", "profiles")
    assert (profile.vendor_status, profile.since) == ("pending", NOW - timedelta(hours=9))


async def test_null_is_an_applicant_the_vendor_has_never_seen(see: Any, tmp_path: Path) -> None:
    assert await see(laid(tmp_path, kyc__sumsub={"applicant": None})).kyc.profiles([PLAYER]) == {}


async def test_the_pam_tells_what_the_file_says_of_profile_and_wallets(see: Any, tmp_path: Path) -> None:
    comment = {"content": "Calls at night.", "authorUsername": "kim", "age": "P2D"}
    profile = {"firstName": "Ada", "vipLevel": "3", "banWithdraw": True, "loginEmail": "ada@players.example",
               "comments": [comment]}  # fmt: skip
    wallets = [{"currency": "EUR", "cash": "80.00", "bonus": "5.00"}, {"currency": "GBP", "cash": "1.00"}]
    seen = see(laid(tmp_path, pam__infigaming={"profile": profile, "wallets": wallets}))
    player = await seen.only("pam", "players")
    assert (player.first_name, player.vip_level, player.email) == ("Ada", "3", "ada@players.example")
    assert [(note.author, note.body, note.at) for note in player.notes] == [
        ("kim", "Calls at night.", NOW - timedelta(days=2))
    ]
    assert [one.value for one in player.account.restrictions] == ["WITHDRAWAL"]
    balances = await seen.only("pam", "balances")
    assert [(b.cash, b.withdrawable) for b in balances] == [(Money("EUR", 8000),) * 2, (Money("GBP", 100),) * 2]
    assert [b.bonus for b in balances] == [Money("EUR", 500), Money("GBP", 0)]


async def test_a_search_finds_the_player_by_what_the_file_says(see: Any, tmp_path: Path) -> None:
    seen = see(laid(tmp_path, pam__infigaming={"profile": {"loginEmail": "ada@players.example"}}))
    hits = await seen.only("pam", "search", PlayerSearch("acme", 5, email="ADA@players.example"))
    assert hits.keys == [PLAYER]


async def test_an_exclusion_that_began_is_active(see: Any, tmp_path: Path) -> None:
    config = {"selfExclusion": {"age": "P2D"}}
    said = {"responsibleGambling": {"responsibleGamblingConfig": config}}
    gambling = await see(laid(tmp_path, pam__infigaming=said)).only("pam", "responsible_gambling")
    (exclusion,) = gambling.exclusions
    assert (exclusion.active, exclusion.since) == (True, NOW - timedelta(days=2))
    assert gambling.play_allowed is False


async def test_bets_are_known_to_the_aggregator_too(see: Any, tmp_path: Path) -> None:
    bet = {"status": "pending", "betAmount": "400.00", "gameId": "sol-blackjackclub", "age": "PT20M"}
    seen = see(laid(tmp_path, pam__infigaming={"bets": [bet]}))
    (round_,) = await seen.only("pam", "open_rounds")
    assert (round_.game_name, round_.stake) == ("Blackjack Club", Money("GBP", 40000))
    assert round_.started_at == NOW - timedelta(minutes=20)
    asked = RoundAsk(PLAYER, round_.provider_transaction, round_.round_id)
    assert await seen.only("aggregator", "round_links", asked)


async def test_grants_and_rewards_are_the_file_s(see: Any, tmp_path: Path) -> None:
    grant = {"status": "ongoing", "wagering": {"required": "700.00", "done": "300.00"}, "blocks_withdrawal": True}
    reward = {"status": "FRS_ACTIVE", "bet_count": 20, "age": "P1D"}
    world = laid(tmp_path, bonus__reference={"grants": [grant]}, aggregator__hub88={"rewards": [reward]})
    found: list[BonusGrant] = list(await see(world).only("bonus", "grants"))
    by_status = {one.vendor_status: one for one in found}
    assert set(by_status) == {"ongoing", "FRS_ACTIVE"}
    wagering = by_status["ongoing"].wagering
    assert wagering is not None
    assert wagering.remaining == Money("GBP", 40000)
    assert by_status["FRS_ACTIVE"].granted_at == NOW - timedelta(days=1)


async def test_the_crm_tells_what_the_file_says(see: Any, tmp_path: Path) -> None:
    message = {"type": "push", "age": "PT3H"}
    said = {"attributes": {"favourite": "slots"}, "segments": [{"name": "night owls"}], "messages": [message]}
    seen = see(laid(tmp_path, crm__customerio=said))
    profile = await seen.only("crm", "profiles")
    assert [segment.name for segment in profile.segments] == ["night owls"]
    (touch,) = profile.touches
    assert touch.channel.value == "PUSH"
    reply = await seen.http.get("http://crm/v1/customers/acme:x-1/attributes",
                                headers={"Authorization": "Bearer sandbox-crm"})  # fmt: skip
    attributes = reply.json()["customer"]["attributes"]
    assert (attributes["favourite"], attributes["id"]) == ("slots", "acme:x-1")


async def test_tickets_carry_their_comments(see: Any, tmp_path: Path) -> None:
    comments = [{"body": "Still nothing!", "age": "PT2H"}, {"body": "Chased the bank.", "public": False, "age": "PT1H"}]
    ticket = {"subject": "No payout", "status": "hold", "group_id": 12, "age": "P1D", "comments": comments}
    seen = see(laid(tmp_path, ticketing__zendesk={"tickets": [ticket]}))
    login = ("gateway@acme.example/token", "sandbox-desk")
    users = await seen.http.get("http://ticketing/api/v2/users/show_many?external_ids=acme:x-1", auth=login)
    (user,) = users.json()["users"]
    url = f"http://ticketing/api/v2/users/{user['id']}/tickets/requested"
    (told,) = (await seen.http.get(url, auth=login)).json()["tickets"]
    assert (told["subject"], told["status"], told["group_id"]) == ("No payout", "hold", 12)
    assert told["created_at"] == f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert told["updated_at"] == f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    listed = (await seen.http.get(f"http://ticketing/api/v2/tickets/{told['id']}/comments", auth=login)).json()
    assert [(one["author_id"] == user["id"], one["public"]) for one in listed["comments"]] == [
        (True, True), (False, False)
    ]  # fmt: skip


async def test_an_empty_list_leaves_nothing(see: Any, tmp_path: Path) -> None:
    seen = see(laid(tmp_path, cashier__paymentiq={"payments": []}, bonus__reference={"grants": []}))
    assert list(await seen.only("cashier", "open_withdrawals")) == []
    assert list(await seen.only("bonus", "grants")) == []


def test_files_documents_and_lists_add_up(tmp_path: Path) -> None:
    one = write(tmp_path, HEAD, {**HEAD, "player": "x-2", "brand": "borealis", "copy": "p-003"})
    two = tmp_path / "two.yaml"
    two.write_text("\n---\n".join(yaml.safe_dump({**HEAD, "player": f"x-{number}"}) for number in (3, 4)))
    world = overlays.laid_over(build(NOW), [one, two])
    assert {key for key in world.players if key[1].startswith("x-")} == {
        ("acme", "x-1"), ("borealis", "x-2"), ("acme", "x-3"), ("acme", "x-4"),
    }  # fmt: skip
    assert len(world.players) == len(build(NOW).players) + 4


def test_an_anchor_repeats_an_object_and_not_its_identity(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        """
- &first
  scenario: one
  says: Something
  market: MGA-MT
  player: x-1
  cashier.paymentiq: {payments: [&payment {txTypeName: VisaDeposit, state: FAILED, txAmount: 1.00 EUR}, *payment]}
- {<<: *first, player: x-2}
"""
    )
    world = overlays.laid_over(build(NOW), [file])
    told = [world.overlays["acme", player]["cashier.paymentiq"]["payments"] for player in ("x-1", "x-2")]
    assert len({payment["id"] for payments in told for payment in payments}) == 4


START = "scenario: one\nsays: Something is so\nmarket: UKGC-GB\nplayer: x-1\n"
PAYMENT = "{txTypeName: VisaWithdrawal, state: X, txAmount: 1.00 EUR"
BAD = [  # the file, the line that is to blame, what is said of it
    ("", 1, "no scenario"),
    ("scenario: one\nsays: it\nmarket: UKGC-GB\n", 1, "player is missing"),
    (START + "colour: red\n", 5, "no such key: colour"),
    (START + "copy: s-999\n", 5, "no canonical player s-999"),
    (START + "brand: zenith\n", 5, "brand must be one of acme, borealis, corona"),
    (START.replace("UKGC-GB", "XX"), 3, "market must be one of UKGC-GB"),
    (START.replace("x-1", "s-001"), 4, "player s-001 is there already"),
    (START.replace("x-1", "p-001"), 4, "player p-001 is there already, at borealis"),
    (START.replace("x-1", "7"), 4, "player: Expected `str`, got `int`"),
    (START.replace("x-1", "a:b"), 4, "player: Expected `str` matching regex"),
    (START + "kyc.jumio: {}\n", 5, "no such product: kyc.jumio; there are pam.infigaming"),
    (START + "kyc.onfido:\n  run:\n    customer_user_id: x-9\n", 7, "settled by `player`: leave it out"),
    (START + "kyc.onfido:\n  tasks:\n  - {output: []}\n", 7, "kyc.onfido.tasks[0]: task_def_id is missing"),
    (START + "kyc.sumsub:\n  applicant:\n    eyes: blue\n", 7, "kyc.sumsub.applicant: no such key: eyes"),
    (START + "kyc.sumsub:\n  applicant:\n    review: {}\n", 7, "kyc.sumsub.applicant.review: reviewStatus is missing"),
    (START + "cashier.paymentiq:\n  payments: {}\n", 6, "payments: Expected `array`, got `object`"),
    (START + "cashier.paymentiq:\n  payments:\n  - {state: X, txAmount: 1.00 EUR}\n", 7, "[0]: txTypeName is missing"),
    (START + f"cashier.paymentiq:\n  payments:\n  - {PAYMENT}}}\n  - {PAYMENT},\n     fee: 1}}\n", 9,
     "cashier.paymentiq.payments[1].fee: Expected `str`, got `int`"),
    (START + f"cashier.paymentiq:\n  payments:\n  - {PAYMENT},\n     age: P1M}}\n", 8, "'P1M' is no ISO 8601 duration"),
    (START + f"cashier.paymentiq:\n  payments:\n  - {PAYMENT},\n     merchantUserId: x-9}}\n", 8, "leave it out"),
    (START + f"cashier.paymentiq:\n  payments:\n  - {PAYMENT},\n     id: 90001}}\n", 8, "id 90001 is taken"),
    (START + "pam.infigaming:\n  bets:\n  - {status: end, createdAt: 2026-01-01 10:00:00}\n", 7, "has no offset"),
    (START + "pam.infigaming: {}\npam.infigaming: {}\n", 6, "pam.infigaming is written twice"),
    (START + "crm.customerio:\n  attributes:\n    vip: yes please\n    age: 5\n", 8,
     "crm.customerio.attributes.age: Expected `str`, got `int`"),
    (START + "kyc.sumsub:\n  requiredIdDocsStatus:\n    SELFIE:\n    IDENTITY:\n      imageIds: [a]\n", 9,
     "kyc.sumsub.requiredIdDocsStatus.IDENTITY.imageIds[0]: Expected `int`"),
    (START + "- x\n", 5, "expected"),
    ("- just words\n", 1, "a scenario is a mapping"),
    (START + "5: five\n", 5, "no such key: 5"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), BAD, ids=[words for _, _, words in BAD])
def test_what_cannot_be_meant_names_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(overlays.BadScenario) as raised:
        overlays.laid_over(build(NOW), [file])
    assert str(raised.value).startswith(f"{file}:{line}: ")
    assert words in str(raised.value)


def test_a_player_of_two_files_is_one_too_many(tmp_path: Path) -> None:
    file = write(tmp_path, HEAD)
    with pytest.raises(overlays.BadScenario, match=r"own\.yaml:4: player x-1 is there already, at acme"):
        overlays.laid_over(build(NOW), [file, file])


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa", b"a: \x01"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(overlays.BadScenario, match=r"bad\.yaml"):
        overlays.laid_over(build(NOW), [file])


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT26H", 93600), ("P1W", 604800), ("P1DT1M2S", 86462), ("P2D", 172800), ("PT0S", 0)]
)
def test_an_age_is_read_from_weeks_to_seconds(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["P1Y", "P1M", "P", "PT", "P1DT", "-PT1H", "26h", "P1H", "P99999999999999D", "P1D\n"])
def test_an_age_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        duration(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kyc=jumio"], "kyc=jumio: no such product; there is sumsub"),
        (["kyc"], "kyc=: no such product; there is sumsub"),
        (["post=zendesk"], "post: no such system; there are all, pam, cashier, kyc, bonus, aggregator, crm, ticketing"),
        (["all=sumsub"], "there is no sumsub product yet for pam, cashier, bonus, aggregator, crm, ticketing"),
    ],
)
def test_a_product_that_does_not_exist_is_refused_by_its_key(words: list[str], said: str) -> None:
    with pytest.raises(town.BadProduct) as raised:
        town.cast(words)
    assert said in str(raised.value)


def test_every_product_that_exists_may_be_named() -> None:
    assert set(PRODUCTS) == set(town.PLACES)
    for system, known in PRODUCTS.items():
        for name in known:
            assert town.cast([f"{system.value.lower()}={name}"]) == {system: name}
