"""Sign-ins of browsers: a token of a cookie stands for a key and the user for whom it acts, in every process."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

import orjson
from redis.asyncio import Redis

from app.access.keys import ApiKey
from memory import Owner

COOKIE: Final = "freya-console"
LASTS_S: Final = 7 * 86_400
_KEY: Final = "freya:signed-in:"


@dataclass(frozen=True)
class SignedIn:
    """Who a browser acts as."""

    key_id: str
    owner: Owner


class SignIns:
    """Keeps them in Redis, by the digest of their tokens, for a week. An outage raises RedisError.

    What is kept names a key and is none: it opens what the key opens now, and nothing once that is good no longer.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, key: ApiKey, owner: Owner) -> str:
        """Sign a browser in; gives the token of its cookie."""
        token = secrets.token_urlsafe(32)
        kept = {"key": key.id, "tenant": owner.tenant_id, "user": owner.user_id}
        await self._redis.set(_place(token), orjson.dumps(kept), ex=LASTS_S)
        return token

    async def find(self, token: str) -> SignedIn | None:
        """Who the token stands for; None where it stands for nobody."""
        if not token:
            return None
        kept = await self._redis.get(_place(token))
        if kept is None:
            return None
        found = orjson.loads(kept)
        return SignedIn(found["key"], Owner(found["user"], found["tenant"]))

    async def end(self, token: str) -> None:
        """Sign the browser out, in every process."""
        await self._redis.delete(_place(token))


def _place(token: str) -> str:
    return _KEY + hashlib.sha256(token.encode()).hexdigest()
