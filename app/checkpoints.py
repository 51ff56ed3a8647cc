"""How what a run is at is put into bytes, encrypted where there is a key."""

from typing import Any, Final  # Any: values of a graph's channels

from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from graphs import STATE_TYPES, FinishedCall
from memory.privacy import MasterCipher, PrivacySettings

_MARK: Final = b"\0"
_TYPES: Final = (*STATE_TYPES, FinishedCall)


def checkpoint_serializer(privacy: PrivacySettings) -> SerializerProtocol:
    """It takes our state's types and no others, and encrypts with the newest key that is configured."""
    strict = JsonPlusSerializer(allowed_msgpack_modules=None).with_msgpack_allowlist(_TYPES)
    return EncryptedSerializer(MasterCipher(privacy), strict) if privacy.keys else strict


def packed(serializer: SerializerProtocol, value: object) -> bytes:
    """The value in one piece: the serializer's name of its kind, a mark, and its bytes."""
    kind, data = serializer.dumps_typed(value)
    return kind.encode() + _MARK + data


def unpacked(serializer: SerializerProtocol, data: bytes) -> Any:
    """What was packed."""
    kind, _, rest = data.partition(_MARK)
    return serializer.loads_typed((kind.decode(), rest))
