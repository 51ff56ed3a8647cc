"""What can be set about knowledge."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MOST_WANTED: Final = 1_000_000
"""Pairs that a target can ask for on a topic."""


class RelevanceSettings(BaseModel):
    """How probable it is that a pair has to do with a query: a logistic regression on what the searches found.

    Fitted on the example corpus (17,387 pairs, all-MiniLM-L6-v2): 1,025 hits of stored questions (their own pairs
    left out), of paraphrases and of short questions against 725 hits of 145 questions on other matters and 510
    pairs far down the rankings, both classes with equal weight. Other embedding models need other coefficients.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    constant: float = Field(default=-10.8, description="The constant of the regression.")
    question: float = Field(default=7.1, ge=0, description="Coefficient of the cosine to the question.")
    answer: float = Field(default=6.1, ge=0, description="Coefficient of the cosine to the answer.")
    question_words: float = Field(
        default=8.2,
        ge=0,
        description="Coefficient of the share of the query's words, by weight, in the question.",
    )
    answer_words: float = Field(
        default=10.9,
        ge=0,
        description="Coefficient of the share of the query's words, by weight, in the answer.",
    )


class RetrievalSettings(BaseModel):
    """How the four searches are fused and when a pair is too far from the query to be shown.

    The weights multiply the cosine of the dense searches and, of the lexical ones, BM25 divided by the best
    BM25 of that search; benchmarks/bench_retrieval.py measures them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dense_question: float = Field(
        default=1.0, ge=0, description="Weight of meaning, against stored questions."
    )
    dense_answer: float = Field(default=0.5, ge=0, description="Weight of meaning, against stored answers.")
    lexical_question: float = Field(
        default=0.1, ge=0, description="Weight of words, against stored questions."
    )
    lexical_answer: float = Field(default=0.35, ge=0, description="Weight of words, against stored answers.")
    words_full: float = Field(
        default=0.5,
        ge=-1,
        le=1,
        description="Words and topics count in full while no stored question has a higher cosine to the query.",
    )
    words_none: float = Field(
        default=0.85,
        ge=-1,
        le=1,
        description="Words and topics do not count once a stored question has this cosine: it is the query in other words.",
    )
    topic_bonus: float = Field(
        default=0.25,
        ge=0,
        description="Added to the score of a pair on the indicators that the query names, less when it is on others too; 0: nothing.",
    )
    floor: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Pairs that are less probably relevant than this are not returned; 0: all are.",
    )
    distinct: float = Field(
        default=0.98,
        ge=0,
        le=1,
        description="Of hits whose answers have a higher cosine only the best is shown; 1: all are.",
    )
    candidates: int = Field(
        default=50,
        ge=5,
        le=1000,
        description="How many pairs each of the four searches hands to the fusion.",
    )
    resident: int = Field(
        default=50_000,
        ge=0,
        description="Collections of up to so many pairs are searched in memory, 4 KB a pair; larger ones in Chroma.",
    )
    reranker: str | None = Field(
        default=None,
        min_length=1,
        description="Name or folder of a sentence-transformers CrossEncoder that orders the best hits anew; unset: none.",
    )
    rerank: int = Field(default=20, ge=2, le=100, description="How many hits the reranker judges.")
    relevance: RelevanceSettings = RelevanceSettings()

    @model_validator(mode="after")
    def _words_fade(self) -> Self:
        if self.words_none < self.words_full:
            raise ValueError("words_none must not be below words_full: words fade between the two")
        return self


class Targets(BaseModel):
    """What a topic of the catalogue should have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    full: int = Field(
        default=100, ge=1, le=MOST_WANTED, description="Distinct pairs with which a topic is fully covered."
    )
    acceptable: int = Field(
        default=80,
        ge=1,
        le=MOST_WANTED,
        description="Distinct pairs with which it is acceptably covered; not above the full target.",
    )
    least_success: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="The least share of a topic's pairs that are of standard quality and better, and of a report's searches that found something.",
    )

    @model_validator(mode="after")
    def _acceptable_is_not_more(self) -> Self:
        if self.acceptable > self.full:
            raise ValueError(
                f"acceptable ({self.acceptable}) must not be above the full target ({self.full})"
            )
        return self

    def but(
        self, *, full: int | None = None, acceptable: int | None = None, least_success: float | None = None
    ) -> "Targets":
        """These with others in their places; of a new full target the same part is acceptable, if not told otherwise.

        Raises pydantic's ValidationError for what is out of range.
        """
        if full is not None and acceptable is None:
            acceptable = max(1, round(full * self.acceptable / self.full))
        given = {"full": full, "acceptable": acceptable, "least_success": least_success}
        return Targets(
            **{**self.model_dump(), **{name: value for name, value in given.items() if value is not None}}
        )


class KnowledgeSettings(BaseModel):
    """Where the indexes are and how pairs are found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chroma_url: str | None = Field(
        default=None,
        description="URL of a Chroma server, e.g. http://chroma:8000; without it Chroma runs in the data folder.",
    )
    starter: bool = Field(default=True, description="Load the pairs that ship in the package at the start.")
    longest_import: int = Field(
        default=256 * 1024 * 1024,
        ge=1024,
        description="The most bytes of one file that is imported over HTTP; it is written to the data folder as it comes.",
    )
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
    targets: Targets = Targets()
    refine_after_import: bool = Field(
        default=True,
        description="Refine what was imported, once nothing has been imported for a minute.",
    )

    @field_validator("chroma_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not url.lower().startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url
