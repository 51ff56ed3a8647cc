"""What can be set about privacy."""

import base64
import binascii
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

KEY_BYTES: Final = 32


class PrivacySettings(BaseModel):
    """How what is remembered is kept from others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[SecretStr, ...] = Field(
        default=(),
        description="Master keys for encryption at rest, each 32 bytes in base64: the first encrypts, all decrypt. "
        "None: what is said is stored as it is.",
    )

    names: Path | None = Field(
        default=None,
        description="A text file of names, one a line, that redaction takes out as well, as they are written or in capitals.",
    )
    recogniser: str | None = Field(
        default=None,
        pattern=r"^[\w.]+:\w+$",
        description="In place of such a file a function of your own, as `module:function`, that gives a recogniser of names: an "
        "object whose method `names(text)` gives the begin and end of each.",
    )

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, key in enumerate(keys, 1):
            decode_key(key, number)
        return keys


def decode_key(key: SecretStr, number: int = 1) -> bytes:
    """The key's 32 bytes. Raises ValueError, which does not show the key."""
    text = key.get_secret_value().strip().replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != KEY_BYTES:
        raise ValueError(
            f"key {number} is not 32 bytes in base64; make one with `openssl rand -base64 32`"
        ) from None
    return decoded
