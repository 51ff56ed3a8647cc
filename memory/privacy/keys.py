"""A data key for each user, sealed by the master keys of the settings."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.rows import DictRow

from memory.database import Connection, Database
from memory.errors import KeyMissing
from memory.owner import Owner
from memory.privacy.settings import KEY_BYTES, PrivacySettings, decode_key

NONCE_BYTES: Final = 12
_BATCH: Final = 500


@dataclass(frozen=True)
class DataKey:
    """What one user's data is encrypted with: AES-256-GCM (NIST SP 800-38D), bound to what it is for."""

    secret: bytes
    owner: Owner

    def seal(self, text: str, purpose: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, text.encode(), _bound(self.owner, purpose))

    def seal_alike(self, text: str, purpose: str) -> bytes:
        """The same, and equal for equal texts: the nonce is a keyed hash of the text (as in SIV, RFC 5297).

        Who has no key learns of two that they are equal, and no more.
        """
        secret = hmac.digest(self.secret, b"nonces", "sha256")
        nonce = hmac.digest(secret, f"{purpose}\n{text}".encode(), "sha256")[:NONCE_BYTES]
        return nonce + AESGCM(self.secret).encrypt(nonce, text.encode(), _bound(self.owner, purpose))

    def open(self, sealed: bytes, purpose: str) -> str:
        """The text. Raises KeyMissing where another key sealed it, for another user or purpose, or it was altered."""
        try:
            return (
                AESGCM(self.secret)
                .decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(self.owner, purpose))
                .decode()
            )
        except (InvalidTag, ValueError) as error:
            raise KeyMissing(
                f"what is encrypted for {self.owner} does not open with its key: it was altered, or its key was erased"
            ) from error


@dataclass(frozen=True)
class Rotation:
    """What a rotation did."""

    resealed: int
    """Data keys that are now sealed with the first key."""
    unreadable: int
    """Data keys sealed with a key that is not in the settings; they were left as they are."""


class DataKeys:
    """Makes, keeps and finds the data keys. An outage raises MemoryUnavailable.

    Keys are held in memory for `ttl_s` seconds, at most `capacity` of them: so long another process may still use a
    key that was erased. The process that erases it calls `forget`.
    """

    def __init__(
        self,
        database: Database,
        settings: PrivacySettings,
        *,
        capacity: int = 512,
        ttl_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._masters = {_id_of(key): key for key in map(decode_key, settings.keys)}
        self._held: OrderedDict[Owner, tuple[DataKey, float]] = OrderedDict()
        self._capacity, self._ttl_s, self._clock = capacity, ttl_s, clock

    @property
    def configured(self) -> bool:
        """Whether there is a key to seal with."""
        return bool(self._masters)

    async def get(self, owner: Owner, *, make: bool) -> DataKey:
        """The owner's key; where there is none a new one, or without `make` KeyMissing.

        Raises KeyMissing also where no key of the settings opens it.
        """
        held = self._held.get(owner)
        if held is not None and held[1] > self._clock():
            self._held.move_to_end(owner)
            return held[0]
        async with self._database.of(owner) as connection:
            row = await self._row(connection, owner, make=make)
        if row is None:
            raise KeyMissing(
                f"there is no key of {owner}: it was erased, and what it encrypted cannot be read again"
            )
        key = DataKey(self._unsealed(owner, row["sealed"], row["sealed_with"]), owner)
        self._held[owner] = key, self._clock() + self._ttl_s
        self._held.move_to_end(owner)
        while len(self._held) > self._capacity:
            self._held.popitem(last=False)
        return key

    def forget(self, owner: Owner) -> None:
        """Hold this owner's key no longer, as when its row was erased."""
        self._held.pop(owner, None)

    async def rotate(self) -> Rotation:
        """Seal every data key with the first master key; what they encrypted stays as it is.

        Raises KeyMissing where no key is configured.
        """
        first = self._first()
        resealed = 0
        async with self._database.of_all() as connection:
            known = [name for name in self._masters if name != first]
            while rows := await self._others(connection, known):
                for row in rows:
                    owner = Owner(row["user_id"], row["tenant_id"])
                    secret = self._unsealed(owner, row["sealed"], row["sealed_with"])
                    await connection.execute(
                        "UPDATE memory_keys SET sealed = %s, sealed_with = %s WHERE tenant_id = %s AND user_id = %s",
                        (self._sealed(owner, secret), first, owner.tenant_id, owner.user_id),
                    )
                resealed += len(rows)
                await asyncio.sleep(0)
            cursor = await connection.execute(
                "SELECT count(*) AS unreadable FROM memory_keys WHERE sealed_with <> ALL(%s)",
                (list(self._masters),),
            )
            counted = await cursor.fetchone()
        return Rotation(resealed, counted["unreadable"] if counted else 0)

    async def _others(self, connection: Connection, known: list[str]) -> list[DictRow]:
        cursor = await connection.execute(
            "SELECT * FROM memory_keys WHERE sealed_with = ANY(%s) LIMIT %s FOR UPDATE", (known, _BATCH)
        )
        return await cursor.fetchall()

    async def _row(self, connection: Connection, owner: Owner, *, make: bool) -> DictRow | None:
        mine = (owner.tenant_id, owner.user_id)
        query = "SELECT sealed, sealed_with FROM memory_keys WHERE tenant_id = %s AND user_id = %s"
        row = await (await connection.execute(query, mine)).fetchone()
        if row is not None or not make:
            return row
        # Two that make one at once both go on with the one that came first.
        await connection.execute(
            "INSERT INTO memory_keys (tenant_id, user_id, sealed, sealed_with) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (*mine, self._sealed(owner, secrets.token_bytes(KEY_BYTES)), self._first()),
        )
        return await (await connection.execute(query, mine)).fetchone()

    def _first(self) -> str:
        if not self._masters:
            raise KeyMissing("no key is configured; set one to encrypt or to read what is encrypted")
        return next(iter(self._masters))

    def _sealed(self, owner: Owner, secret: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        master = AESGCM(self._masters[self._first()])
        return nonce + master.encrypt(nonce, secret, _bound(owner, "data key"))

    def _unsealed(self, owner: Owner, sealed: bytes, sealed_with: str) -> bytes:
        master = self._masters.get(sealed_with)
        if master is None:
            raise KeyMissing(
                f"the key of {owner} is sealed with key {sealed_with}, which is not among those configured"
            )
        try:
            return AESGCM(master).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(owner, "data key")
            )
        except (InvalidTag, ValueError) as error:
            raise KeyMissing(f"the key of {owner} was altered in the database and does not open") from error


class MasterCipher:
    """Encrypts bytes with the first master key and decrypts with all, for a store that knows of no users.

    LangGraph's `CipherProtocol`. Raises KeyMissing where no key is configured, or none of them opens what was encrypted.
    """

    def __init__(self, settings: PrivacySettings) -> None:
        self._masters = {_id_of(key): key for key in map(decode_key, settings.keys)}

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        """The name of the key, and nonce and ciphertext."""
        if not self._masters:
            raise KeyMissing("no key is configured to encrypt with")
        name, key = next(iter(self._masters.items()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        return name, nonce + AESGCM(key).encrypt(nonce, plaintext, b"bytes")

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        """What was encrypted with the key of that name."""
        key = self._masters.get(ciphername)
        if key is None:
            raise KeyMissing(f"this was encrypted with key {ciphername}, which is not among those configured")
        try:
            return AESGCM(key).decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], b"bytes")
        except InvalidTag as error:
            raise KeyMissing(f"what key {ciphername} encrypted was altered and does not open") from error


def _bound(owner: Owner, purpose: str) -> bytes:
    return f"{owner}\n{purpose}".encode()


def _id_of(key: bytes) -> str:
    """A name of the key that gives nothing of it away."""
    return hashlib.sha256(b"freya master key\n" + key).hexdigest()[:16]
