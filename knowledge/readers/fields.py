"""What the names of fields say: a small table of words and synonyms instead of a reader for each shape."""

import re
from enum import StrEnum
from functools import lru_cache

from knowledge.readers.text import asks


class Role(StrEnum):
    """What a field of a source is for."""

    QUESTION = "question"
    ANSWER = "answer"
    TOPIC = "topic"
    TITLE = "title"
    """A topic where nothing better stands: the name of what holds the pairs."""
    CATEGORY = "category"
    SESSION = "session"
    DIFFICULTY = "difficulty"
    TAGS = "tags"


_SPLIT = re.compile(r"[^\W\d_]*[^\W\d_a-zA-Z][^\W\d_]*|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_FILLER = frozenset(
    "text texts content body full raw original final generated detailed comprehensive model string markdown md html "
    "en de research ai the long best accepted suggested correct expected sample clean cleaned user human main value".split()
)
_ASKED_IN = (
    "pregunta domanda pergunta vraag fråga spørgsmål spørsmål kysymys pytanie otázka întrebare kérdés soru pertanyaan "
    "вопрос питання ερώτηση שאלה سؤال 问题 問題 问 問 質問 질문 문제".split()
)
_ANSWERED_IN = (
    "réponse respuesta risposta resposta antwoord svar vastaus odpowiedź odpověď odpoveď răspuns válasz cevap yanıt "
    "jawaban ответ відповідь απάντηση תשובה جواب إجابة الجواب 答案 回答 答 解答 답변 답".split()
)
_WORDS: dict[Role, dict[str, int]] = {
    Role.QUESTION: {
        **dict.fromkeys(("question", "questions", "q", "frage", "fragen", *_ASKED_IN), 0),
        **dict.fromkeys(("query", "prompt", "instruction", "ask", "problem", "input", "inquiry"), 1),
        **dict.fromkeys(("title", "heading"), 2),
    },
    Role.ANSWER: {
        **dict.fromkeys(("answer", "answers", "a", "ans", "antwort", "antworten", *_ANSWERED_IN), 0),
        **dict.fromkeys(("response", "responses", "reply", "completion", "output", "solution"), 1),
        **dict.fromkeys(("explanation", "text", "content", "body", "description", "details"), 2),
    },
    Role.TOPIC: {
        "indicator": 0,
        "indicators": 0,
        "topic": 2,
        "subtopic": 4,
        "subject": 5,
        "theme": 5,
        "concept": 5,
    }
    | {"metric": 5, "term": 6},
    Role.TITLE: {"name": 0, "title": 0, "label": 1, "heading": 1, "chapter": 1, "section": 1},
    Role.CATEGORY: {"category": 0, "group": 1, "domain": 1, "pillar": 1},
    Role.SESSION: {"session": 0, "sessions": 0},
    Role.DIFFICULTY: {"difficulty": 0, "complexity": 1, "level": 2},
    Role.TAGS: {"tags": 0, "tag": 0, "keywords": 1, "labels": 1},
}
_BESIDE: dict[Role, frozenset[str]] = {
    Role.QUESTION: _FILLER,
    Role.ANSWER: _FILLER,
    Role.TOPIC: frozenset("name title research main display label full text current covered".split()),
    Role.TITLE: frozenset("full display main".split()),
    Role.CATEGORY: frozenset("name title main indicator topic label".split()),
    Role.SESSION: frozenset("id number no nr name research title source".split()),
    Role.DIFFICULTY: frozenset("rating level name label".split()),
    Role.TAGS: frozenset("list".split()),
}
_PAIR_WORDS = frozenset("pair pairs qa qas q a question questions answer answers faq faqs".split())
_TEXT_WORDS = {
    **dict.fromkeys(("text", "answer", "answers", "value"), 0),
    **dict.fromkeys(("content", "contents", "body", "markdown", "message", "response", "reply", "output"), 1),
    **dict.fromkeys(("description", "html", "string", "parts"), 2),
}
_ACCEPTED = frozenset(("accepted", "selected", "correct"))
_SCORES = frozenset("score scores upvote upvotes votes likes".split())
_LEVELS = frozenset(
    "basic beginner easy elementary fundamental intermediate medium advanced hard expert".split()
)
_COUNT_WORDS = frozenset("total count counts number num n amount".split())
_LENGTH_WORDS = frozenset("length len char chars character characters".split())
_METADATA = frozenset(
    "metadata meta info information header summary stats statistics config about totals file".split()
)
_STRUCTURE = (
    _PAIR_WORDS
    | _METADATA
    | frozenset(
        "data dataset datasets item items list lists content contents result results entry entries record records row rows "
        "by of and the all part parts batch batches group groups indicator indicators topic topics subtopic subtopics "
        "session sessions category categories difficulty level levels tag tags research report reports knowledge base "
        "train test validation dev eval example examples output outputs response responses document documents doc docs "
        "page pages chapter chapters section sections node nodes children child value values collection root payload body "
        "messages conversation conversations dialog turns export map mapping index generated final complete "
        "paragraph paragraphs passage passages context instance instances main entity entities graph "
        "card cards flashcards study set sets quiz module modules lesson lessons unit units".split()
    )
)


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The words of a field's name, lower case: `indicatorName`, `indicator-name` and `INDICATOR_NAME` are one."""
    return tuple(word.casefold() for word in _SPLIT.findall(name[:200]))


@lru_cache(maxsize=8192)
def rank(name: str, role: Role) -> int | None:
    """How well a name fits a role, 0 best; None: not at all. Every word of the name has to be of the role."""
    found = [_WORDS[role][word] for word in words(name) if word in _WORDS[role]]
    if not found or not all(word in _WORDS[role] or word in _BESIDE[role] for word in words(name)):
        return None
    return min(found) * 2 + (len(words(name)) > 1 and role is not Role.TOPIC)


def marks(role: Role) -> tuple[str, ...]:
    """The words that surely say question or answer, in all languages, the longer ones first."""
    return tuple(sorted((word for word, rank in _WORDS[role].items() if rank == 0), key=len, reverse=True))


def is_question(name: str) -> bool:
    """Whether a name alone says that a question stands there: `question`, `questionText`, not `query` nor `q`."""
    return (rank(name, Role.QUESTION) or 0) < 2 and _spelled(name, Role.QUESTION)  # noqa: PLR2004 - of the first rank


def is_answer(name: str) -> bool:
    """Whether a name alone says that an answer stands there."""
    return (rank(name, Role.ANSWER) or 0) < 2 and _spelled(name, Role.ANSWER)  # noqa: PLR2004 - of the first rank


def _spelled(name: str, role: Role) -> bool:
    return rank(name, role) is not None and any(
        len(word) > 1 and _WORDS[role].get(word) == 0 for word in words(name)
    )


@lru_cache(maxsize=8192)
def text_rank(name: str) -> int | None:
    """How likely the text of an object that wraps one stands in a field of that name, 0 most; None: not there."""
    found = [_TEXT_WORDS[word] for word in words(name) if word in _TEXT_WORDS]
    if not found or not all(
        word in _TEXT_WORDS or word in _FILLER or word == "input" for word in words(name)
    ):
        return None
    return min(found) * 2 + (len(words(name)) > 1)


@lru_cache(maxsize=8192)
def is_accepted(name: str) -> bool:
    """Whether a field of that name says of an answer that it is the right one: `is_accepted`, `correct`."""
    return bool(_ACCEPTED & set(words(name))) and set(words(name)) <= _ACCEPTED | {"is", "answer"}


@lru_cache(maxsize=8192)
def is_score(name: str) -> bool:
    """Whether a number of that name says how well others think of an answer: `score`, `upvoteCount`."""
    return bool(_SCORES & set(words(name))) and set(words(name)) <= _SCORES | {"count", "answer"}


@lru_cache(maxsize=8192)
def is_plural_of_pairs(name: str) -> bool:
    """Whether a list of that name holds pairs whatever its items look like: `qa_pairs`, `questions_answers`."""
    found = set(words(name))
    return (
        bool(found)
        and found <= _PAIR_WORDS | _FILLER
        and (
            bool(found & {"qa", "qas", "faq", "faqs"})
            or {"q", "a"} <= found
            or bool(found & {"question", "questions"} and found & {"answer", "answers", "pair", "pairs"})
        )
    )


@lru_cache(maxsize=8192)
def is_session_list(name: str) -> bool:
    """Whether what stands under that name are research sessions."""
    return (
        bool(words(name))
        and "sessions" in words(name)
        and set(words(name)) <= {"sessions", "research", "by", "qa"}
    )


@lru_cache(maxsize=8192)
def key_role(name: str) -> Role | None:
    """What the keys of a mapping of that name are: of `by_indicator` and `topics` topics, of `categories` categories."""
    found = words(name)
    if not found or not set(found) <= _STRUCTURE:
        return None
    for role, of in (
        (Role.CATEGORY, {"category", "categories", "group", "groups"}),
        (Role.SESSION, {"session", "sessions"}),
        (Role.DIFFICULTY, {"difficulty", "level", "levels"}),
        (Role.TOPIC, {"indicator", "indicators", "topic", "topics", "subtopic", "subtopics"}),
    ):
        if of & set(found):
            return role
    return None


@lru_cache(maxsize=8192)
def is_structural(name: str) -> bool:
    """Whether a key says how a file is built and not what it is about: `qa_pairs`, `data`, `item_3`, `12`."""
    found = words(name)
    return all(word in _STRUCTURE or word.isdigit() or len(word) == 1 for word in found) and not (
        len(found) == 1 and len(name.strip()) == 1 and name.isupper()
    )


@lru_cache(maxsize=8192)
def is_metadata(name: str) -> bool:
    """Whether what stands under that name speaks of what it stands in."""
    return (
        bool(words(name))
        and all(word in _METADATA or word in _STRUCTURE for word in words(name))
        and bool(set(words(name)) & _METADATA)
    )


@lru_cache(maxsize=8192)
def counts_pairs(name: str) -> bool:
    """Whether a number of that name says how many pairs there are: `total_qa_pairs`, `qa_pairs_count`, `total`."""
    found = set(words(name))
    if found in ({"total"}, {"count"}):
        return True
    subject = found & _PAIR_WORDS
    if (
        not subject
        or not found & _COUNT_WORDS
        or not found <= _PAIR_WORDS | _COUNT_WORDS | {"of", "generated"}
    ):
        return False
    if subject <= {"q", "a"} and subject != {"q", "a"}:
        return False
    if "number" in found or "n" in found:
        return "of" in found or bool(subject & {"pairs", "questions", "faqs", "qas"})
    return subject not in ({"answers"}, {"answer"})


@lru_cache(maxsize=8192)
def counts_sessions(name: str) -> bool:
    """Whether a number of that name says how many sessions there are."""
    found = set(words(name))
    return (
        bool(found & _COUNT_WORDS)
        and bool(found & {"session", "sessions"})
        and (found <= _COUNT_WORDS | {"session", "sessions", "of", "research"})
        and ("number" not in found or "of" in found or "sessions" in found)
    )


@lru_cache(maxsize=8192)
def counts_characters(name: str) -> str | None:
    """Of which part of a pair a number of that name counts the characters: `question`, `answer`, `total` or none."""
    found = set(words(name))
    if not found & _LENGTH_WORDS or not found <= (
        _LENGTH_WORDS | _COUNT_WORDS | {"question", "answer", "of", "in", "text"}
    ):
        return None
    if "question" in found or "answer" in found:
        return None if {"question", "answer"} <= found else ("question" if "question" in found else "answer")
    return "total" if "total" in found else None


def is_level(key: str) -> bool:
    """Whether a key says how difficult what stands under it is."""
    return key.strip().casefold() in _LEVELS


def is_question_key(key: str) -> bool:
    """Whether the key of a mapping is a question."""
    return asks(key) and len(key.strip()) > 3  # noqa: PLR2004 - more than a sign


def is_slug(text: str) -> bool:
    """Whether a text is an identifier and no name for people: `cme_institutionals`."""
    return ("_" in text or "-" in text) and not any(sign.isspace() for sign in text) and text == text.lower()
