"""What can be set about recall."""

from pydantic import BaseModel, ConfigDict, Field


class RecallWeights(BaseModel):
    """What each sign counts for in the score of a passage.

    Those of meaning and words were found by climbing from several starts on questions whose answers are known
    (python -m benchmarks.bench_memory --tune): the mean over the starts of what brings answers into the first 40, 110 and
    230 tokens, held near plain values by a penalty. Judged on each person by weights found on the others. That of
    relations is the one at which what is related comes back and displaces nothing
    (python -m benchmarks.bench_memory_relations). All others are set by hand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    meaning: float = Field(default=1.0, ge=0, description="Cosine of the passage.")
    meaning_message: float = Field(default=0.15, ge=0, description="The highest cosine of its message.")
    meaning_beside: float = Field(
        default=0.45, ge=0, description="The mean cosine of the passages beside it."
    )
    words: float = Field(default=0.95, ge=0, description="BM25 of the passage.")
    words_message: float = Field(default=0.4, ge=0, description="BM25 of its message.")
    words_around: float = Field(
        default=0.15, ge=0, description="BM25 of its message with the one before and after."
    )
    covered: float = Field(
        default=0.45, ge=0, description="The share of the question's words that its message has."
    )
    answer: float = Field(
        default=0.25, ge=0, description="How well the messages beside it match: it may answer them."
    )
    figure: float = Field(
        default=0.3, ge=0, description="That it has a number when the question asks for one."
    )
    name: float = Field(default=0.12, ge=0, description="That it has a name when the question asks for one.")
    own: float = Field(
        default=0.1,
        ge=0,
        description="That somebody speaks of himself in it, in questions of the first person.",
    )
    window: float = Field(
        default=0.5, ge=0, description="That it was said in the time that the question speaks of."
    )
    recency: float = Field(
        default=0.08, ge=0, description="How recent it is; halves with every half-life of age."
    )
    entity: float = Field(default=0.15, ge=0, description="That it is about a name in the question.")
    related: float = Field(
        default=0.9,
        ge=0,
        description="That it is a record about what is related to a name in the question, one relation away.",
    )
    useful: float = Field(default=0.2, ge=0, description="How a record proved useful before, -0.5 to 1.")
    pinned: float = Field(default=0.3, ge=0, description="That the user pinned it.")
    assistant: float = Field(
        default=0.1,
        ge=0,
        description="Taken off what the assistant said; twice in questions of the first person.",
    )
    outdated: float = Field(
        default=0.25, ge=0, description="Taken off a message whose statement a newer one replaced."
    )


class RecallSettings(BaseModel):
    """How what was said and learned before is brought back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: RecallWeights = RecallWeights()
    timeout_s: float = Field(
        default=0.5, gt=0, le=30, description="Seconds that recall waits for a tier; then it goes on without."
    )
    medium_items: int = Field(
        default=10, ge=1, le=100, description="Messages, decisions and the like that come back at most."
    )
    long_items: int = Field(default=5, ge=0, le=100, description="Facts, preferences and the like at most.")
    medium_weight: float = Field(
        default=0.8, gt=0, le=2, description="What scores of the medium tier are multiplied by."
    )
    long_weight: float = Field(
        default=0.6, gt=0, le=2, description="What scores of the long tier are multiplied by."
    )
    least_relevance: float = Field(
        default=0.05, ge=0, le=1, description="Relevance below which messages and the like do not come back."
    )
    long_relevance: float = Field(
        default=0.7, ge=0, le=1, description="Relevance below which facts and the like do not come back."
    )
    half_life_days: float = Field(
        default=30, gt=0, description="Days in which what recency counts for halves."
    )
    item_tokens: int = Field(
        default=120,
        ge=16,
        le=240,
        description="Tokens up to which an item is widened where the budget allows.",
    )
    index_bytes: int = Field(
        default=512 * 1024 * 1024,
        ge=1024 * 1024,
        description="About how much memory the indexes of the users who recalled last may take, in bytes.",
    )
