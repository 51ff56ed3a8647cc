"""API keys: what one is, whom it acts for, and what it may do."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memory import Owner

PREFIX = "frk_"
_HINT = len(PREFIX) + 4
Scope = Literal["chat", "read", "write", "knowledge", "metrics", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""`admin` holds all others."""
Name = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$", description="As users and tenants are named.")
]
Most = Annotated[int | None, Field(ge=1, le=10**12)]


@dataclass(frozen=True)
class Binding:
    """Whom a key acts for: one user, any user of one tenant, or anybody."""

    tenant: str | None = None
    user: str | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it is less than anybody."""
        return self.tenant is not None

    @property
    def owner(self) -> Owner | None:
        """The one user; None where there are several."""
        return Owner(self.user, self.tenant) if self.tenant is not None and self.user is not None else None

    def covers(self, other: "Binding") -> bool:
        """Whether everybody whom the other acts for is one of those whom this acts for."""
        return self.tenant in {None, other.tenant} and self.user in {None, other.user}

    def admits(self, owner: Owner) -> bool:
        """Whether it acts for this user."""
        return self.covers(Binding(owner.tenant_id, owner.user_id))

    def __str__(self) -> str:
        if self.tenant is None:
            return "any user"
        return f"{self.tenant}/{self.user}" if self.user is not None else f"any user of {self.tenant}"


class Limits(BaseModel):
    """What a key may use; None takes what the settings say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_a_minute: Most = None
    turns_a_day: Most = None
    tokens_a_day: Most = None


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[
        str,
        Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", description="What it is for."),
    ]
    scopes: Annotated[list[Scope], Field(min_length=1, description="What it may do.")] = [
        "chat",
        "read",
        "write",
    ]
    tenant: Annotated[Name | None, Field(description="The only tenant it acts for.")] = None
    user: Annotated[
        Name | None, Field(description="The only user it acts for; `local` is the tenant then.")
    ] = None
    limits: Limits = Limits()
    expires_at: Annotated[datetime | None, Field(description="From when on it is refused.")] = None

    @model_validator(mode="after")
    def _expires_later(self) -> Self:
        if self.expires_at is not None:
            if self.expires_at.tzinfo is None:
                raise ValueError("expires_at needs a time zone, such as 2027-01-01T00:00:00Z")
            if self.expires_at <= datetime.now(UTC):
                raise ValueError("expires_at is past")
        return self

    @property
    def binding(self) -> Binding:
        """Whom it is to act for."""
        return Binding(self.tenant or ("local" if self.user else None), self.user)


class ApiKey(BaseModel):
    """A key as it stands; the key itself is kept nowhere."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    hint: str = Field(description="Its first characters.")
    scopes: list[Scope]
    tenant: str | None
    user: str | None
    limits: Limits
    created_at: datetime
    created_by: str = Field(description="The key or the user that made it, or `command line`.")
    last_used_at: datetime | None = Field(description="To within half a minute.")
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None = Field(description="The key that it was rotated to.")

    @property
    def binding(self) -> Binding:
        """Whom it acts for."""
        return Binding(self.tenant, self.user)

    def may(self, needed: frozenset[Scope]) -> bool:
        """Whether it has one of the scopes."""
        return "admin" in self.scopes or not needed.isdisjoint(self.scopes)

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything at this time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class MadeKey(BaseModel):
    """A key that was made, shown this once."""

    key: str = Field(description="Kept nowhere: what is lost has to be rotated.")
    api_key: ApiKey


def new_secret() -> tuple[str, bytes, str]:
    """A key of 256 random bits, its digest, and its first characters."""
    made = PREFIX + secrets.token_urlsafe(32)
    return made, digest_of(made), made[:_HINT]


def digest_of(key: str) -> bytes:
    """SHA-256: a key has too many bits to be guessed, so that neither salt nor slowness would add to it."""
    return hashlib.sha256(key.encode()).digest()


def of_settings(hashes: list[str], users: Mapping[str, str]) -> dict[bytes, ApiKey]:
    """The keys that the settings name, by digest: they may do everything for their users."""
    return {bytes.fromhex(value): _of_settings(value, users.get(value)) for value in hashes}


def _of_settings(value: str, named: str | None) -> ApiKey:
    tenant, _, user = (named or "").rpartition("/")
    return ApiKey(
        id=f"settings:{value[:12]}",
        name="of the settings",
        hint="",
        scopes=["admin"],
        tenant=(tenant or "local") if named else None,
        user=user or None,
        limits=Limits(),
        created_at=datetime.fromtimestamp(0, UTC),
        created_by="settings",
        last_used_at=None,
        expires_at=None,
        revoked_at=None,
        replaced_by=None,
    )
