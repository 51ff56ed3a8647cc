"""Whose memory it is."""

import re
from dataclasses import dataclass

from memory.errors import OwnerInvalid

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


@dataclass(frozen=True)
class Owner:
    """A user of a tenant. Names are letters, digits and `._@+-`, so that none can pass for a part of a key."""

    user_id: str = "local"
    tenant_id: str = "local"

    def __post_init__(self) -> None:
        """Raises OwnerInvalid for a name that cannot be used."""
        for what, name in (("user", self.user_id), ("tenant", self.tenant_id)):
            if not _NAME.fullmatch(name):
                raise OwnerInvalid(
                    f"{name!r} is no name of a {what}: use 1 to 64 letters, digits and . _ @ + -, beginning with a "
                    "letter or digit"
                )

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.user_id}"


LOCAL = Owner()
"""Who uses a service that knows of no users."""
