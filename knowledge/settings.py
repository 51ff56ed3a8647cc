"""What can be set about knowledge."""

from pydantic import BaseModel, ConfigDict, Field


class RetrievalSettings(BaseModel):
    """How the four searches are fused and when a pair is too far from the query to be shown.

    The weights multiply the cosine of the dense searches and, of the lexical ones, BM25 divided by the best
    BM25 of that search; benchmarks/bench_retrieval.py measures them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dense_question: float = Field(
        default=1.0, ge=0, description="Weight of meaning, against stored questions."
    )
    dense_answer: float = Field(default=0.4, ge=0, description="Weight of meaning, against stored answers.")
    lexical_question: float = Field(
        default=0.1, ge=0, description="Weight of words, against stored questions."
    )
    lexical_answer: float = Field(default=0.15, ge=0, description="Weight of words, against stored answers.")
    floor: float = Field(
        default=0.4,
        ge=-1,
        le=1,
        description="Pairs whose cosine similarity to the query is lower are not relevant and not returned.",
    )
    candidates: int = Field(
        default=50, ge=5, le=1000, description="How many pairs each of the four searches hands to the fusion."
    )


class KnowledgeSettings(BaseModel):
    """Where the indexes are and how pairs are found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chroma_url: str | None = Field(
        default=None,
        description="URL of a Chroma server, e.g. http://chroma:8000; without it Chroma runs in the data folder.",
    )
    starter: bool = Field(default=True, description="Load the pairs that ship in the package at the start.")
    catch_up_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How often the service looks for pairs that are stored but not indexed.",
    )
    start_indexing_s: float = Field(
        default=60.0,
        ge=0,
        description="Seconds that a start waits for the indexes; the rest is indexed behind it.",
    )
    retrieval: RetrievalSettings = RetrievalSettings()
