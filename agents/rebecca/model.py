"""The typed model of a domain: what Rebecca's tools read out of a description and build from."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from agents.rebecca.naming import identifier, kebab, pascal, plural, snake


class FieldType(StrEnum):
    """What an attribute holds; the tools map it to SQL and to JSON Schema."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    COUNT = "count"  # a whole number from 0
    MINUTES = "minutes"  # a whole number from 1
    MONEY = "money"  # an amount from 0 with two decimals
    NUMBER = "number"
    PERCENT = "percent"  # 0 to 100
    RATING = "rating"  # 1 to 5
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"  # with a time zone
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    CHOICE = "choice"
    CURRENCY = "currency"  # ISO 4217
    LANGUAGE = "language"  # BCP 47
    REFERENCE = "reference"


class EntityKind(StrEnum):
    """The part an entity plays; it decides on standard attributes, workflows, operations and constraints."""

    PERSON = "person"
    STAFF = "staff"
    CATALOGUE = "catalogue"
    RESOURCE = "resource"
    BOOKING = "booking"
    STAY = "stay"
    SLOT = "slot"
    ENROLMENT = "enrolment"
    ORDER = "order"
    LINE = "line"
    CASE = "case"
    RECORD = "record"


TRANSACTIONS = (
    EntityKind.BOOKING,
    EntityKind.STAY,
    EntityKind.ENROLMENT,
    EntityKind.ORDER,
    EntityKind.CASE,
)
"""The kinds a customer comes for."""
RESERVING = (EntityKind.BOOKING, EntityKind.STAY, EntityKind.SLOT)
"""The kinds that hold a person or a resource for a time."""


COMMON_SCHEMAS = frozenset({"Problem", "Period", "Dates", "UserMessage", "AgentReply"})
"""Schemas every API document has; an entity of such a name gets a longer one."""


class Origin(StrEnum):
    """Where a part of the model came from."""

    REQUEST = "request"
    DOMAIN = "domain knowledge"
    ASSUMED = "assumed"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


_SET_BY_SERVICE = frozenset(
    {"status", "priority", "total", "currency", "ends_at", "number", "reference_number"}
)
_IN_WORDS = {
    "starts_at": "day and time",
    "arrives_on": "day of arrival",
    "leaves_on": "day of departure",
    "wanted_at": "day and time it is wanted",
    "details": "details of what happened",
}


class Attribute(_Part):
    """One attribute of an entity; `refers_to` is the identifier of the entity a reference points at."""

    name: str
    type: FieldType = FieldType.TEXT
    required: bool = True
    unique: bool = False
    choices: tuple[str, ...] = ()
    refers_to: str | None = None


class Action(_Part):
    """Something done to an entity beyond creating and changing it, by the verb in snake_case.

    `status` is the state it leaves, `field` the attribute that it sets; None for either means that it has none.
    """

    name: str
    status: str | None = None
    field: str | None = None


class Entity(_Part):
    """Something the business keeps records of. `name` is a singular in plain words."""

    name: str
    kind: EntityKind
    attributes: tuple[Attribute, ...]
    origin: Origin
    samples: tuple[str, ...] = ()
    """Names such things really have, for test cases and training data."""
    actions: tuple[Action, ...] = ()

    @property
    def identifier(self) -> str:
        """The singular in snake_case; in SQL only with a suffix, so that it may be a reserved word."""
        return snake(self.name)

    @property
    def plural(self) -> str:
        """The plural in plain words."""
        return plural(self.name)

    @property
    def table(self) -> str:
        """The SQL table."""
        return identifier(plural(self.name))

    @property
    def key(self) -> str:
        """The column or parameter that refers to it."""
        return f"{self.identifier}_id"

    @property
    def schema_name(self) -> str:
        """The name of its schema in an OpenAPI document."""
        name = pascal(self.identifier)
        return f"{name}Record" if name in COMMON_SCHEMAS else name

    @property
    def path(self) -> str:
        """Its collection in a URL."""
        return f"/{kebab(self.table)}"

    @property
    def needed(self) -> tuple[str, ...]:
        """What must be asked for, in plain words; not what the service sets itself."""
        return tuple(
            _IN_WORDS.get(item.name, item.name.removesuffix("_id").replace("_", " "))
            for item in self.attributes
            if item.required and item.name not in _SET_BY_SERVICE and item.type is not FieldType.BOOLEAN
        )

    @property
    def references(self) -> tuple[Attribute, ...]:
        """The attributes that point at other entities."""
        return tuple(item for item in self.attributes if item.refers_to)


class Relation(_Part):
    """Many of `entity` belong to one `target`."""

    entity: str
    attribute: str
    target: str
    optional: bool


class Actor(_Part):
    """Someone, or something, that takes part."""

    name: str
    goal: str


class WorkflowKind(StrEnum):
    """The nature of a piece of work; the choice of tool or sub-agent rests on it."""

    LOOKUP = "lookup"
    TRANSACTION = "transaction"
    PAYMENT = "payment"
    NOTIFICATION = "notification"
    RECORD = "record"
    HANDOVER = "handover"
    RECOMMENDATION = "recommendation"
    TRIAGE = "triage"
    ANALYSIS = "analysis"
    ADVICE = "advice"
    CONTENT = "content"


class Workflow(_Part):
    """Something an actor gets done, step by step.

    `entity` is the identifier of what it is about, `operation` the operationId of the API that does it; a workflow
    that several operations serve has none.
    """

    name: str
    kind: WorkflowKind
    actor: str
    steps: tuple[str, ...]
    entity: str | None = None
    origin: Origin = Origin.DOMAIN
    operation: str | None = None


class ConstraintKind(StrEnum):
    """What a constraint bounds."""

    CHANNEL = "channel"
    LANGUAGE = "language"
    BUDGET = "budget"
    PRICE = "price"
    VOLUME = "volume"
    SCALE = "scale"
    DEADLINE = "deadline"
    AVAILABILITY = "availability"
    LATENCY = "latency"
    COMPLIANCE = "compliance"
    HOSTING = "hosting"
    INTEGRATION = "integration"


class Constraint(_Part):
    """A bound on the agent. `words` are those of the request; empty for what was assumed."""

    kind: ConstraintKind
    value: str
    words: str = ""

    @property
    def assumed(self) -> bool:
        """Whether the request does not say it."""
        return not self.words


class Risk(_Part):
    """What can go wrong and what to do about it."""

    name: str
    mitigation: str
    origin: Origin = Origin.DOMAIN
    in_conversation: bool = False
    """Whether the agent itself can act on it while it talks; else it is for those who build and run the agent."""


class DomainModel(_Part):
    """A whole domain. `known` tells whether the domain lexicon knew it; otherwise it was read from the words."""

    title: str
    domain: str
    known: bool
    sensitivity: tuple[str, ...]
    entities: tuple[Entity, ...]
    actors: tuple[Actor, ...]
    workflows: tuple[Workflow, ...]
    constraints: tuple[Constraint, ...]
    risks: tuple[Risk, ...]

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Every reference of every entity."""
        return tuple(
            Relation(
                entity=entity.identifier,
                attribute=item.name,
                target=item.refers_to or "",
                optional=not item.required,
            )
            for entity in self.entities
            for item in entity.references
        )

    def entity(self, name: str) -> Entity:
        """The entity with this identifier; KeyError if there is none."""
        for item in self.entities:
            if item.identifier == name:
                return item
        raise KeyError(name)

    def first(self, *kinds: EntityKind) -> Entity | None:
        """The first entity of one of these kinds, kinds in order of preference."""
        return next((item for kind in kinds for item in self.entities if item.kind is kind), None)

    @property
    def customer(self) -> Entity | None:
        """Whom the agent serves."""
        return self.first(EntityKind.PERSON)

    @property
    def transaction(self) -> Entity | None:
        """What they come for."""
        return next((item for item in self.entities if item.kind in TRANSACTIONS), None)

    def values(self, kind: ConstraintKind) -> tuple[str, ...]:
        """The values of the constraints of one kind."""
        return tuple(item.value for item in self.constraints if item.kind is kind)

    @property
    def language(self) -> str:
        """The first language the agent speaks, by its English name."""
        return next(iter(self.values(ConstraintKind.LANGUAGE)), "English")
