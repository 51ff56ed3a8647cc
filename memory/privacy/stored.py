"""Texts and JSON as they are stored: sealed where there is a key."""

import json
from typing import Any, Final  # Any: JSON of any form

from memory.owner import Owner
from memory.privacy.sealing import Sealer, is_marked, kept_as_it_is

_SEALED: Final = "sealed"


async def sealed(sealer: Sealer | None, owner: Owner, text: str) -> str:
    """The text as it is stored."""
    return await sealer.seal(owner, text) if sealer else text


async def sealed_json(sealer: Sealer | None, owner: Owner, value: Any) -> Any:  # JSON of any form
    """A JSON value as it is stored: with a key as an object that has nothing but the sealed text of it.

    An empty one stays as it is.
    """
    if sealer is None or not value:
        return value
    if not sealer.configured:
        return {_SEALED: kept_as_it_is(json.dumps(value))} if _is_box(value) else value
    return {_SEALED: await sealer.seal(owner, json.dumps(value))}


async def opened_json(sealer: Sealer | None, owner: Owner, value: Any) -> Any:  # JSON of any form
    """The JSON value that was stored. Raises KeyMissing."""
    if sealer is not None and _is_box(value):
        return json.loads(await sealer.open(owner, value[_SEALED]))
    return value


def _is_box(value: Any) -> bool:  # JSON of any form
    if not isinstance(value, dict) or value.keys() != {_SEALED}:
        return False
    return isinstance(value[_SEALED], str) and is_marked(value[_SEALED])
