"""The model files of a data folder, by name."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from models.catalogue.fetching import Progress, fetch
from models.errors import ModelInvalid, ModelsError
from models.gguf import verify_model, verify_sha256

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Kept:
    """A model file that is here."""

    name: str
    path: Path
    source: str
    """The address or path it came from."""
    sha256: str | None
    ours: bool
    """Whether the file lies in the data folder, and goes when it is removed."""


class Shelf:
    """A folder of GGUF files with a note beside each. Raises ModelsError for names it does not know."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self) -> list[Kept]:
        """What is here, by name."""
        return [
            self._read(note)
            for note in sorted(self._folder.glob("*.json"))
            if not note.name.endswith(".part.json")
        ]

    def find(self, name: str) -> Kept:
        """One of them."""
        note = self._note(name)
        if not note.is_file():
            known = ", ".join(one.name for one in self.kept()) or "none"
            raise ModelsError(f"no model {name!r} is here; there are: {known}")
        return self._read(note)

    async def pull(
        self,
        name: str,
        url: str,
        *,
        sha256: str | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Kept:
        """Fetch a file and keep it. Raises FetchFailed and ModelInvalid."""
        self._note(name)
        path = self._folder / f"{name}.gguf"
        found = await fetch(url, path, sha256=sha256, progress=progress)
        return await asyncio.to_thread(self._keep, Kept(name, path, url, found, ours=True))

    def add(self, name: str, path: Path, *, sha256: str | None = None) -> Kept:
        """Keep the name of a file that lies elsewhere, once it was looked through. Raises ModelInvalid."""
        whole = path.expanduser().resolve()
        verify_model(whole)
        if sha256 is not None:
            verify_sha256(whole, sha256)
        return self._keep(Kept(name, whole, str(whole), sha256, ours=False))

    def remove(self, name: str) -> Kept:
        """Forget a name, and delete the file where it is ours."""
        kept = self.find(name)
        if kept.ours:
            kept.path.unlink(missing_ok=True)
        self._note(name).unlink()
        return kept

    def _keep(self, kept: Kept) -> Kept:
        note = self._note(kept.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({**asdict(kept), "path": str(kept.path)}, indent=2), "utf-8")
        return kept

    def _note(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ModelsError(
                f"{name!r} cannot be a model's name: small letters, digits, dots and dashes, 64 at most"
            )
        return self._folder / f"{name}.json"

    def _read(self, note: Path) -> Kept:
        try:
            told = json.loads(note.read_text("utf-8"))
            return Kept(**{**told, "path": Path(told["path"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelInvalid(
                f"the note {note} cannot be read ({error}); remove it and add the model again"
            ) from error
