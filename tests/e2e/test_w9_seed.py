import asyncio
from contextlib import nullcontext
import pytest
from tests.e2e import seeding
async def test_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(seeding, "_CACHE", tmp_path / "cache")
    monkeypatch.setattr("app.wiring.threadpool_limits", lambda **_: nullcontext())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(40):
            await seeding._make(tmp_path / "cache" / "x")
