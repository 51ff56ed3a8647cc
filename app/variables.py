"""Settings under their outside names: FREYA_* variables and keys of the file; which are wrong, and which nobody reads."""

import difflib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin  # Any: values of a file and of an error

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

PREFIX = "FREYA_"
NOT_SETTINGS = frozenset({"FREYA_CONFIG", "FREYA_API_KEY", "FREYA_USER"})
"""Variables that the command line reads and that are no settings of the service."""

_PRIVATE = re.compile(r"key|secret|password|url$")
_LONGEST_SHOWN = 60
_EXAMPLES = {"list": '["value"]', "table": '{"name": "value"}'}
_Path = tuple[str, ...]


@dataclass(frozen=True)
class Stray:
    """A name that looks like a setting and is none: a variable, or a key of the file."""

    name: str
    suggestion: str | None
    """The name that was probably meant."""

    def __str__(self) -> str:
        return f"{self.name} is no setting and is ignored{_question(self.suggestion)}"


class Names:
    """The names under which the settings of a model can be given, and those that were used."""

    def __init__(
        self, model: type[BaseModel], variables: Mapping[str, str], content: Mapping[str, Any]
    ) -> None:
        """`variables` is the environment, `content` the parsed file."""
        self._model = model
        self._content = content
        self._given = {
            name.upper(): value for name, value in variables.items() if name.upper().startswith(PREFIX)
        }

    def strays(self) -> list[Stray]:
        """The FREYA_* variables and the keys of the file that name no setting."""
        unread = [
            Stray(name, self._meant(_path(name), variable_name))
            for name in sorted(self._given.keys() - NOT_SETTINGS)
            if self._kind(_path(name)) is None
        ]
        unread += [
            Stray(_dotted(path), self._meant(path, _dotted))
            for path in _keys(self._content)
            if self._kind(path) is None
        ]
        return unread

    def complaints(self, error: ValidationError) -> list[str]:
        """A line for each setting that is wrong: its name where it was set, why, and its value if that is no secret."""
        return [self._complaint(item) for item in error.errors(include_url=False)]

    def not_json(self) -> list[str]:
        """A line for each variable that must hold JSON and does not."""
        return [
            f"{name}: must be a {kind} in JSON, such as {name}='{_EXAMPLES[kind]}'"
            for name, value in sorted(self._given.items())
            if (kind := self._kind(_path(name))) in _EXAMPLES and value and not _is_json(value)
        ]

    def _complaint(self, item: ErrorDetails) -> str:
        path = tuple(part for part in item["loc"] if isinstance(part, str) and part != "[key]")
        kind, value, reason = item["type"], item["input"], _reason(item)
        if kind == "value_error" and isinstance(value, BaseModel | Mapping):
            return reason  # about several settings at once, which it names
        name = self._where(path)
        if kind == "extra_forbidden":
            spelled = variable_name if name.startswith(PREFIX) else _dotted
            return f"{name}: there is no such setting{_question(self._meant(path, spelled))}"
        if kind == "missing" or not isinstance(value, str | int | float) or _PRIVATE.search(path[-1]):
            return f"{name}: {reason}"
        shown = str(value)
        return f"{name}: {reason}, not {shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + '...'!r}"

    def _where(self, path: _Path) -> str:
        """The name under which a setting was given: a variable, or else a key of the file."""
        for length in range(len(path), 0, -1):
            variable = variable_name(path[:length])
            if variable in self._given:
                return variable if length == len(path) else f"{variable}, {_dotted(path[length:])}"
        if self._in_file(path) or (len(path) > 1 and self._in_file(path[:-1])):
            return f"{_dotted(path)} in the file"
        return variable_name(path)

    def _in_file(self, path: _Path) -> bool:
        content: Any = self._content  # a value of the file
        for part in path:
            if not isinstance(content, Mapping) or part not in content:
                return False
            content = content[part]
        return True

    def _meant(self, path: _Path, spelled: Callable[[Sequence[str]], str]) -> str | None:
        """The setting whose name is nearest; of its part, when the whole is near to none."""
        known = [spelled(name) for name in _names(self._model)]
        for length in range(len(path), 0, -1):
            if self._kind(path[:length]) is None:
                close = difflib.get_close_matches(spelled(path[:length]), known, n=1, cutoff=0.75)
                if close:
                    return close[0]
        return None

    def _kind(self, path: _Path) -> str | None:
        """What stands at the path: a table, a list or a plain value; None for nothing."""
        annotation: Any = self._model  # a type, in any of its forms
        for part in path:
            inner = _model_of(annotation)
            if inner is not None and part in inner.model_fields:
                annotation = inner.model_fields[part].annotation
            elif inner is None and get_origin(annotation) is dict:
                annotation = get_args(annotation)[1]
            else:
                return None
        if _model_of(annotation) is not None or get_origin(annotation) is dict:
            return "table"
        return "list" if get_origin(annotation) is list else "value"


def config_file() -> Path:
    """The configuration file: FREYA_CONFIG, else freya.toml in the working folder; it need not exist."""
    return Path(os.environ.get("FREYA_CONFIG") or "freya.toml").expanduser()


def variable_name(path: Sequence[str]) -> str:
    """The variable of a setting: FREYA_HTTP__PORT for http, port."""
    return PREFIX + "__".join(path).upper()


def _path(variable: str) -> _Path:
    return tuple(variable.removeprefix(PREFIX).lower().split("__"))


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)


def _reason(item: ErrorDetails) -> str:
    if item["type"] == "missing":
        return "is needed and not set"
    if item["type"] == "list_type":
        return "must be a list, in a variable as JSON: '[\"value\"]'"
    message = item["msg"].removeprefix("Value error, ").split(", unable to parse", 1)[0]
    return re.sub(r"^(Input|String|List|Value) should", "must", message)


def _question(suggestion: str | None) -> str:
    return f"; did you mean {suggestion}?" if suggestion else ""


def _keys(content: Mapping[str, Any], before: _Path = ()) -> Iterator[_Path]:
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _keys(value, (*before, name))
        else:
            yield (*before, name)


def _names(model: type[BaseModel], before: _Path = ()) -> Iterator[_Path]:
    for name, field in model.model_fields.items():
        yield (*before, name)
        inner = _model_of(field.annotation)
        if inner is not None:
            yield from _names(inner, (*before, name))


def _model_of(annotation: Any) -> type[BaseModel] | None:  # a type, in any of its forms
    if get_origin(annotation) is Annotated:
        return _model_of(get_args(annotation)[0])
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
