"""The keys that are good, at hand in this process and seconds old at most."""

import asyncio
import contextlib
import hmac
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Self

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from app.access.keys import ApiKey, digest_of
from app.access.store import KeyStore, Use
from app.tasks import end
from memory import LOCAL, MemoryUnavailable, Owner
from memory.privacy import AuditTrail

_log = structlog.get_logger(__name__)
_REFRESH_S = 1.0
_TRUSTED_S = 30.0
_NOTE_EVERY_S = 20.0
_INDEXED = 8
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, MemoryUnavailable)
Gone = Callable[[], None]


class KeyBook:
    """Knows keys without asking the database for each request; an async context manager that keeps it up to date.

    A key that is revoked or made anywhere is so here within two seconds. While the database is away what was known stays so
    for half a minute, and then no key of the database is.
    """

    def __init__(self, store: KeyStore, audit: AuditTrail) -> None:
        self._store = store
        self._audit = audit
        self._known: dict[bytes, tuple[bytes, ApiKey]] = {}
        self._own: dict[bytes, ApiKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._watched: dict[str, set[Gone]] = {}
        self._uses: dict[str, Use] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.refresh()
        self._tasks = [asyncio.create_task(self._keep(), name="api keys")]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks)
        with contextlib.suppress(*_AWAY):
            await self.note_uses()

    @property
    def has_keys(self) -> bool:
        """Whether there is a key that was not revoked. One that expired counts: time alone opens no door."""
        return bool(self._known)

    def trust(self, key: str, like: ApiKey) -> None:
        """Know a key of this process alone; it does not count as one that there is."""
        self._own[digest_of(key)] = like

    async def find(self, key: str) -> ApiKey | None:
        """The key if it is good now. Raises MemoryUnavailable where that cannot be known."""
        digest = digest_of(key)
        if own := self._own.get(digest):
            return own
        if self._held(digest) is None and time.monotonic() - self._read_at > _REFRESH_S:
            with contextlib.suppress(*_AWAY):  # it may have been made a moment ago
                await self.refresh()
        if time.monotonic() - self._read_at > _TRUSTED_S:
            raise MemoryUnavailable("the keys cannot be read")
        found = self._held(digest)
        return found if found is not None and found.is_good(datetime.now(UTC)) else None

    def named(self, key_id: str) -> ApiKey | None:
        """The key of this id; None where it is good no longer, or was none of the database's."""
        return next((key for _, key in self._known.values() if key.id == key_id), None)

    async def refresh(self) -> None:
        """Read the keys anew, and tell whoever watches one that is good no longer. Raises what the store raises."""
        asked = time.monotonic()
        async with self._reading:
            if self._read_at > asked:
                return  # another one read them meanwhile
            began = time.monotonic()
            known = await self._store.all_good()
            self._known = {digest[:_INDEXED]: (digest, key) for digest, key in known.items()}
            self._read_at = began
        self._tell_gone()

    def used(self, key: ApiKey, owner: Owner) -> None:
        """Note that the key was used just now; it is written behind."""
        if not key.id.startswith("settings:"):
            self._uses[key.id] = Use(datetime.now(UTC), owner.tenant_id, owner.user_id)

    @contextlib.contextmanager
    def watching(self, key: ApiKey | None, gone: Gone) -> Iterator[None]:
        """Call `gone` once, within seconds, when the key becomes good no longer."""
        if key is None:
            yield
            return
        watchers = self._watched.setdefault(key.id, set())
        watchers.add(gone)
        try:
            yield
        finally:
            watchers.discard(gone)
            if not watchers and self._watched.get(key.id) is watchers:
                del self._watched[key.id]

    async def note_uses(self) -> None:
        """Write when keys were used; the first use on a day is noted in the trail of the user it was for."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        for key_id in await self._store.note_uses(uses):
            use = uses[key_id]
            await self._audit.note(Owner(use.user, use.tenant), key_id, "use key", key_id)

    def _held(self, digest: bytes) -> ApiKey | None:
        """Found by the beginning of its digest; all of it is compared in a time that tells nothing."""
        whole, key = self._known.get(digest[:_INDEXED], (b"", None))
        return key if hmac.compare_digest(whole, digest) else None

    def _tell_gone(self) -> None:
        now = datetime.now(UTC)
        good = {key.id for _, key in self._known.values() if key.is_good(now)}
        for key_id in [one for one in self._watched if one not in good and not one.startswith("settings:")]:
            for gone in tuple(self._watched.pop(key_id)):
                gone()

    async def _keep(self) -> None:
        noted = time.monotonic()
        while True:
            await asyncio.sleep(_REFRESH_S)
            try:
                await self.refresh()
                if time.monotonic() - noted > _NOTE_EVERY_S:
                    noted = time.monotonic()
                    await self.note_uses()
            except _AWAY as error:
                _log.warning("the keys could not be read; it is tried again", error=str(error))


OWN = ApiKey.model_validate(
    {
        "id": "settings:own",
        "name": "of this process",
        "hint": "",
        "scopes": ["admin"],
        "tenant": None,
        "user": None,
        "limits": {},
        "created_at": datetime.fromtimestamp(0, UTC),
        "created_by": LOCAL.user_id,
        "last_used_at": None,
        "expires_at": None,
        "revoked_at": None,
        "replaced_by": None,
    }
)
"""What a command that starts a service for the moment speaks to it with."""
