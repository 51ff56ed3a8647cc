"""Redaction that its owner can undo."""

import asyncio
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from memory.database import Database
from memory.owner import Owner
from memory.privacy.finding import find
from memory.privacy.keys import DataKey, DataKeys
from memory.privacy.kinds import TOKEN, DataKind, Finding, NameRecogniser
from memory.privacy.redaction import Redacted

_TOKEN_DIGITS: Final = 16


@dataclass(frozen=True)
class Restored:
    """A text with its personal data in place again, and how many values that were."""

    text: str
    values: int


class Vault:
    """Replaces personal data by tokens such as `[email:7f3a09c2d41be865]` and keeps the values, encrypted, for their owner.

    A value has the same token each time within an owner's texts, and another with every other owner. Raises KeyMissing
    where no key is configured or the owner's was erased; an outage raises MemoryUnavailable.
    """

    def __init__(
        self,
        database: Database,
        keys: DataKeys,
        *,
        kinds: Collection[DataKind] | None = None,
        names: NameRecogniser | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._kinds = kinds
        self._names = names

    async def redact(self, owner: Owner, text: str) -> Redacted:
        """The text with a token for each finding; the values are in the vault when this returns."""
        findings = await asyncio.to_thread(find, text, kinds=self._kinds, names=self._names)
        if not findings:
            return Redacted(text, ())
        key = await self._keys.get(owner, make=True)
        values: dict[str, tuple[DataKind, str]] = {}
        pieces: list[str] = []
        position = 0
        for finding in findings:
            token = _token(key, finding, text)
            values[token] = finding.kind, text[finding.start : finding.end]
            pieces += text[position : finding.start], token
            position = finding.end
        rows = [
            (owner.tenant_id, owner.user_id, token, kind, key.seal(value, token))
            for token, (kind, value) in values.items()
        ]
        async with self._database.of(owner) as connection:
            await connection.cursor().executemany(
                "INSERT INTO memory_vault (tenant_id, user_id, token, kind, sealed) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (tenant_id, user_id, token) DO UPDATE SET used_at = now()"
                " WHERE memory_vault.used_at < now() - interval '1 day'",
                sorted(rows),
            )
        return Redacted("".join((*pieces, text[position:])), tuple(findings))

    async def restore(self, owner: Owner, text: str) -> Restored:
        """The text with the owner's own tokens replaced by their values; tokens of others and unknown ones stay."""
        tokens = list(dict.fromkeys(TOKEN.findall(text)))
        if not tokens:
            return Restored(text, 0)
        async with self._database.of(owner) as connection:
            cursor = await connection.execute(
                "SELECT token, sealed FROM memory_vault WHERE tenant_id = %s AND user_id = %s AND token = ANY(%s)",
                (owner.tenant_id, owner.user_id, tokens),
            )
            rows = await cursor.fetchall()
        if not rows:
            return Restored(text, 0)
        key = await self._keys.get(owner, make=False)
        values = {row["token"]: key.open(row["sealed"], row["token"]) for row in rows}
        return Restored(TOKEN.sub(lambda match: values.get(match[0], match[0]), text), len(values))

    async def value(self, owner: Owner, token: str, sealed: bytes) -> str:
        """What the vault's row of a token keeps."""
        return (await self._keys.get(owner, make=False)).open(sealed, token)


def _token(key: DataKey, finding: Finding, text: str) -> str:
    value = text[finding.start : finding.end]
    digest = hmac.digest(key.secret, f"token\n{finding.kind}\n{value}".encode(), "sha256")
    return f"[{finding.kind}:{digest.hex()[:_TOKEN_DIGITS]}]"
