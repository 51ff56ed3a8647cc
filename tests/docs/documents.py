"""What the tests of this folder read: the documents, and the names in them."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TypeGuard, get_args, get_origin

from pydantic import BaseModel

from app.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
NOT_SETTINGS = frozenset({"FREYA_CONFIG", "FREYA_API_KEY", "FREYA_USER"})
_VARIABLE = re.compile(r"\bFREYA_[A-Z0-9_]*(?:<NAME>[A-Z0-9_]*)?(?!\*)[A-Z0-9_>]")


def text_of(name: str) -> str:
    """A file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def variables_in(text: str) -> set[str]:
    """The FREYA_ variables that a text names."""
    return set(_VARIABLE.findall(text))


def is_setting(variable: str) -> bool:
    """Whether the variable sets something."""
    return variable in NOT_SETTINGS or _leads_somewhere(Settings, variable.removeprefix("FREYA_").split("__"))


def _leads_somewhere(model: type[BaseModel], names: list[str]) -> bool:
    field = model.model_fields.get(names[0].lower())
    if field is None or field.annotation is None:
        return False
    kind, rest = field.annotation, names[1:]
    if get_origin(kind) is dict:
        key, entry = get_args(kind)
        if not rest:
            return True
        known = not (isinstance(key, type) and issubclass(key, StrEnum)) or rest[0].lower() in list(key)
        return known and (not rest[1:] or (_is_model(entry) and _leads_somewhere(entry, rest[1:])))
    return _leads_somewhere(kind, rest) if rest and _is_model(kind) else not rest and not _is_model(kind)


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
