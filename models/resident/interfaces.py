"""What is asked of a resident model and what it answers."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable


class Priority(IntEnum):
    """Who goes first when not all can. A request climbs one step for each while it has waited."""

    ROUTING = 0
    """Somebody waits for it before anything else can begin."""
    INTERACTIVE = 1
    """Somebody watches the answer being written."""
    BACKGROUND = 2
    """Nobody waits: consolidation, evaluation, training data."""


@dataclass(frozen=True)
class Grammar:
    """What may be generated, in GBNF (llama.cpp, "GBNF Guide").

    With triggers, everything may be generated until one of them has been; from there on the grammar holds, for
    the text after the trigger. A token that would reach beyond the end of a trigger is not chosen.
    """

    text: str
    root: str = "root"
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a token is drawn from the model's distribution. The defaults change nothing but the temperature."""

    temperature: float = 0.8
    """0 takes the likeliest token and ignores top_k, top_p, min_p and seed."""
    top_k: int = 40
    """Only so many of the likeliest tokens; 0: all."""
    top_p: float = 0.95
    """Only the likeliest tokens that together have this probability; 1: all."""
    min_p: float = 0.05
    """Only tokens with this share of the likeliest one's probability; 0: all."""
    repeat_penalty: float = 1.0
    """Divides the logits of tokens seen in the window; 1: none."""
    frequency_penalty: float = 0.0
    """Taken from a token's logit for each time it occurs in the window."""
    presence_penalty: float = 0.0
    """Taken from the logit of each token that occurs in the window."""
    penalty_window: int = 64
    """Tokens back for which the penalties look, prompt included."""
    seed: int | None = None
    """The same request with the same seed gives the same tokens; None: another seed each time."""
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    """Added to the logits of tokens, by number; minus infinity forbids one."""


@dataclass(frozen=True)
class AdapterUse:
    """A loaded LoRA adapter that takes part, and how strongly."""

    name: str
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """One completion of one prompt."""

    prompt: str | Sequence[int]
    """Text, in which special tokens are recognised and a leading one is added where the model wants it; or tokens."""
    max_tokens: int = 512
    """The longest completion; it also ends where the context does."""
    sampling: Sampling = field(default_factory=Sampling)
    grammar: Grammar | None = None
    stop: tuple[str, ...] = ()
    """Texts that end the completion and are no part of it, wherever token boundaries fall."""
    adapters: tuple[AdapterUse, ...] = ()
    priority: Priority = Priority.INTERACTIVE
    deadline_s: float | None = None
    """Seconds from now until DeadlineExceeded is raised."""
    owner: str = ""
    """Requests of one priority take turns by owner."""
    logprobs: int | None = None
    """None: no probabilities; n: of the token, and of the n likeliest ones, before penalties and cuts."""
    special_text: bool = False
    """Control tokens the model generates appear in the text, `<tool_call>` say."""
    ignore_end: bool = False
    """Generate up to max_tokens, the model's end token forbidden."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that might have been."""

    token: int
    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Token:
    """A token was generated."""

    id: int
    text: str
    """What became certain with it: empty while a character is incomplete or a stop text may be forming."""
    logprob: float | None = None
    """Natural logarithm of its probability, where asked for."""
    alternatives: tuple[Alternative, ...] = ()


class StopReason(StrEnum):
    """Why a completion ended."""

    END = "end"
    """The model said so."""
    STOP = "stop"
    """A stop text was generated."""
    LENGTH = "length"
    """max_tokens, or the end of the context."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a request."""

    prompt_tokens: int
    reused_tokens: int
    """Of the prompt, those found computed already."""
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of a request went, in seconds."""

    queued_s: float
    """Until it was given a sequence."""
    first_token_s: float
    """From submission until its first token."""
    total_s: float


@dataclass(frozen=True, slots=True)
class Finish:
    """The completion ended; the last event of a stream."""

    reason: StopReason
    usage: Usage
    timings: Timings
    text: str = ""
    """Text that was held back and belongs to the completion."""
    stop: str | None = None
    """The stop text that was met."""


Event: TypeAlias = Token | Finish


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a loaded model is."""

    path: Path
    name: str
    architecture: str
    parameters: int
    size: int
    """Bytes of its weights."""
    vocabulary: int
    trained_context: int
    """Tokens."""
    context: int
    """The longest prompt and completion of one request, in tokens."""
    chat_template: str | None
    """In Jinja, as the file has it."""
    start: str
    """The text of the token that begins a document; empty where there is none."""
    end: str
    """The text of the token that ends a turn or document."""
    control_tokens: tuple[str, ...]
    """Texts of the tokens that steer the model: ends of turns and the like."""
    gpu_layers: int
    """Layers offloaded to a GPU."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What an engine has done since it was loaded, and how busy it is."""

    running: int
    waiting: int
    cells_used: int
    """Tokens whose keys and values are kept, shared ones once."""
    cells: int
    """Tokens for which there is room."""
    parked_tokens: int
    """Tokens whose keys and values are kept in the host's memory, outside of the cells."""
    parked_bytes: int
    completed: int
    failed: int
    cancelled: int
    expired: int
    """Requests past their deadline."""
    refused: int
    preempted: int
    prompt_tokens: int
    """Prompt tokens computed."""
    reused_tokens: int
    """Prompt tokens found computed."""
    restored_tokens: int
    """Tokens brought back from outside of the cells."""
    generated_tokens: int
    steps: int
    decode_s: float
    """Time in llama.cpp."""
    sampling_s: float
    """Time choosing tokens and handing them out."""
    parking_s: float
    """Time saving beginnings of prompts that nobody uses, between steps."""


@runtime_checkable
class Engine(Protocol):
    """A model loaded once, for many requests at a time. Usable from any event loop of the process."""

    @property
    def card(self) -> ModelCard:
        """What is loaded."""
        ...

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Tokens as they come, and a Finish at the end. Closing the generator cancels within one step.

        Raises QueueFull, RequestInvalid (ContextExceeded, GrammarInvalid, AdapterUnknown) and EngineClosed
        before the first event; DeadlineExceeded, GenerationFailed and EngineClosed at any time.
        """
        ...

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a text as a prompt. Computes: long texts belong in a thread."""
        ...

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens, control tokens included."""
        ...

    async def load_adapter(self, name: str, path: Path) -> None:
        """Make a LoRA adapter known. One of the same name is replaced for requests that come later.

        Raises AdapterInvalid when the file is no adapter of this model.
        """
        ...

    async def remove_adapter(self, name: str) -> None:
        """Forget an adapter once the requests that use it have ended. Raises AdapterUnknown."""
        ...

    def statistics(self) -> Statistics:
        """Counters and load, as of the last step."""
        ...

    async def close(self, *, drain_s: float = 0.0) -> None:
        """Refuse what is new, give what runs so many seconds, and free the memory. May be called twice."""
        ...
