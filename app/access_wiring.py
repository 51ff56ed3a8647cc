"""Keys and limits, joined."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.access import KeyBook, KeyService, KeyStore
from app.access.limits import Limiter
from app.database import Pool
from app.metrics import Metrics
from app.runs.active import ActiveRun
from app.runs.closing import Closed
from app.runs.records import ChatResult
from app.settings import HttpSettings, SettingsInvalid, needs_keys
from memory import Database
from memory.privacy import AuditTrail


@asynccontextmanager
async def open_keys(http: HttpSettings, pool: Pool) -> AsyncIterator[KeyService]:
    """The API keys, kept up to date. Raises SettingsInvalid where other machines can reach the service and there is none."""
    store, audit = KeyStore(pool), AuditTrail(Database(pool))
    async with KeyBook(store, audit) as book:
        if not (http.is_loopback or http.key_hashes or book.has_keys):
            raise SettingsInvalid(needs_keys(http))
        yield KeyService(store, audit, book)


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
