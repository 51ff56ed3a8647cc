"""Taking personal data out of texts for good."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from memory.privacy.credentials import is_secret_under
from memory.privacy.finding import find
from memory.privacy.kinds import DataKind, Finding, NameRecogniser, marks


@dataclass(frozen=True)
class Redacted:
    """A text without its personal data, and where in the original that was."""

    text: str
    findings: tuple[Finding, ...]


@dataclass
class _Numbers:
    """Which number each value got; the same value gets the same one."""

    given: dict[tuple[DataKind, str], str] = field(default_factory=dict)
    last: dict[DataKind, int] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    """By each placeholder, the value it was first given for."""
    taken: frozenset[str] = frozenset()
    """Placeholders that mean something else."""

    def placeholder(self, kind: DataKind, value: str) -> str:
        key = (kind, value.casefold() if kind is DataKind.EMAIL else value)
        if key not in self.given:
            self.given[key] = self._next(kind)
            self.values[self.given[key]] = value
        return self.given[key]

    def _next(self, kind: DataKind) -> str:
        while True:
            self.last[kind] = self.last.get(kind, 0) + 1
            placeholder = f"[{kind} {self.last[kind]}]"
            if placeholder not in self.taken:
                return placeholder


class Redactor:
    """Replaces personal data by placeholders such as `[email 1]`. Nothing is kept of what was taken out."""

    def __init__(
        self, *, kinds: Collection[DataKind] | None = None, names: NameRecogniser | None = None
    ) -> None:
        self._kinds = kinds
        self.names = names
        """What finds names; None for nothing."""

    def redact(self, text: str) -> Redacted:
        """The text with a placeholder for each finding; equal values have equal placeholders within it."""
        return self._redact(text, _Numbers())

    def hide(self, texts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """The texts, redacted as one, and by each placeholder what it stands for.

        A placeholder that stood in the texts before is given to nothing else.
        """
        taken = frozenset(text[begin:end] for text in texts for begin, end in marks(text))
        numbers = _Numbers(taken=taken)
        return [self._redact(text, numbers).text for text in texts], numbers.values

    def redact_json(self, value: JsonValue) -> JsonValue:
        """The value with every string in it redacted, keys too; placeholders are numbered through all of it.

        A string under a key such as `password` or `api_key` is a secret whatever it says.
        """
        return self._redact_json(value, _Numbers())

    def _redact(self, text: str, numbers: _Numbers) -> Redacted:
        findings = find(text, kinds=self._kinds, names=self.names)
        pieces: list[str] = []
        position = 0
        for finding in findings:
            pieces += (
                text[position : finding.start],
                numbers.placeholder(finding.kind, text[finding.start : finding.end]),
            )
            position = finding.end
        return Redacted("".join((*pieces, text[position:])), tuple(findings))

    def _redact_json(self, value: JsonValue, numbers: _Numbers) -> JsonValue:
        if isinstance(value, str):
            return self._redact(value, numbers).text
        if isinstance(value, list):
            return [self._redact_json(item, numbers) for item in value]
        if isinstance(value, dict):
            return {
                self._redact(key, numbers).text: self._redact_under(key, item, numbers)
                for key, item in value.items()
            }
        return value

    def _redact_under(self, key: str, item: JsonValue, numbers: _Numbers) -> JsonValue:
        secrets = self._kinds is None or DataKind.SECRET in self._kinds
        if isinstance(item, str) and secrets and is_secret_under(key, item):
            return numbers.placeholder(DataKind.SECRET, item)
        return self._redact_json(item, numbers)


def redacted_json(value: JsonValue, redactor: Redactor | None = None) -> JsonValue:
    """The JSON value with every string in it redacted, by this redactor or one for all kinds."""
    return (redactor or Redactor()).redact_json(value)
