import asyncio
import base64

import pytest
from pydantic import SecretStr, ValidationError

from memory.database import Database
from memory.errors import KeyMissing
from memory.identifiers import new_id
from memory.owner import Owner
from memory.privacy import DataKeys, MasterCipher, PrivacySettings, Rotation, Sealer, is_sealed


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("usr"))


def _sealer(database: Database, settings: PrivacySettings) -> Sealer:
    return Sealer(DataKeys(database, settings))


async def _erase_key(database: Database, owner: Owner) -> None:
    async with database.of(owner) as connection:
        await connection.execute("DELETE FROM memory_keys")


async def test_what_was_sealed_opens_for_its_owner_in_another_process(
    database: Database, one_key: PrivacySettings, owner: Owner
) -> None:
    sealed = await _sealer(database, one_key).seal(owner, "It is ünder the mat.")

    assert sealed.startswith("sealed:1:")
    assert "mat" not in sealed
    assert is_sealed(sealed)
    assert await _sealer(database, one_key).open(owner, sealed) == "It is ünder the mat."


async def test_two_that_seal_at_once_for_a_new_user_use_one_key(
    database: Database, one_key: PrivacySettings, owner: Owner
) -> None:
    sealers = [_sealer(database, one_key) for _ in range(4)]
    sealed = await asyncio.gather(*(sealer.seal(owner, str(n)) for n, sealer in enumerate(sealers)))

    assert await _sealer(database, one_key).open_all(owner, sealed) == ["0", "1", "2", "3"]


async def test_another_user_cannot_open_it(
    database: Database, one_key: PrivacySettings, owner: Owner
) -> None:
    sealer, other = _sealer(database, one_key), Owner(new_id("usr"))
    sealed = await sealer.seal(owner, "mine")

    with pytest.raises(KeyMissing, match="erased"):
        await sealer.open(other, sealed)
    await sealer.seal(other, "mine too")
    with pytest.raises(KeyMissing, match="altered"):
        await sealer.open(other, sealed)


@pytest.mark.parametrize("place", [9, 30, -2])
async def test_altered_text_does_not_open(
    database: Database, one_key: PrivacySettings, owner: Owner, place: int
) -> None:
    sealer = _sealer(database, one_key)
    sealed = await sealer.seal(owner, "as it was")
    other = "A" if sealed[place] != "A" else "B"
    altered = sealed[:place] + other + sealed[place:][1:]

    with pytest.raises(KeyMissing, match="altered"):
        await sealer.open(owner, altered)
    with pytest.raises(KeyMissing, match="no base64"):
        await sealer.open(owner, "sealed:1:?")


async def test_an_altered_data_key_does_not_open(
    database: Database, one_key: PrivacySettings, owner: Owner
) -> None:
    sealed = await _sealer(database, one_key).seal(owner, "x")
    async with database.of(owner) as connection:
        await connection.execute(
            "UPDATE memory_keys SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)"
        )

    with pytest.raises(KeyMissing, match="altered in the database"):
        await _sealer(database, one_key).open(owner, sealed)


async def test_without_keys_texts_stay_as_they_are(database: Database, owner: Owner) -> None:
    sealer = _sealer(database, PrivacySettings())

    assert not sealer.configured
    assert await sealer.seal(owner, "plain") == "plain"
    for odd in ("sealed:1:abc", "sealed:0:abc"):
        stored = await sealer.seal(owner, odd)
        assert not is_sealed(stored)
        assert await sealer.open(owner, stored) == odd


async def test_texts_from_before_encryption_still_open(
    database: Database, one_key: PrivacySettings, owner: Owner
) -> None:
    assert await _sealer(database, one_key).open(owner, "from before") == "from before"


async def test_a_key_that_is_not_configured_is_named(
    database: Database, one_key: PrivacySettings, other_key: PrivacySettings, owner: Owner
) -> None:
    sealed = await _sealer(database, one_key).seal(owner, "x")

    for settings in (other_key, PrivacySettings()):
        with pytest.raises(KeyMissing, match="not among those configured"):
            await _sealer(database, settings).open(owner, sealed)


async def test_rotation_moves_data_keys_to_the_first_key_and_texts_still_open(
    database: Database,
    one_key: PrivacySettings,
    other_key: PrivacySettings,
    other_then_one: PrivacySettings,
) -> None:
    async with database.of_all() as connection:
        await connection.execute("DELETE FROM memory_keys")
    owners = [Owner(new_id("usr")) for _ in range(3)]
    before = _sealer(database, one_key)
    sealed = {owner: await before.seal(owner, owner.user_id) for owner in owners}

    assert await _sealer(database, other_then_one).rotate() == Rotation(resealed=3, unreadable=0)
    assert await _sealer(database, other_then_one).rotate() == Rotation(resealed=0, unreadable=0)
    assert await _sealer(database, one_key).rotate() == Rotation(resealed=0, unreadable=3)
    after = _sealer(database, other_key)
    assert [await after.open(owner, sealed[owner]) for owner in owners] == [owner.user_id for owner in owners]
    with pytest.raises(KeyMissing, match="no key is configured"):
        await _sealer(database, PrivacySettings()).rotate()


async def test_erasing_the_data_key_makes_what_it_sealed_unreadable(
    database: Database, one_key: PrivacySettings, owner: Owner
) -> None:
    now = [0.0]
    keys = DataKeys(database, one_key, ttl_s=30, clock=lambda: now[0])
    sealer = Sealer(keys)
    sealed = await sealer.seal(owner, "forget this")
    await _erase_key(database, owner)
    keys.forget(owner)

    with pytest.raises(KeyMissing, match="erased"):
        await sealer.open(owner, sealed)
    again = await sealer.seal(owner, "new")
    assert await sealer.open(owner, again) == "new"
    await _erase_key(database, owner)
    assert await sealer.open(owner, again) == "new"  # another process knows nothing of it yet
    now[0] = 31.0
    with pytest.raises(KeyMissing, match="erased"):
        await sealer.open(owner, again)


async def test_few_data_keys_are_held(database: Database, one_key: PrivacySettings) -> None:
    keys = DataKeys(database, one_key, capacity=2)
    owners = [Owner(new_id("usr")) for _ in range(3)]
    sealed = [await Sealer(keys).seal(owner, "x") for owner in owners]
    await _erase_key(database, owners[0])
    await _erase_key(database, owners[2])

    assert await Sealer(keys).open(owners[2], sealed[2]) == "x"
    with pytest.raises(KeyMissing):
        await Sealer(keys).open(owners[0], sealed[0])


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(31)).decode(), "ü" * 44])
def test_a_key_of_another_length_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValidationError, match="key 1 is not 32 bytes in base64") as caught:
        PrivacySettings(keys=(SecretStr(text),))
    assert not text or text not in str(caught.value)


def test_cipher_of_the_master_keys_opens_what_an_earlier_key_encrypted_and_nothing_that_was_altered():
    old, new = (SecretStr(base64.b64encode(bytes([n]) * 32).decode()) for n in (1, 2))
    name, sealed = MasterCipher(PrivacySettings(keys=(old,))).encrypt(b"a checkpoint")
    both = MasterCipher(PrivacySettings(keys=(new, old)))
    assert both.decrypt(name, sealed) == b"a checkpoint"
    assert both.encrypt(b"x")[0] != name
    with pytest.raises(KeyMissing, match="altered"):
        both.decrypt(name, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(KeyMissing, match="not among"):
        MasterCipher(PrivacySettings(keys=(new,))).decrypt(name, sealed)
    with pytest.raises(KeyMissing, match="no key"):
        MasterCipher(PrivacySettings()).encrypt(b"x")
