"""Cases of an evaluation: a request, whom it is put to, and what must come of it. A JSON object a line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

SUITES = Path(__file__).parent / "suites"
"""The suites that ship."""
Kind = Literal["routing", "tool", "grounding", "refusal"]


class CasesInvalid(ValueError):
    """A file of cases cannot be read; says where and why."""


class Case(BaseModel):
    """One request and what is expected of its answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    request: Annotated[str, Field(min_length=1)]
    agent: str = ""
    """Whom it is put to; also the agent it is reported under. Empty lets Freya decide."""
    agents: tuple[str, ...] | None = None
    """Who must work on it, no more and no fewer; of a routing case. None of them where Freya answers or declines herself."""
    outcome: tuple[Literal["answered", "declined", "needs_input"], ...] = ()
    """How it may end; any where nothing is said."""
    tool: str | None = None
    """The tool that must have computed it, without an error."""
    arguments: dict[str, JsonValue] = {}
    """Arguments that the tool must have been given; numbers to a millionth."""
    numbers: tuple[float, ...] = ()
    """Numbers that the answer must state, rounded as it rounds them."""
    says: tuple[str, ...] = ()
    """Texts that the answer must hold, without regard to case."""
    says_not: tuple[str, ...] = ()
    """Texts that it must not hold."""

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if self.kind == "routing" and self.agents is None:
            raise ValueError("a routing case needs `agents`, which may be empty")
        if self.kind == "tool" and not self.tool:
            raise ValueError("a tool case needs `tool`")
        if self.kind == "refusal" and not (self.outcome or self.says_not):
            raise ValueError("a refusal case needs `outcome` or `says_not`")
        return self

    @property
    def reported_under(self) -> str:
        """The agent it counts for."""
        if self.agent:
            return self.agent
        return " + ".join(self.agents) if self.agents else "freya"


def suite_files(names: Sequence[str]) -> list[Path]:
    """The files of suites by name, or files by path; all suites that ship where none is named. Raises CasesInvalid."""
    if not names:
        return sorted(SUITES.glob("*.jsonl"))
    found = []
    for name in names:
        shipped = SUITES / f"{name}.jsonl"
        path = shipped if shipped.is_file() else Path(name)
        if not path.is_file():
            known = ", ".join(path.stem for path in sorted(SUITES.glob("*.jsonl")))
            raise CasesInvalid(f"there is no suite and no file {name!r}; suites that ship: {known}")
        found.append(path)
    return found


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of a file; blank lines and lines that start with `//` are passed over. Raises CasesInvalid."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("//"):
            continue
        try:
            yield Case.model_validate_json(line)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'case'}: {e['msg']}" for e in error.errors())
            raise CasesInvalid(f"{path.name}, line {number}: {wrong}") from error
