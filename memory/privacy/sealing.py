"""Encryption at rest of texts such as message bodies."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from memory.errors import KeyMissing
from memory.owner import Owner
from memory.privacy.keys import DataKeys, Rotation

_MARK: Final = "sealed:1:"
_AS_IT_IS: Final = "sealed:0:"
"""Before a text that was stored as it is and would pass for a sealed one."""
_PURPOSE: Final = "text"


class Sealer:
    """Seals texts with their owner's key. Without keys configured a text stays as it is.

    An outage raises MemoryUnavailable, once for each owner whose key is not at hand.
    """

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    @property
    def configured(self) -> bool:
        """Whether there is a key to seal with."""
        return self._keys.configured

    async def seal(self, owner: Owner, text: str) -> str:
        """The text encrypted for this owner and marked (`sealed:1:...`); without keys the text itself."""
        if not self._keys.configured:
            return _AS_IT_IS + text if text.startswith((_MARK, _AS_IT_IS)) else text
        key = await self._keys.get(owner, make=True)
        return _MARK + base64.urlsafe_b64encode(key.seal(text, _PURPOSE)).decode().rstrip("=")

    async def open(self, owner: Owner, text: str) -> str:
        """The text of a sealed one; a text without the mark as it is.

        Raises KeyMissing for what was sealed with an erased or unknown key or for another owner, or was altered.
        """
        if not text.startswith(_MARK):
            return text.removeprefix(_AS_IT_IS)
        body = text.removeprefix(_MARK)
        try:
            sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise KeyMissing(f"what is encrypted for {owner} was altered: it is no base64") from error
        return (await self._keys.get(owner, make=False)).open(sealed, _PURPOSE)

    async def open_all(self, owner: Owner, texts: Sequence[str]) -> list[str]:
        """Each of the texts as `open` gives it."""
        return [await self.open(owner, text) for text in texts]

    async def rotate(self) -> Rotation:
        """Seal every user's key with the first configured one; see `DataKeys.rotate`."""
        return await self._keys.rotate()


def is_sealed(text: str) -> bool:
    """Whether the text bears the mark of a sealed one."""
    return text.startswith(_MARK)
