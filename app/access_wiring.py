"""Keys and limits, joined."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.access import KeyBook, KeyService, KeyStore
from app.access.caller import Caller, caller
from app.access.limits import Limiter
from app.database import Pool
from app.metrics import Metrics
from app.runs.active import ActiveRun
from app.runs.closing import Closed
from app.runs.luggage import Accounts
from app.runs.records import ChatResult
from app.settings import HttpSettings, SettingsInvalid, needs_keys
from memory import Database, Owner
from memory.privacy import AuditTrail

_OF_USER = "user"


@asynccontextmanager
async def open_keys(http: HttpSettings, pool: Pool) -> AsyncIterator[KeyService]:
    """The API keys, kept up to date. Raises SettingsInvalid where other machines can reach the service and there is none."""
    store, audit = KeyStore(pool), AuditTrail(Database(pool))
    async with KeyBook(store, audit) as book:
        if not (http.is_loopback or http.key_hashes or book.has_keys):
            raise SettingsInvalid(needs_keys(http))
        yield KeyService(store, audit, book)


def accounts(book: KeyBook) -> Accounts:
    """On whose account runs are carried out, by whichever process: that of the key, else that of the user."""

    def current() -> str:
        by = caller()
        return "" if by is None else by.key.id if by.key else _OF_USER

    def enter(owner: Owner, account: str) -> None:
        if caller() is None:
            Caller(owner, None if account == _OF_USER else book.named(account)).enter()

    return Accounts(current, enter)


def counting(limiter: Limiter, metrics: Metrics) -> Closed:
    """What is told of each run that ended: it counts tokens and times."""

    def closed(run: ActiveRun, result: ChatResult | None) -> None:
        models = run.meter.models
        for one in models:
            metrics.tokens_used(one.model, one.input_tokens, one.output_tokens)
        limiter.spent(sum(one.input_tokens + one.output_tokens for one in models))
        if result is not None:
            metrics.steps_took(result.timings)

    return closed
