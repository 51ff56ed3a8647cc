"""Which chat model answers in which role."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from models.residency.settings import ResidentSettings

EXTRACTIVE = "extractive"


class Role(StrEnum):
    """What a chat model is used for."""

    REASONING = "reasoning"
    """Specialists: tools, calculation, analysis, answers."""
    AGENTIC = "agentic"
    """The orchestrator: routing when unsure, conversation."""
    WRITER = "writer"
    """Sub-agents that write."""


class EndpointSettings(BaseModel):
    """An OpenAI-compatible endpoint: vLLM, llama-server, Ollama, or a hosted one."""

    url: str = Field(description="Base URL, up to and including `/v1`.")
    model: str = Field(description="The model's name at that endpoint.")
    api_key: SecretStr | None = Field(default=None, description="Bearer key, where the endpoint wants one.")
    timeout_s: float = Field(default=60.0, gt=0, description="Seconds until a request counts as failed.")
    temperature: float = Field(default=0.2, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(default=1024, ge=1, description="The longest answer, in tokens.")
    input_price: float | None = Field(
        default=None, ge=0, description="What a million tokens of a request cost, for the interaction log."
    )
    output_price: float | None = Field(
        default=None, ge=0, description="What a million tokens of an answer cost; both are given or neither."
    )
    redact: bool = Field(
        default=False,
        description="Whether personal data is replaced by placeholders in what is sent, and put back into what is answered.",
    )

    @model_validator(mode="after")
    def _both_prices(self) -> Self:
        if (self.input_price is None) != (self.output_price is None):
            raise ValueError("input_price and output_price are given together: a cost of one alone is none")
        return self


class ChatSettings(BaseModel):
    """Models and endpoints by name, and for each role the chain of names that is tried in order.

    The extractive model stands at the end of every chain, whether it is named or not.
    """

    resident: dict[str, ResidentSettings] = Field(
        default_factory=dict, description="GGUF models served in this process, by a name of your choice."
    )
    memory_gb: float | None = Field(
        default=None,
        gt=0,
        description="Gigabytes that resident models may take together, on GPUs where the build computes there; "
        "unset: four fifths of what is free when the first is loaded.",
    )
    endpoints: dict[str, EndpointSettings] = Field(
        default_factory=dict, description="Chat endpoints by a name of your choice."
    )
    currency: str = Field(
        default="USD", pattern="^[A-Z]{3}$", description="The currency of the prices of endpoints."
    )
    roles: dict[Role, list[str]] = Field(
        default_factory=dict,
        description="For each role the names of resident models and endpoints to try, first to last.",
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        both = sorted({*self.endpoints} & {*self.resident})
        if both or EXTRACTIVE in {*self.endpoints, *self.resident}:
            raise ValueError(
                f"{', '.join(both) or EXTRACTIVE} cannot be defined: it is the name of another model already"
            )
        known = {*self.endpoints, *self.resident, EXTRACTIVE}
        for role, names in self.roles.items():
            unknown = [name for name in names if name not in known]
            if unknown:
                raise ValueError(
                    f"role {role} names {unknown}, but only {sorted(known)} are defined under endpoints and resident"
                )
        return self
