"""Text to tokens and back."""

import ctypes
from collections.abc import Sequence

from models.errors import RequestInvalid
from models.resident.library import Library

_PIECE_BYTES = 256


class Vocabulary:
    """The tokens of a loaded model. Usable from any thread."""

    def __init__(self, library: Library, vocabulary: int) -> None:
        api = library.api
        self._library = library
        self.pointer = vocabulary
        self.size: int = api.llama_vocab_n_tokens(vocabulary)
        self._tokenize = api.llama_tokenize
        self._to_piece = library.quick("llama_token_to_piece")
        self._pieces: dict[tuple[int, bool], bytes] = {}
        self.end_tokens = frozenset(
            token for token in range(self.size) if api.llama_vocab_is_eog(vocabulary, token)
        )
        self._start = api.llama_vocab_bos(vocabulary)
        self.start = self._name(self._start)
        self.end = self._name(api.llama_vocab_eos(vocabulary))
        controls = (token for token in range(self.size) if api.llama_vocab_is_control(vocabulary, token))
        self.control_tokens = tuple(name for token in controls if (name := self._name(token)))

    def tokenize(self, text: str, *, document: bool = True, special: bool = True) -> list[int]:
        """The tokens of a text; as a document, with the start token where the model wants one.

        With `special`, names of control tokens in the text become those tokens.
        """
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 2
        buffer = (ctypes.c_int32 * room)()
        count = self._tokenize(self.pointer, raw, len(raw), buffer, room, document, special)
        if count < 0:
            raise RequestInvalid(f"a text of {len(raw)} bytes could not be tokenised")
        tokens: list[int] = buffer[:count]
        # A text that begins with the start token is not to begin with two.
        return tokens[1:] if tokens[:2] == [self._start] * 2 else tokens

    def piece(self, token: int, *, special: bool) -> bytes:
        """The bytes a token stands for; those of control tokens only with `special`."""
        known = self._pieces.get((token, special))
        if known is None:
            known = self._pieces[token, special] = self._read_piece(token, special=special)
        return known

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens, control tokens included."""
        self.check(tokens)
        return b"".join(self.piece(token, special=True) for token in tokens).decode("utf-8", "replace")

    def check(self, tokens: Sequence[int]) -> None:
        """Raise RequestInvalid for a number that is no token."""
        for token in tokens:
            if not 0 <= token < self.size:
                raise RequestInvalid(f"{token} is no token: the vocabulary has {self.size}")

    def _read_piece(self, token: int, *, special: bool) -> bytes:
        size = _PIECE_BYTES
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self._to_piece(self.pointer, token, buffer, size, 0, special)
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def _name(self, token: int) -> str:
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""
