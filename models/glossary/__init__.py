"""What words of other languages mean in English, for models that know little but English."""

from models.glossary.gloss import (
    Gloss,
    english_words,
    gloss,
    glossary_digest,
    lies_within,
    personal_words,
    prepare_glossary,
)

__all__ = [
    "Gloss",
    "english_words",
    "gloss",
    "glossary_digest",
    "lies_within",
    "personal_words",
    "prepare_glossary",
]
