"""Requests whose client may leave, which ends what was done for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import TypeVar

from starlette.requests import Request

from app.tasks import end

Item = TypeVar("Item")


class ClientLeft(Exception):
    """The client closed its connection."""


async def unless_left(request: Request, work: Awaitable[Item]) -> Item:
    """What the work gives. Raises ClientLeft as soon as the client is gone; the work is cancelled then."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeft
        return working.result()
    finally:
        await end([leaving])
        working.cancel()


async def items_unless_left(request: Request, items: AsyncIterator[Item]) -> AsyncGenerator[Item]:
    """The items as they come. Raises ClientLeft as soon as the client is gone, in silence as well."""
    leaving = asyncio.create_task(_left(request))
    step: asyncio.Task[Item | None] | None = None
    try:
        while True:
            step = asyncio.create_task(_next(items))
            await asyncio.wait({step, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not step.done():
                raise ClientLeft
            item = step.result()
            if item is None:
                return
            yield item
    finally:
        await end([leaving, *([step] if step else [])])
        if isinstance(items, AsyncGenerator):
            await items.aclose()


async def _next(items: AsyncIterator[Item]) -> Item | None:
    return await anext(items, None)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
