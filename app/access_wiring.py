"""Keys and limits, joined."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.access import KeyBook, KeyService, KeyStore
from app.access.limits import Limiter
from app.database import Pool
from app.metrics import Metrics
from app.runs.metering import Meter
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


def using(limiter: Limiter, metrics: Metrics) -> Callable[[Meter], None]:
    """What is told of the tokens that each run took."""

    def used(meter: Meter) -> None:
        for one in meter.models:
            metrics.tokens_used(one.model, one.input_tokens, one.output_tokens)
        limiter.spent(sum(one.input_tokens + one.output_tokens for one in meter.models))

    return used
