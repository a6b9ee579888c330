"""Vendor calls are counted: what docs/vendors.md says an operation costs is what the vendors see."""

from pathlib import Path

from tests.conftest import Caller, calling
from vendors.sandbox.world import World

FIFTY = [f"player:acme:p-{number:03d}" for number in range(3, 153, 3)]
QUERY = """query($ids: [ID!]!) { players(ids: $ids) {
  id balances { cash { amount } } responsibleGambling { playAllowed } openWithdrawals { id diagnosis { headline } }
  paymentInstruments { masked } kyc { status } bonusGrants { status } crm { segments { name } }
  gameRounds { edges { node { game { provider } } } } tickets { edges { node { subject } } } } }"""
PER_PLAYER = {
    "getUserProfile": 1, "getWallets": 1, "getUserResponsibleGamblingConfig": 1,
    "listWalletResponsibleGamblingConfigs": 1, "listBets": 1, "searchPayments": 2, "searchAccounts": 1,
    "getApplicantByExternalUserId": 1, "rewardsList": 1, "getPersonAttributes": 1, "getPersonSegments": 1,
    "getPersonMessages": 1,
}  # fmt: skip
ONCE = {"token": 1, "queryGrants": 1, "gameList": 1, "ShowManyUsers": 1}


async def test_fifty_players_cost_what_the_table_says(world: World, tmp_path: Path) -> None:
    async with calling(tmp_path, world, vendor_timeout_seconds=30.0) as caller:  # counts, whatever the machine's load
        await _fifty_players(caller)


async def _fifty_players(caller: Caller) -> None:
    answer = await caller.ask(QUERY, "compliance_officer", {"ids": FIFTY})
    assert "errors" not in answer
    assert [player["id"] for player in answer["data"]["players"]] == FIFTY
    calls = await caller.calls()
    known_to_the_desk = sum(bool(player["tickets"]) for player in answer["data"]["players"])
    expected = {name: count * len(FIFTY) for name, count in PER_PLAYER.items()} | ONCE
    assert calls == expected | {"ListTicketsRequested": known_to_the_desk}


async def test_a_player_asked_for_under_two_names_is_asked_for_once(caller: Caller) -> None:
    query = (
        '{ a: player(id: "player:acme:s-001") { kyc { status } } b: player(id: "player:acme:s-001") { kyc { level } } }'
    )
    await caller.ask(query)
    calls = await caller.calls()
    assert (calls["getUserProfile"], calls["getApplicantByExternalUserId"]) == (1, 1)


async def test_somebody_who_does_not_exist_is_asked_for_once_a_minute(caller: Caller) -> None:
    for _ in range(3):
        answer = await caller.ask('{ player(id: "player:acme:nobody") { id kyc { status } } }')
        assert answer == {"data": {"player": None}}
    assert await caller.calls() == {"getUserProfile": 1}
