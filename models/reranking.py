"""A cross-encoder that judges texts beside a query, through sentence-transformers."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from models.errors import RerankingUnavailable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_BATCH = 16


class CrossEncoderReranker:
    """Any CrossEncoder model that sentence-transformers loads, by name or folder; loaded when first used.

    It brings torch into the process. Code that comes with a model is never run. Calls take turns.
    """

    def __init__(self, name: str, *, device: str = "cpu") -> None:
        self._name = name
        self._device = device
        self._model: CrossEncoder | None = None
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reranking")

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better, in their order. Raises RerankingUnavailable."""
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._scores, query, list(texts))

    def _scores(self, query: str, texts: list[str]) -> list[float]:
        try:
            found = self._loaded().predict(
                [(query, text) for text in texts], batch_size=_BATCH, show_progress_bar=False
            )
            scores = [float(score) for score in found]
        except Exception as error:
            raise RerankingUnavailable(
                f"the reranking model {self._name!r} failed on {self._device} ({type(error).__name__}: {error}); "
                "give the name or folder of a CrossEncoder model with one score a text"
            ) from error
        return scores

    def _loaded(self) -> "CrossEncoder":
        with self._lock:
            if self._model is None:
                from sentence_transformers import CrossEncoder

                self._model = CrossEncoder(self._name, device=self._device, trust_remote_code=False)
            return self._model
