"""API keys behind all doors: made, listed, rotated and revoked, each noted in the audit trail."""

from datetime import timedelta

from app.access.book import KeyBook
from app.access.caller import Caller
from app.access.keys import ApiKey, Binding, MadeKey, NewKey
from app.access.store import KeyStore
from app.problems import ProblemError, problem
from memory import LOCAL
from memory.privacy import AuditTrail

_COMMAND_LINE = "command line"


class KeyService:
    """Every method is for one caller, who sees and makes no keys for others than it acts for itself; None is the command line.

    Raises UnknownKey, ProblemError, and errors that `app.errors.as_problem` knows.
    """

    def __init__(self, store: KeyStore, audit: AuditTrail, book: KeyBook) -> None:
        self._store = store
        self._audit = audit
        self.book = book
        """What is known of them in this process."""

    async def create(self, by: Caller | None, new: NewKey) -> MadeKey:
        """A new key, which may do nothing that its maker may not."""
        if by is not None and by.key is not None:
            _refuse_more(by.key, new)
        key, made = await self._store.create(new, by=_name(by))
        await self._changed(by, "create key", made)
        return MadeKey(key=key, api_key=made)

    async def page(self, by: Caller | None, *, limit: int, before: str | None) -> list[ApiKey]:
        """Keys, newest first, also those that were revoked."""
        return await self._store.page(_within(by), limit=limit, before=before)

    async def get(self, by: Caller | None, key_id: str) -> ApiKey:
        """One key."""
        return await self._store.get(key_id, _within(by))

    async def revoke(self, by: Caller | None, key_id: str) -> ApiKey:
        """Have a key open nothing any more: here at once, in other processes within seconds."""
        revoked = await self._store.revoke(key_id, _within(by))
        await self._changed(by, "revoke key", revoked)
        return revoked

    async def rotate(self, by: Caller | None, key_id: str, *, grace: timedelta) -> MadeKey:
        """A new key in place of one, which is good for the grace time yet."""
        key, made = await self._store.rotate(key_id, _within(by), grace=grace, by=_name(by))
        await self._changed(by, "rotate key", await self._store.get(key_id, _within(by)))
        return MadeKey(key=key, api_key=made)

    async def note(self, by: Caller, action: str, subject: str) -> None:
        """Note what the caller did. Raises MemoryUnavailable."""
        await self._audit.note(by.owner, by.name, action, subject)

    async def _changed(self, by: Caller | None, action: str, key: ApiKey) -> None:
        owner = key.binding.owner or (by.owner if by else LOCAL)
        await self._audit.note(owner, _name(by), action, key.id)
        await self.book.refresh()


def _name(by: Caller | None) -> str:
    return by.name if by else _COMMAND_LINE


def _within(by: Caller | None) -> Binding:
    return by.binding if by else Binding()


def _refuse_more(maker: ApiKey, new: NewKey) -> None:
    """Refuse a key that may do more than its maker, or act for more. Raises ProblemError."""
    more = [scope for scope in new.scopes if not maker.may(frozenset({scope}))]
    if more:
        raise ProblemError(problem("forbidden", f"This key may not give {', '.join(more)}, which it lacks."))
    if not maker.binding.covers(new.binding):
        said = f"This key acts for {maker.binding} and makes keys for nobody else; name that tenant and user."
        raise ProblemError(problem("forbidden", said))
