"""What `freya doctor` finds of the models: those that embed, those in memory, and those elsewhere."""

import asyncio
import importlib.util

import httpx

from app.cli.checking import Finding
from app.settings import Settings, without_password
from models import EngineUnavailable, ModelsError
from models.embeddings import inspect_model
from models.residency import free_memory, measure

PATIENCE_S = 5.0
_LOCAL = "pip install 'freya-agents[local]' (llama.cpp; a compiler and some minutes)"


async def installed(package: str) -> bool:
    """Whether the package can be imported; it is not."""
    return await asyncio.to_thread(importlib.util.find_spec, package) is not None


async def embeddings(settings: Settings) -> Finding:
    """Whether the embedding model is there and sound; it is not loaded."""
    try:
        found = await asyncio.to_thread(inspect_model, settings.models.embedding, settings.data.expanduser())
    except ModelsError as error:
        advice = "without it nothing starts; FREYA_MODELS__EMBEDDING__MODEL says which model is meant"
        return Finding("embeddings", "problem", str(error), advice)
    return Finding("embeddings", "note" if found.pending else "ok", found.detail, found.pending)


async def chat_models(settings: Settings) -> list[Finding]:
    """Of llama.cpp, each resident model and each endpoint."""
    findings = [_library(await installed("llama_cpp"), list(settings.models.resident))]
    if not (settings.models.endpoints or settings.models.resident):
        advice = (
            "declare a resident model or an endpoint, and FREYA_MODELS__ROLES, to let a language model write"
        )
        findings.append(Finding("chat models", "note", "the extractive model quotes and computes", advice))
    findings += await asyncio.to_thread(_residents, settings)
    return findings + list(
        await asyncio.gather(*(_endpoint(settings, name) for name in settings.models.endpoints))
    )


def _library(there: bool, residents: list[str]) -> Finding:  # noqa: FBT001  # of two
    if there:
        return Finding("llama.cpp", "ok", "installed")
    if residents:
        return Finding(
            "llama.cpp", "problem", f"not installed, and {', '.join(residents)} cannot do without", _LOCAL
        )
    return Finding("llama.cpp", "ok", "not installed, and not needed yet")


def _residents(settings: Settings) -> list[Finding]:
    """Whether each file can be run, and fits into what is free."""
    findings = []
    for name, resident in settings.models.resident.items():
        subject = f"model {name}"
        try:
            free = free_memory()
            footprint = measure(resident, free)
        except EngineUnavailable as error:
            advice = "put that right; until then the next of the chain answers"
            findings.append(Finding(subject, "problem", str(error), advice))
            continue
        except ModelsError as error:
            advice = "fetch the file again, or mend its path; until then the next of the chain answers"
            findings.append(Finding(subject, "problem", str(error), advice))
            continue
        if free.holds(footprint.memory):
            findings.append(Finding(subject, "ok", f"{resident.path} needs {footprint}; free are {free}"))
        else:
            advice = "choose a smaller quantisation, or lower its context_tokens or cache_tokens"
            findings.append(Finding(subject, "problem", f"needs {footprint}, free are {free}", advice))
    return findings


async def _endpoint(settings: Settings, name: str) -> Finding:
    endpoint = settings.models.endpoints[name]
    headers = {"authorization": f"Bearer {endpoint.api_key.get_secret_value()}"} if endpoint.api_key else {}
    subject, shown = f"endpoint {name}", without_password(endpoint.url)
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S, headers=headers) as http:
            answer = await http.get(f"{endpoint.url.rstrip('/')}/models")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        advice = "check its URL and that it runs; until then the next of the chain answers"
        return Finding(subject, "problem", f"{shown} does not answer ({type(error).__name__})", advice)
    if answer.is_success:
        return Finding(subject, "ok", f"{shown} answers")
    advice = "check its URL (it ends in /v1) and its api_key"
    return Finding(subject, "problem", f"{shown} answers {answer.status_code}", advice)
