"""Texts without their personal data, and the audit trail, behind all doors."""

import asyncio
from collections import Counter

from pydantic import BaseModel, Field

from memory import Owner
from memory.privacy import AuditChain, AuditEntry, AuditTrail, Redactor, Vault


class RedactedText(BaseModel):
    """A text with placeholders in place of personal data."""

    text: str
    found: dict[str, int] = Field(description="How many of each kind were replaced, such as `email`.")


class RevealedText(BaseModel):
    """A text with its personal data in place again."""

    text: str
    values: int = Field(description="How many different values were put back.")


class PrivacyService:
    """Every method is for one owner. Raises errors that `app.errors.as_problem` knows."""

    def __init__(self, vault: Vault, audit: AuditTrail, redactor: Redactor) -> None:
        self._vault = vault
        self._audit = audit
        self._redactor = redactor

    async def redact(self, owner: Owner, text: str, *, reversible: bool) -> RedactedText:
        """The text without its personal data; where it is reversible the vault keeps that, encrypted for the owner.

        Raises KeyMissing where it is reversible and no key is configured.
        """
        redacted = await (
            self._vault.redact(owner, text) if reversible else asyncio.to_thread(self._redactor.redact, text)
        )
        found = Counter(str(finding.kind) for finding in redacted.findings)
        if reversible:
            await self._audit.note(owner, owner.user_id, "redact", counts=found)
        return RedactedText(text=redacted.text, found=found)

    async def reveal(self, owner: Owner, text: str) -> RevealedText:
        """The text with what the owner's vault keeps put back; what it does not know stays as it is.

        Raises KeyMissing for what cannot be opened any more.
        """
        restored = await self._vault.restore(owner, text)
        await self._audit.note(owner, owner.user_id, "reveal", counts={"values": restored.values})
        return RevealedText(text=restored.text, values=restored.values)

    async def audit(self, owner: Owner, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        """What was done with the owner's memory, newest first."""
        return await self._audit.page(owner, limit=limit, before=before)

    async def verify(self, owner: Owner) -> AuditChain:
        """Whether all entries of the owner's audit trail are as they were noted."""
        return await self._audit.verify(owner)
