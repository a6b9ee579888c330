"""The InfiGaming adapter restricts accounts and adds notes, for a player of the key's brand only."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.vendors.infigaming_bench import NOW, PLAIN, Bench, adapter, key, standing
from vendors.errors import (
    VendorAuthError,
    VendorDownError,
    VendorError,
    VendorMalformedError,
    VendorRejectedError,
    VendorTimeoutError,
)
from vendors.ports.keys import Key
from vendors.ports.pam import NewNote, Note, PamPort, Restrict, RestrictionScope

LOGIN, DEPOSIT, PLAY, WITHDRAWAL = (
    RestrictionScope.LOGIN, RestrictionScope.DEPOSIT, RestrictionScope.ALL_PLAY, RestrictionScope.WITHDRAWAL
)  # fmt: skip
Write = Callable[[PamPort, Key], Awaitable[None]]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with standing() as made:
        yield made


async def _ban(pam: PamPort, player: Key) -> None:
    await pam.restrict(Restrict(player, (WITHDRAWAL,), "a-1"))


async def _note(pam: PamPort, player: Key) -> None:
    await pam.add_note(NewNote(player, "Called back.", "a-1"))


both = pytest.mark.parametrize(("write", "operation"), [(_ban, "updateUser"), (_note, "addUserComment")])


async def test_only_the_named_bans_are_set_and_show_in_the_next_read(bench: Bench) -> None:
    game = key("t-game")
    await bench.pam.restrict(Restrict(game, (WITHDRAWAL, LOGIN), "a-1"))
    assert (await bench.player(game)).account.restrictions == [LOGIN, PLAY, WITHDRAWAL]
    assert (await bench.player(PLAIN)).account.restrictions == []


async def test_restricting_twice_changes_something_once(bench: Bench) -> None:
    await _ban(bench.pam, PLAIN)
    await _ban(bench.pam, PLAIN)
    assert (await bench.stats("effects"))["updateUser"] == 1


async def test_a_deposit_ban_is_not_supported_and_nothing_is_called(bench: Bench) -> None:
    assert bench.pam.supports == {LOGIN, PLAY, WITHDRAWAL}
    for scopes in ((DEPOSIT,), (LOGIN, DEPOSIT), ()):
        with pytest.raises(VendorRejectedError):
            await bench.pam.restrict(Restrict(PLAIN, scopes, "a-1"))
    assert bench.asked == []


async def test_a_note_ends_in_its_audit_id_and_stands_first(bench: Bench) -> None:
    older = (await bench.player(PLAIN)).notes
    await bench.pam.add_note(NewNote(PLAIN, "Asked for a call.\nCalled.", "a-77"))
    notes = (await bench.player(PLAIN)).notes
    assert notes[0] == Note("gateway", "Asked for a call.\nCalled.\n[audit:a-77]", NOW)
    assert notes[1:] == older
    assert (await bench.stats("effects"))["addUserComment"] == 1


async def test_a_reset_forgets_what_was_written(bench: Bench) -> None:
    before = await bench.player(PLAIN)
    await _ban(bench.pam, PLAIN)
    await _note(bench.pam, PLAIN)
    assert await bench.player(PLAIN) != before
    await bench.wire.post("/__reset")
    assert await bench.player(PLAIN) == before


@both
@pytest.mark.parametrize(
    "player", [key(PLAIN.local, "borealis"), key(PLAIN.local, "unheard-of"), key("nobody")], ids=str
)
async def test_a_player_of_another_brand_is_never_written_to(
    bench: Bench, write: Write, operation: str, player: Key
) -> None:
    with pytest.raises(VendorRejectedError):
        await write(bench.pam, player)
    assert operation not in await bench.stats()


@both
async def test_a_failed_proof_of_the_brand_has_written_nothing(bench: Bench, write: Write, operation: str) -> None:
    for kind, error in (("garbage", VendorMalformedError), ("status", VendorDownError)):
        await bench.fault(kind, "getUserProfile", count=1)
        with pytest.raises(error) as caught:
            await write(bench.pam, PLAIN)
        assert not caught.value.write_may_have_happened
    assert operation not in await bench.stats()


@both
async def test_a_write_that_was_not_answered_may_have_happened(bench: Bench, write: Write, operation: str) -> None:
    await bench.fault("hang", operation, count=1)
    with pytest.raises(VendorTimeoutError) as caught:
        await write(adapter(bench.wire, timeout_seconds=0.2), PLAIN)
    assert caught.value.write_may_have_happened


@both
async def test_a_write_whose_answer_cannot_be_read_did_happen(bench: Bench, write: Write, operation: str) -> None:
    before = await bench.player(PLAIN)
    await bench.fault("garbage", operation, count=1)
    with pytest.raises(VendorError) as caught:
        await write(bench.pam, PLAIN)
    assert caught.value.write_may_have_happened
    assert await bench.player(PLAIN) != before


@both
async def test_a_wrong_token_writes_nothing(bench: Bench, write: Write, operation: str) -> None:
    with pytest.raises(VendorAuthError):
        await write(adapter(bench.wire, "bad"), PLAIN)
    assert operation not in await bench.stats()
