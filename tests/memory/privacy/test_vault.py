import re

import pytest

from memory.database import Database
from memory.errors import KeyMissing
from memory.identifiers import new_id
from memory.owner import Owner
from memory.privacy import DataKeys, PrivacySettings, Vault

_TEXT = "Write to a@b.org or call me at 467 3395; a@b.org is better. My password is hunter2."


@pytest.fixture
def owner() -> Owner:
    return Owner(new_id("usr"))


@pytest.fixture
def vault(database: Database, one_key: PrivacySettings) -> Vault:
    return Vault(database, DataKeys(database, one_key))


async def test_the_owner_gets_back_what_was_taken_out(vault: Vault, owner: Owner) -> None:
    redacted = (await vault.redact(owner, _TEXT)).text

    form = r"Write to (\[email:\w{16}\]) or call me at \[phone:\w{16}\]; \1 is better. My password is \[secret:\w{16}\]."
    assert re.fullmatch(form, redacted)
    assert (await vault.restore(owner, redacted)).text == _TEXT
    assert (await vault.redact(owner, redacted)).text == redacted
    assert (await vault.redact(owner, _TEXT)).text == redacted


async def test_another_user_gets_nothing_back(vault: Vault, owner: Owner) -> None:
    redacted = (await vault.redact(owner, _TEXT)).text
    other = Owner(new_id("usr"))

    assert (await vault.restore(other, redacted)).text == redacted
    assert (await vault.redact(other, _TEXT)).text != redacted
    assert (await vault.restore(other, redacted)).text == redacted


async def test_values_are_encrypted_in_the_table(database: Database, vault: Vault, owner: Owner) -> None:
    await vault.redact(owner, _TEXT)
    async with database.of(owner) as connection:
        rows = await (await connection.execute("SELECT * FROM memory_vault")).fetchall()

    assert len(rows) == 3
    assert all(secret not in row["sealed"] for row in rows for secret in (b"a@b.org", b"467", b"hunter2"))


async def test_a_value_moved_to_another_token_does_not_open(
    database: Database, vault: Vault, owner: Owner
) -> None:
    redacted = (await vault.redact(owner, "a@b.org")).text
    async with database.of(owner) as connection:
        await connection.execute("UPDATE memory_vault SET token = '[email:0000000000000000]'")

    assert (await vault.restore(owner, redacted)).text == redacted
    with pytest.raises(KeyMissing, match="altered"):
        await vault.restore(owner, "[email:0000000000000000]")


async def test_without_the_key_nothing_comes_back(
    database: Database, one_key: PrivacySettings, vault: Vault, owner: Owner
) -> None:
    redacted = (await vault.redact(owner, _TEXT)).text
    async with database.of(owner) as connection:
        await connection.execute("DELETE FROM memory_keys")

    with pytest.raises(KeyMissing, match="erased"):
        await Vault(database, DataKeys(database, one_key)).restore(owner, redacted)


async def test_a_vault_without_keys_refuses_to_keep_anything(database: Database, owner: Owner) -> None:
    vault = Vault(database, DataKeys(database, PrivacySettings()))

    assert (await vault.redact(owner, "nothing here")).text == "nothing here"
    assert (await vault.restore(owner, "nothing here")).text == "nothing here"
    with pytest.raises(KeyMissing, match="no key is configured"):
        await vault.redact(owner, _TEXT)
