"""Whether the service can work: each thing it depends on, asked at the same time, none for long."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from pydantic import BaseModel, Field

_PATIENCE_S = 2.0
_DISK_FULL = "No space left on device"
"""What PostgreSQL and Redis say of a full disk, as the system does."""


class Dependency(BaseModel):
    """One thing the service depends on."""

    name: str
    ok: bool
    detail: str = Field(description="What it is, or what is wrong with it.")
    warning: str | None = Field(
        default=None, description="What is not as it should be though it works; null: nothing."
    )


class HealthReport(BaseModel):
    """Whether the service can work, and what keeps it from it."""

    ready: bool
    dependencies: list[Dependency]


Check = Callable[[], Awaitable[str | Dependency]]
"""Gives a word on the state of a dependency, or all that is to be told of it; raises when it does not answer."""


class Health:
    """Asks every dependency."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def report(self) -> HealthReport:
        """The state of each dependency; one that takes more than two seconds counts as away."""
        found = await asyncio.gather(*(_ask(name, check) for name, check in self._checks.items()))
        return HealthReport(ready=all(one.ok for one in found), dependencies=list(found))


async def _ask(name: str, check: Check) -> Dependency:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await check()
            return Dependency(name=name, ok=True, detail=found) if isinstance(found, str) else found
    except Exception as error:  # noqa: BLE001  # whatever it is, the dependency does not answer
        reason = "its disk is full" if _DISK_FULL in str(error) else type(error).__name__
        return Dependency(name=name, ok=False, detail=f"does not answer ({reason})")
