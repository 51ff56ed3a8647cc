"""The models that are in memory, and those that could be."""

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from models.errors import EngineClosed, EngineError, EngineUnavailable, ModelInvalid, QueueFull
from models.gguf import verify_sha256
from models.residency.memory import Footprint, Memory, free_memory, measure
from models.residency.settings import ResidentSettings
from models.resident import Engine, GenerationRequest, ResidentEngine, Sampling, Statistics

_SHARE: Final = 0.8
"""Of what is free at the start, what models may take unless it is set."""
_WARM_UP: Final = "Good morning. "
_DRAIN_S: Final = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResidentState:
    """How it stands with one declared model."""

    name: str
    path: Path
    loaded: bool
    pinned: bool
    in_use: int
    """Requests that hold it in memory now."""
    footprint: Footprint | None
    """What it takes, once that has been measured."""
    load_s: float | None
    """Seconds the last loading took, warm-up included."""
    problem: str | None
    """Why it could not be loaded when last tried."""
    statistics: Statistics | None


@dataclass(eq=False)
class _Place:
    """One declared model."""

    name: str
    settings: ResidentSettings
    engine: ResidentEngine | None = None
    footprint: Footprint | None = None
    users: int = 0
    used_at: int = 0
    load_s: float | None = None
    problem: str | None = None
    task: asyncio.Task[ResidentEngine] | None = None
    verified: tuple[int, int] | None = None
    """Size and time of the file whose checksum was found right."""


class Residents:
    """Models by name within a budget of memory. Use it as a context: leaving it unloads all.

    A model is measured before it is loaded. Where it does not fit beside the others, idle ones that are not
    pinned make way, the least recently used first; where it can never fit, it is refused with numbers.
    """

    def __init__(self, declared: Mapping[str, ResidentSettings], *, memory_gb: float | None = None) -> None:
        """`memory_gb` is for all models together, of the GPUs where there are any.

        Unset, they may take four fifths of what is free when the first is loaded.
        """
        self._places = {name: _Place(name, settings) for name, settings in declared.items()}
        self._memory_gb = memory_gb
        self._budget: Memory | None = None
        self._loading = asyncio.Lock()
        self._clock = itertools.count(1)
        self._closed = False

    async def __aenter__(self) -> Self:
        for place in self._places.values():
            if place.settings.pin or place.settings.preload:
                try:
                    async with self.lease(place.name):
                        pass
                except (EngineError, ModelInvalid) as error:
                    logger.error("model %s could not be loaded at the start: %s", place.name, error)  # noqa: TRY400  # our own words say it
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        async with self._loading:
            for place in self._places.values():
                await self._unload(place)

    @property
    def budget(self) -> Memory | None:
        """What all models may take together; None until the first is loaded."""
        return self._budget

    @property
    def names(self) -> list[str]:
        """The declared models."""
        return list(self._places)

    def source(self, name: str) -> "ResidentSource":
        """One declared model, to be leased. Raises KeyError for a name that is not declared."""
        return ResidentSource(self, self._places[name].name)

    def engine(self, name: str) -> ResidentEngine | None:
        """The model's engine, if it is in memory."""
        return self._places[name].engine

    def states(self) -> list[ResidentState]:
        """How it stands with each declared model."""
        return [_state(place) for place in self._places.values()]

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncIterator[Engine]:
        """The model, loaded if it is not, and kept in memory as long.

        Raises QueueFull where so many wait for it that others shall answer, ModelInvalid for a file that cannot be
        run, EngineUnavailable where there is no room for it, EngineClosed when all is being unloaded.
        """
        place = self._places[name]
        place.users += 1
        try:
            place.used_at = next(self._clock)
            engine = place.engine
            if engine is None or engine.closed:
                engine = await self._loaded(place)
            self._shed(place, engine)
            yield engine
        finally:
            place.users -= 1

    def _shed(self, place: _Place, engine: ResidentEngine) -> None:
        limit = place.settings.shed_after
        waiting = engine.statistics().waiting
        if limit is not None and waiting > limit:
            raise QueueFull(
                f"{waiting} requests wait for {place.name}, others are for the next model", retry_after_s=1.0
            )

    async def _loaded(self, place: _Place) -> ResidentEngine:
        """The engine, once it is there. Loading goes on where somebody who waits for it gives up."""
        if place.task is None or place.task.done():
            place.task = asyncio.create_task(self._load_in_turn(place), name=f"loading {place.name}")
            place.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(place.task)

    async def _load_in_turn(self, place: _Place) -> ResidentEngine:
        async with self._loading:
            if self._closed:
                raise EngineClosed("models are being unloaded")
            if place.engine is not None and not place.engine.closed:
                return place.engine
            place.engine = None
            try:
                return await self._load(place)
            except (EngineError, ModelInvalid) as error:
                place.problem = str(error)
                raise

    async def _load(self, place: _Place) -> ResidentEngine:
        began = time.monotonic()
        settings = place.settings
        await self._verify(place)
        budget = await self._known_budget()
        place.footprint = await asyncio.to_thread(measure, settings, budget)
        await self._make_room(place, place.footprint, budget)
        layers = place.footprint.gpu_layers
        engine = await ResidentEngine.load(settings.model_copy(update={"gpu_layers": layers}))
        try:
            for name, path in settings.adapters.items():
                await engine.load_adapter(name, path)
            await _warm_up(engine)
        except BaseException:
            await engine.close()
            raise
        place.engine, place.problem, place.load_s = engine, None, time.monotonic() - began
        logger.info(
            "model %s loaded in %.1f s: %s, %d of %d layers on a GPU",
            place.name,
            place.load_s,
            place.footprint,
            layers,
            place.footprint.layers,
        )
        return engine

    async def _verify(self, place: _Place) -> None:
        expected = place.settings.sha256
        if expected is None:
            return
        try:
            status = await asyncio.to_thread(place.settings.path.stat)
        except OSError as error:
            raise ModelInvalid(f"{place.settings.path} cannot be read as a model: {error}") from error
        seen = (status.st_size, status.st_mtime_ns)
        if place.verified != seen:
            await asyncio.to_thread(verify_sha256, place.settings.path, expected)
            place.verified = seen

    async def _known_budget(self) -> Memory:
        if self._budget is None:
            free = await asyncio.to_thread(free_memory)
            self._budget = Memory(int(free.host * _SHARE), int(free.gpu * _SHARE))
            if self._memory_gb is not None:
                size = int(self._memory_gb * (1 << 30))
                self._budget = Memory(self._budget.host, size) if free.gpu else Memory(size)
        return self._budget

    async def _make_room(self, wanted: _Place, footprint: Footprint, budget: Memory) -> None:
        """Unload idle models until there is room. Raises EngineUnavailable where that does not suffice."""
        if not budget.holds(footprint.memory):
            raise EngineUnavailable(
                f"model {wanted.name} needs {footprint}, and models may take {budget}: choose a smaller quantisation, "
                "lower its context_tokens or cache_tokens, or raise models.memory_gb"
            )
        while not (budget - self._taken()).holds(footprint.memory):
            idle = [
                place
                for place in self._places.values()
                if place.engine is not None and not place.users and not place.settings.pin
            ]
            if not idle:
                kept = [place.name for place in self._places.values() if place.engine is not None]
                raise EngineUnavailable(
                    f"model {wanted.name} needs {footprint}; of {budget} for models {self._taken()} is taken by "
                    f"{', '.join(kept)}, which are pinned or in use"
                )
            await self._unload(min(idle, key=lambda place: place.used_at))

    def _taken(self) -> Memory:
        taken = Memory(0)
        for place in self._places.values():
            if place.engine is not None and place.footprint is not None:
                taken += place.footprint.memory
        return taken

    async def _unload(self, place: _Place) -> None:
        engine, place.engine = place.engine, None
        if engine is not None:
            await engine.close(drain_s=_DRAIN_S)
            logger.info("model %s unloaded", place.name)


@dataclass(frozen=True)
class ResidentSource:
    """One declared model, as a chat model wants it."""

    residents: Residents
    name: str

    @property
    def loaded(self) -> Engine | None:
        """The engine, if it is in memory now."""
        return self.residents.engine(self.name)

    def lease(self) -> AbstractAsyncContextManager[Engine]:
        """See `Residents.lease`."""
        return self.residents.lease(self.name)


async def _warm_up(engine: ResidentEngine) -> None:
    """Have every weight read once, so that the first request does not wait for the disk."""
    request = GenerationRequest(prompt=_WARM_UP, max_tokens=1, sampling=Sampling(temperature=0))
    async for _ in engine.generate(request):
        pass


def _state(place: _Place) -> ResidentState:
    engine = place.engine
    return ResidentState(
        name=place.name,
        path=place.settings.path,
        loaded=engine is not None,
        pinned=place.settings.pin,
        in_use=place.users,
        footprint=place.footprint,
        load_s=place.load_s,
        problem=place.problem,
        statistics=engine.statistics() if engine is not None else None,
    )
