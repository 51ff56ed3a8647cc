"""What the commands of `freya models` show."""

from dataclasses import asdict
from pathlib import Path
from typing import Any  # JSON

from app.cli.modelling_work import shelf
from app.cli.tables import columns
from app.settings import Settings
from models import EngineUnavailable, ModelsError
from models.catalogue import ENTRIES, Advice, Kept, advise
from models.gguf import verify_model
from models.residency import Footprint, Memory, Speed, free_memory, gpus, measure
from models.resident import EngineSettings


def listed(settings: Settings) -> tuple[dict[str, Any], list[str]]:
    """The recommended models and the files that are here, for programs and for people."""
    free = free_memory()
    advice = advise(free, ENTRIES)
    kept = shelf(settings).kept()
    found = {
        "free": asdict(free),
        "gpus": [{"name": name, "free": left, "total": total} for name, left, total in _devices()],
        "recommended": [_as_json(one) for one in advice],
        "here": [asdict(one) for one in kept],
    }
    here = {one.name for one in kept}
    head = ("MODEL", "GB", "CONTEXT", "LICENCE", "FITS", "HERE", "GOOD FOR")
    rows = [
        (
            one.entry.name,
            f"{one.entry.gigabytes:.1f}",
            f"{one.entry.context:,}",
            one.entry.licence,
            "no" if one.context is None else f"with {one.context:,} tokens",
            "yes" if one.entry.name in here else "no",
            one.entry.good_for,
        )
        for one in advice
    ]
    lines = [*columns(head, rows), "", _recommended(free, advice)]
    if kept:
        lines += ["", *columns(("HERE", "PATH"), [(one.name, str(one.path)) for one in kept])]
    return found, lines


def kept_lines(kept: Kept) -> list[str]:
    """Where a file is, and the settings that make it serve."""
    variable = "".join(c if c.isalnum() else "_" for c in kept.name).upper()
    lines = [f"{kept.name} is at {kept.path}"]
    if kept.sha256 is not None:
        lines.append(f"SHA-256 {kept.sha256}")
    return [
        *lines,
        f"FREYA_MODELS__RESIDENT__{variable}__PATH={kept.path}",
        f"FREYA_MODELS__ROLES__REASONING='[\"{variable.lower()}\"]'",
    ]


def described(path: Path, context: int) -> tuple[dict[str, Any], list[str]]:
    """What a file says of itself, and what it takes. Raises ModelInvalid."""
    header = verify_model(path)
    shown = {
        key: header.metadata[key]
        for key in ("general.name", "general.license", "general.size_label")
        if key in header.metadata
    }
    trained = header.metadata.get(f"{header.architecture}.context_length")
    try:
        footprint: Footprint | None = measure(
            EngineSettings(path=path, context_tokens=context), free_memory()
        )
    except EngineUnavailable:  # without llama.cpp there is the file's own word
        footprint = None
    found: dict[str, Any] = {
        "path": path,
        "architecture": header.architecture,
        "parameters": header.parameters,
        "bytes": header.file_size,
        "context": trained,
        "chat_template": "tokenizer.chat_template" in header.metadata,
        "metadata": shown,
        "footprint": asdict(footprint) if footprint is not None else None,
    }
    lines = [
        f"{shown.get('general.name', path.stem)}: {header.architecture}, {header.parameters / 1e6:,.0f} million parameters",
        f"file      {header.file_size / 1e6:,.1f} MB at {path}",
        f"context   {trained} tokens" if trained else "context   not said",
        f"template  {'its own' if found['chat_template'] else 'none, it is spoken to in ChatML'}",
    ]
    if "general.license" in shown:
        lines.append(f"licence   {shown['general.license']}")
    if footprint is not None:
        lines.append(f"memory    {footprint} with {context:,} tokens a request")
    return found, lines


def speed_lines(speed: Speed) -> list[str]:
    """The measurements of one model."""
    return [
        f"loaded in {speed.load_s:.1f} s, takes {speed.footprint}",
        f"reads {speed.prompt:,.0f} tokens/s",
        *(
            f"writes {rate:,.1f} tokens/s in all, {count} answer{'s' if count > 1 else ''} at once"
            for count, rate in speed.generated.items()
        ),
    ]


def _recommended(free: Memory, advice: list[Advice]) -> str:
    best = next((one for one in advice if one.best), None)
    if best is None:
        return f"{free} free: none of these fits with 8,192 tokens; a smaller model, or an endpoint elsewhere"
    return f"{free} free: {best.entry.name}, with {best.context:,} tokens a request (freya models pull {best.entry.name})"


def _as_json(advice: Advice) -> dict[str, Any]:
    return {
        **asdict(advice.entry),
        "url": advice.entry.url,
        "needs": advice.needs,
        "fits_with": advice.context,
        "best": advice.best,
    }


def _devices() -> list[tuple[str, int, int]]:
    try:
        return gpus()
    except ModelsError:
        return []
