"""Encryption at rest of texts such as message bodies."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Final

from memory.errors import KeyMissing
from memory.owner import Owner
from memory.privacy.keys import DataKey, DataKeys, Rotation

_MARK: Final = "sealed:1:"
_NAME_MARK: Final = "sealed:n:"
_AS_IT_IS: Final = "sealed:0:"
"""Before a text that was stored as it is and would pass for a sealed one."""
_PURPOSES: Final = {_MARK: "text", _NAME_MARK: "name"}
_MARKS: Final = (*_PURPOSES, _AS_IT_IS)


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
        return (await self.sealing(owner))(text)

    async def sealing(self, owner: Owner) -> Callable[[str], str]:
        """What seals for this owner with the key at hand, without asking for it again."""
        if not self._keys.configured:
            return _as_it_is
        key = await self._keys.get(owner, make=True)
        return lambda text: _sealed(_MARK, key.seal(text, _PURPOSES[_MARK]))

    async def seal_name(self, owner: Owner, name: str) -> str:
        """The same for what is looked up by equality: one name of an owner is sealed (`sealed:n:...`) alike each time."""
        if not self._keys.configured:
            return _as_it_is(name)
        key = await self._keys.get(owner, make=True)
        return _sealed(_NAME_MARK, key.seal_alike(name, _PURPOSES[_NAME_MARK]))

    async def stored_names(self, owner: Owner, name: str) -> tuple[str, ...]:
        """As what a name may be stored: sealed, or as it is, from before there was a key."""
        return tuple(dict.fromkeys((await self.seal_name(owner, name), _as_it_is(name))))

    async def open(self, owner: Owner, text: str) -> str:
        """The text of a sealed one; a text without the mark as it is.

        Raises KeyMissing for what was sealed with an erased or unknown key or for another owner, or was altered.
        """
        if not is_sealed(text):
            return text.removeprefix(_AS_IT_IS)
        return _opened(await self._keys.get(owner, make=False), text)

    def opening(self, owner: Owner) -> "Opener":
        """What opens for this owner, and asks for the key once."""
        return Opener(self._keys, owner)

    async def open_all(self, owner: Owner, texts: Sequence[str]) -> list[str]:
        """Each of the texts as `open` gives it."""
        return [await self.open(owner, text) for text in texts]

    async def rotate(self) -> Rotation:
        """Seal every user's key with the first configured one; see `DataKeys.rotate`."""
        return await self._keys.rotate()


class Opener:
    """Opens what was sealed for one owner, one text after the other; the key stays at hand, whatever becomes of it."""

    def __init__(self, keys: DataKeys, owner: Owner) -> None:
        self._keys = keys
        self._owner = owner
        self._key: DataKey | None = None

    async def __call__(self, text: str) -> str:
        """The text, as `Sealer.open` gives it."""
        if not is_sealed(text):
            return text.removeprefix(_AS_IT_IS)
        if self._key is None:
            self._key = await self._keys.get(self._owner, make=False)
        return _opened(self._key, text)


def is_sealed(text: str) -> bool:
    """Whether the text bears the mark of a sealed one."""
    return text.startswith((_MARK, _NAME_MARK))


def is_marked(text: str) -> bool:
    """Whether `open` would change the text."""
    return text.startswith(_MARKS)


def kept_as_it_is(text: str) -> str:
    """The text marked so that `open` gives it back, whatever it begins with."""
    return _AS_IT_IS + text


def _as_it_is(text: str) -> str:
    return kept_as_it_is(text) if is_marked(text) else text


def _sealed(mark: str, sealed: bytes) -> str:
    return mark + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _opened(key: DataKey, text: str) -> str:
    mark, body = text[: len(_MARK)], text[len(_MARK) :]
    try:
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyMissing(f"what is encrypted for {key.owner} was altered: it is no base64") from error
    return key.open(sealed, _PURPOSES[mark])
