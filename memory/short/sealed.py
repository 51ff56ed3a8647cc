"""Encryption of what stands in Redis, where it is configured."""

from typing import Protocol

from memory.owner import Owner


class Sealing(Protocol):
    """Encrypts texts for their owner. Raises KeyMissing where a text cannot be read with the keys at hand."""

    async def seal(self, owner: Owner, text: str) -> str:
        """The text, encrypted."""
        ...

    async def open(self, owner: Owner, text: str) -> str:
        """The text that was sealed; one that was not comes back as it is."""
        ...


class Unsealed:
    """Leaves texts as they are."""

    async def seal(self, owner: Owner, text: str) -> str:  # noqa: ARG002  # the Protocol's signature
        """The text."""
        return text

    async def open(self, owner: Owner, text: str) -> str:  # noqa: ARG002  # the Protocol's signature
        """The text."""
        return text
