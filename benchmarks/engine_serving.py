"""Three servers of one model over HTTP: our engine, `llama_cpp.server`, and llama.cpp's `llama-server`.

`python -m benchmarks.engine_serving MODEL PORT THREADS` is ours: a bare door that streams a completion, for Freya's own
doors speak of conversations. Its events are those of OpenAI's completions, as the peers' are.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any  # JSON

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from models.resident import EngineSettings, Finish, GenerationRequest, ResidentEngine, Sampling

_PATIENCE_S = 120.0
SLOTS = 8
CONTEXT = 4096


def commands(model: Path, threads: int, llama_server: Path | None) -> dict[str, list[str]]:
    """How each is started, but for its port."""
    found = {
        "ours": [sys.executable, "-m", "benchmarks.engine_serving", str(model), "PORT", str(threads)],
        "llama_cpp.server": [
            *(sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--port", "PORT"),
            *("--n_threads", str(threads), "--n_ctx", str(CONTEXT), "--verbose", "False"),
            *("--interrupt_requests", "False"),  # else a new request ends the one before
        ],
    }
    if llama_server is not None:
        found["llama-server"] = [
            *(str(llama_server), "-m", str(model), "--port", "PORT", "-t", str(threads), "-np", str(SLOTS)),
            *("-c", str(CONTEXT), "--no-webui", "--log-disable"),
        ]
    return found


@contextmanager
def serving(command: list[str]) -> Iterator[str]:
    """The server's address, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with subprocess.Popen(
        [port if part == "PORT" else part for part in command], stdout=subprocess.DEVNULL
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + _PATIENCE_S
            while process.poll() is None and time.monotonic() < until:
                try:
                    if httpx.get(f"{url}/v1/models", timeout=5).is_success:
                        break
                except httpx.HTTPError:
                    time.sleep(0.1)
            else:
                raise RuntimeError(f"{command[:3]} did not start")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


async def total_rate(url: str, prompts: list[str], tokens: int, ends: list[int]) -> float:
    """Tokens a second of all, each prompt streamed by a client of its own.

    The clients only read: parsing every event would take the processor from the servers that are measured.
    """
    began = time.perf_counter()
    await asyncio.gather(*(_streamed(url, prompt, tokens, ends) for prompt in prompts))
    return len(prompts) * tokens / (time.perf_counter() - began)


async def _streamed(url: str, prompt: str, tokens: int, ends: list[int]) -> None:
    body = json.dumps(
        {
            "prompt": prompt,
            "max_tokens": tokens,
            "temperature": 0,
            "stream": True,
            "ignore_eos": True,
            "logit_bias": {str(end): -100 for end in ends},
            "cache_prompt": False,
        }
    ).encode()
    host, port = url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/completions HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + body)
    answer = (await reader.read()).decode("utf-8", "replace")
    writer.close()
    if '"finish_reason":"length"' not in answer.replace(" ", ""):  # not every token has an event of its own
        raise RuntimeError(f"{url} did not stream {tokens} tokens; it said {answer[-300:]!r}")


def application(model: Path, threads: int) -> FastAPI:
    """Our engine behind one route."""
    loaded: dict[str, ResidentEngine] = {}

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        settings = EngineSettings(
            path=model,
            threads=threads,
            context_tokens=CONTEXT // SLOTS * 4,
            cache_tokens=CONTEXT,
            parallel=SLOTS,
        )
        loaded["engine"] = await ResidentEngine.load(settings)
        yield
        await loaded["engine"].close()

    app = FastAPI(lifespan=life)

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"data": [{"id": loaded["engine"].card.name}]}

    @app.post("/v1/completions")
    async def completions(request: Request) -> StreamingResponse:
        body = await request.json()
        asked = GenerationRequest(
            prompt=body["prompt"],
            max_tokens=body["max_tokens"],
            sampling=Sampling(temperature=body["temperature"]),
            ignore_end=True,
        )
        return StreamingResponse(_events(loaded["engine"], asked), media_type="text/event-stream")

    return app


async def _events(engine: ResidentEngine, asked: GenerationRequest) -> AsyncIterator[str]:
    async for event in engine.generate(asked):
        reason = event.reason.value if isinstance(event, Finish) else None
        choice = {"index": 0, "text": event.text, "finish_reason": reason}
        yield f"data: {json.dumps({'object': 'text_completion', 'choices': [choice]})}\n\n"
    yield "data: [DONE]\n\n"


if __name__ == "__main__":
    uvicorn.run(application(Path(sys.argv[1]), int(sys.argv[3])), port=int(sys.argv[2]), log_level="warning")
