"""A place in a JSON document and what is said there of the pairs below it."""

from dataclasses import dataclass, field, replace

from knowledge.readers.fields import Role, is_level, is_question_key, is_structural, key_role
from knowledge.readers.intake import About
from knowledge.readers.nodes import Own
from knowledge.readers.survey import Plan
from knowledge.readers.text import asks


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the document and what holds there."""

    path: str = ""
    """For people: `sessions[3].qa_pairs[5]`."""
    pattern: str = ""
    """The same for all of its kind: `sessions[].qa_pairs`."""
    name: str = ""
    """The key it stands under."""
    about: About = field(default_factory=About)
    topic_from: str | None = None

    def item(self, index: int) -> "Where":
        """An item of the list here."""
        return replace(self, path=f"{self.path}[{index}]", pattern=f"{self.pattern}[]", name="")

    def under(self, key: str) -> "Where":
        """What stands under a key of the object here."""
        shown = key if key.isidentifier() or is_structural(key) else repr(key)
        general = key if is_structural(key) and not key.strip().isdigit() else "*"
        dot = "." if self.path else ""
        return replace(
            self, path=f"{self.path}{dot}{shown}", pattern=f"{self.pattern}{dot}{general}", name=key
        )

    def told(self, said: Own) -> "Where":
        """The same place with what an object says there of itself."""
        topic, name = (said.topic, said.topic_field) if said.topic else (said.title, said.title_field)
        about = replace(
            self.about,
            topic=topic or self.about.topic,
            category=said.category or self.about.category,
            session=said.session or self.about.session,
            difficulty=said.difficulty or self.about.difficulty,
            tags=said.tags or self.about.tags,
        )
        topic_from = f"{self.pattern}.{name}".lstrip(".") if topic is not None else self.topic_from
        return replace(self, about=about, topic_from=topic_from)

    def keyed(self, key: str, plan: Plan) -> "Where":
        """What stands under a key of the object here, with what the key itself says."""
        there, about = self.under(key), self.about
        role = _role_of_key(self.name, key, plan)
        if role is Role.CATEGORY:
            return replace(there, about=replace(about, category=key))
        if role is Role.SESSION:
            return replace(there, about=replace(about, session=key))
        if role is Role.DIFFICULTY:
            return replace(there, about=replace(about, difficulty=key))
        if role is not Role.TOPIC:
            return there
        outer = self.pattern.rpartition(".")[0] or "the document"
        if key_role(self.name) is None and self.topic_from == f"the keys of {outer}":
            about = replace(about, category=about.category or about.topic)
        origin = f"the keys of {self.pattern or 'the document'}"
        return replace(there, about=replace(about, topic=key), topic_from=origin)


def is_entry(key: str) -> bool:
    """Whether a key of a mapping of questions is one: it asks, or is a sentence."""
    return asks(key) or (len(key.split()) > 2 and not is_structural(key))  # noqa: PLR2004 - no name of a field


def _role_of_key(name: str, key: str, plan: Plan) -> Role | None:
    """What a key says of the pairs under it; None: only how the file is built."""
    if plan.mapping and is_entry(key):
        return None
    role = key_role(name)
    if role is not None:
        return None if role is Role.TOPIC and key.strip().isdigit() else role
    if is_structural(key) or is_question_key(key):
        return None
    title = any(sign.isspace() for sign in key.strip()) or key[:1].isupper()
    if not (title and plan.keys_tell if plan.own.topic is not None else title or plan.keys_tell):
        return None
    return Role.DIFFICULTY if is_level(key) else Role.TOPIC
