"""What the commands of `freya models` do."""

from pathlib import Path

from app.cli.interruption import Interruption
from app.cli.output import CommandFailed
from app.cli.waiting import Meter
from app.settings import Settings
from models.catalogue import ENTRIES, Kept, Progress, Shelf
from models.residency import Speed
from models.residency import bench as measure_speed
from models.resident import EngineSettings

_FOLDER = Path("models") / "gguf"


def shelf(settings: Settings) -> Shelf:
    """The model files of the data folder."""
    return Shelf(settings.data.absolute() / _FOLDER)


def path_of(settings: Settings, model: str) -> Path:
    """The file of a model that is here by its name, or the path as it is."""
    path = Path(model).expanduser()
    return path if path.suffix == ".gguf" or path.exists() else shelf(settings).find(model).path


async def pulled(
    settings: Settings, source: str, name: str | None, sha256: str | None, _: Interruption
) -> Kept:
    """Fetch a recommended model by its name, or any file by its address."""
    entry = next((one for one in ENTRIES if one.name == source), None)
    url = entry.url if entry is not None else source
    if not url.startswith(("http://", "https://")):
        names = ", ".join(one.name for one in ENTRIES)
        raise CommandFailed(
            f"{source!r} is neither a recommended model ({names}) nor an address; a file that is here already is for "
            "`freya models add`"
        )
    chosen = name or (entry.name if entry is not None else _name_in(url))
    with Meter() as meter:

        def tell(progress: Progress) -> None:
            meter.reach(f"fetching {chosen}", progress.received, progress.total, unit="bytes")

        return await shelf(settings).pull(chosen, url, sha256=sha256, progress=tell)


async def measured(settings: Settings, model: str, threads: int | None, _: Interruption) -> Speed:
    """How fast a model is."""
    path = path_of(settings, model)
    return await measure_speed(
        EngineSettings(path=path, threads=threads, context_tokens=2048, cache_tokens=8192)
    )


def _name_in(url: str) -> str:
    return Path(url.split("?", maxsplit=1)[0]).name.lower().removesuffix(".gguf")
