"""What can be ordered, each kind with its arguments."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from app.jobs.uploads import file_name
from app.runs import storable
from knowledge import COLLECTION_NAME, PassageSettings, UnknownEncoding
from knowledge.readers import encoding_named
from memory import encoded, new_id

_LARGEST = 2**31 - 1


def encoding_name(name: str) -> str:
    """The name of an encoding of text. Raises ValueError where there is none of that name."""
    try:
        encoding_named(name)
    except UnknownEncoding as error:
        raise ValueError(str(error)) from error
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoArguments(_Part):
    """None."""


class RefineArguments(_Part):
    """How to refine."""

    topics_again: bool = Field(
        default=False, description="Look for the place of every topic anew, after the catalogue changed."
    )


class RefineOrder(_Part):
    """Place topics, measure quality, find and link duplicates: of what is not refined yet."""

    kind: Literal["refine"]
    arguments: RefineArguments = RefineArguments()


class IndexArguments(_Part):
    """Which version of the index to build."""

    number: int | None = Field(
        default=None,
        ge=1,
        le=_LARGEST,
        description="An earlier version, to be brought up to the store; null: a fresh one.",
    )
    model: Annotated[str | None, AfterValidator(storable)] = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="The embedding model of a fresh one: a name, or a folder by its full path; null: the one of the settings.",
    )
    passages: PassageSettings = Field(
        default=PassageSettings(), description="How a fresh one cuts answers into passages."
    )
    low_tier: bool = Field(default=True, description="Whether a fresh one holds pairs of low quality.")
    note: Annotated[str | None, AfterValidator(storable)] = Field(
        default=None, max_length=500, description="What a fresh one is for, in words."
    )

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.number is not None and self.model_copy(update={"number": None}) != IndexArguments():
            raise ValueError("an earlier version keeps its recipe and its note: give number alone")
        return self


class IndexOrder(_Part):
    """Build a version of the index beside the live one."""

    kind: Literal["index"]
    arguments: IndexArguments = IndexArguments()


class ActivateArguments(_Part):
    """Which version to make live."""

    number: int = Field(ge=1, le=_LARGEST)
    anyway: bool = Field(
        default=False,
        description="Though it was not evaluated, or was found to be below the live one.",
    )


class ActivateOrder(_Part):
    """Bring a version up to the store, and make it the one that is searched."""

    kind: Literal["activate"]
    arguments: ActivateArguments


class RollbackOrder(_Part):
    """Make the version live again that was so before."""

    kind: Literal["rollback"]
    arguments: NoArguments = NoArguments()


class PruneArguments(_Part):
    """How many versions to keep."""

    keep: int = Field(default=2, ge=1, le=1000, description="The live one is among them.")


class PruneOrder(_Part):
    """Delete the indexes of old versions."""

    kind: Literal["prune"]
    arguments: PruneArguments = PruneArguments()


class RemoveArguments(_Part):
    """Which source to remove."""

    source: Annotated[str, AfterValidator(storable)] = Field(max_length=64, description="Its id.")


class RemoveOrder(_Part):
    """Delete the pairs that a source brought, from the store and from every version of the index."""

    kind: Literal["remove"]
    arguments: RemoveArguments


class EvaluateArguments(_Part):
    """What to evaluate, and how."""

    version: int | None = Field(default=None, ge=1, le=_LARGEST, description="Null: the live one.")
    compare: int | None = Field(
        default=None, ge=1, le=_LARGEST, description="Another version, asked the same for comparison."
    )
    size: int = Field(default=500, ge=10, le=5000, description="How many cases of each task at most.")
    seed: int = Field(default=7, ge=0, le=_LARGEST, description="Draws the cases; the same draws the same.")
    collections: tuple[Annotated[str, Field(pattern=COLLECTION_NAME)], ...] = Field(
        default=(), max_length=20, description="Those to draw from; none: all."
    )


class EvaluateOrder(_Part):
    """Measure how well a version of the index finds what is stored."""

    kind: Literal["evaluate"]
    arguments: EvaluateArguments = EvaluateArguments()


class ImportArguments(_Part):
    """Which upload to import, and where to."""

    name: Annotated[str, AfterValidator(storable), AfterValidator(file_name)]
    collection: str = Field(pattern=COLLECTION_NAME)
    sha256: str
    """Of the file as it came; the file itself is kept under the job's id."""
    upload: str
    """The job that it came with."""
    encoding: Annotated[str, AfterValidator(encoding_name)] | None = None
    """What its text is in; None: what is found by itself."""


class ImportOrder(_Part):
    """Import a file that was uploaded."""

    kind: Literal["import"]
    arguments: ImportArguments


_Ordered: TypeAlias = (
    RefineOrder | EvaluateOrder | IndexOrder | ActivateOrder | RollbackOrder | PruneOrder | RemoveOrder
)
JobOrder: TypeAlias = Annotated[_Ordered, Field(discriminator="kind")]
"""What can be ordered by its arguments alone."""
AnyOrder: TypeAlias = _Ordered | ImportOrder
_ORDER: TypeAdapter[AnyOrder] = TypeAdapter(Annotated[AnyOrder, Field(discriminator="kind")])


def as_order(kind: str, arguments: Mapping[str, JsonValue]) -> AnyOrder:
    """The order of a kind. Raises pydantic's ValidationError for a kind or arguments that there are not."""
    return _ORDER.validate_python({"kind": kind, "arguments": dict(arguments)})


def job_id(idempotency_key: str | None = None) -> str:
    """A fresh id for a job; with a key always the one that belongs to the key."""
    if idempotency_key is None:
        return new_id("job")
    digest = int.from_bytes(hashlib.sha256(f"job\0{idempotency_key}".encode()).digest()[:16], "big")
    return encoded("job", digest)
