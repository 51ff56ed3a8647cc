"""Byte-pair vocabularies with the special tokens of ChatML."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.gguf import Value

START_OF_TEXT = "<|endoftext|>"
START_OF_TURN = "<|im_start|>"
END_OF_TURN = "<|im_end|>"
SPECIAL = (START_OF_TEXT, START_OF_TURN, END_OF_TURN)

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

_NORMAL, _CONTROL, _DEFINED = 1, 3, 4


@dataclass(frozen=True)
class Vocabulary:
    """Tokens in GPT-2's spelling of bytes, by number, and the merges that make them; the special ones come first."""

    tokens: tuple[str, ...]
    merges: tuple[str, ...]
    marks: tuple[str, ...] = ()
    """Tokens that are found whole in any text and are text themselves."""
    template: str = CHAT_TEMPLATE

    def metadata(self) -> dict[str, Value]:
        """What a GGUF file says of it."""
        kinds = {**dict.fromkeys(SPECIAL, _CONTROL), **dict.fromkeys(self.marks, _DEFINED)}
        return {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.pre": "gpt-2",
            "tokenizer.ggml.tokens": list(self.tokens),
            "tokenizer.ggml.token_type": [kinds.get(token, _NORMAL) for token in self.tokens],
            "tokenizer.ggml.merges": list(self.merges),
            "tokenizer.ggml.bos_token_id": self.tokens.index(START_OF_TEXT),
            "tokenizer.ggml.eos_token_id": self.tokens.index(END_OF_TURN),
            "tokenizer.ggml.add_bos_token": False,
            "tokenizer.chat_template": self.template,
        }

    def encode(self, texts: list[str]) -> list[list[int]]:
        """The tokens of each text, special ones recognised."""
        from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

        numbers = {token: number for number, token in enumerate(self.tokens)}
        pairs = [(left, right) for left, right in (merge.split(" ") for merge in self.merges)]
        tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=pairs))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
        return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def byte_vocabulary(
    size: int = 260, *, marks: tuple[str, ...] = (), template: str = CHAT_TEMPLATE
) -> Vocabulary:
    """One token a byte, two bytes merged once, marks, and unused fillers up to `size`; nothing is learned."""
    alphabet = _alphabet()
    tokens = [*SPECIAL, *alphabet, "th", *marks]
    tokens += [f"<unused{number}>" for number in range(size - len(tokens))]
    return Vocabulary(tuple(tokens), ("t h",), marks, template)


def train_vocabulary(texts: Iterable[str], size: int) -> Vocabulary:
    """Learn `size` tokens from texts: the same texts give the same vocabulary."""
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), initial_alphabet=_alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(learned["vocab"], key=learned["vocab"].__getitem__)
    return Vocabulary(tuple(tokens), tuple(" ".join(pair) for pair in learned["merges"]))


def _alphabet() -> list[str]:
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())
