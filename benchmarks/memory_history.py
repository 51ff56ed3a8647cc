"""A long history of several users, made from a seed: small talk, and planted among it what questions ask for later.

Planted are facts, preferences that change, contradictions, and events on a day. Statements and questions have several
wordings each, and the small talk is on the same matters: other people's dogs, cities and drinks.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 6, 17, 18, 0, tzinfo=UTC)
"""When the questions are asked."""
TURNS = 10
"""Of a conversation."""
_DAYS = 400


@dataclass(frozen=True)
class Said:
    """A message."""

    role: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Planted:
    """A question with the messages that answer it, as (conversation, place) in their order of time."""

    kind: str
    """`fact`, `preference`, `contradiction` or `event`."""
    question: str
    evidence: tuple[tuple[int, int], ...]
    """Of a preference its statements, of which the last holds."""


@dataclass(frozen=True)
class History:
    """What one user said, and what can be asked of it."""

    conversations: list[list[Said]]
    questions: list[Planted] = field(default_factory=list)


@dataclass(frozen=True)
class Wordings:
    """What a history is made of. `{}` stands for the value in a statement."""

    facts: tuple[tuple[tuple[str, ...], tuple[str, ...], list[str]], ...]
    """Statements, questions and values."""
    preferences: tuple[tuple[tuple[str, ...], tuple[str, ...], list[str]], ...]
    """The same; the last two statements say that it changed."""
    contradictions: tuple[tuple[tuple[str, str], str], ...]
    events: tuple[tuple[str, str, list[str]], ...]
    """A statement, a question in which `{}` stands for the day, and values; without a day it happens once."""
    chatter: tuple[str, ...]
    replies: tuple[str, ...]


PEOPLE = "Ingrid Tomasz Priya Carlos Mei Fatima Olaf Jasper Nadia Kofi Lucia Henrik Amara Dmitri Yuki Bruno".split()
CITIES = "Lisbon Oslo Krakow Bergen Valencia Ghent Turin Porto Leipzig Malmo Nantes Graz Tartu Split Cork Bath".split()
PETS = "Biscuit Waffles Shadow Pepper Mochi Comet Ziggy Olive Rusty Nimbus Pickle Juno Basil Truffle".split()
COLOURS = "teal ochre crimson ivory indigo olive amber maroon turquoise lilac".split()
_DRINKS = (
    "oat milk latte|black tea|mint lemonade|cold brew|hot cocoa|green smoothie|ginger ale|chai|espresso tonic|apple juice"
).split("|")
_FOODS = "ramen|lasagne|falafel|paella|pierogi|dumplings|risotto|tacos|goulash|bibimbap".split("|")
_TOOLS = "Obsidian|Notion|a paper notebook|Trello|plain text files|OneNote|Todoist|a whiteboard|Evernote|Logseq".split(
    "|"
)
_SPORTS = "climbing|rowing|badminton|fencing|cycling|swimming|yoga|table tennis|archery|judo".split("|")
_MUSIC = "jazz|ambient techno|string quartets|folk songs|bossa nova|metal|film scores|opera|lo-fi beats|reggae".split(
    "|"
)
_BANKS = "Alder Bank|Northgate|Meridian Credit|Quayside Bank|Union Mutual|Harbour Savings".split("|")
_CARS = "Skoda Octavia|Fiat Panda|Volvo V60|Mazda 3|Renault Zoe|Toyota Yaris|Kia Niro|Honda Jazz".split("|")
_JOBS = "an architect|a nurse|a translator|a welder|a beekeeper|a notary|a pilot|a set designer|a geologist|a chef".split(
    "|"
)
_NUMBERS = [str(number) for number in range(23, 190, 7)]

_FACTS: tuple[tuple[tuple[str, ...], tuple[str, ...], list[str]], ...] = (
    (("My dog is called {}, by the way.", "I have to walk {} now, that is our dog."),
     ("What is the name of my dog?", "How is my dog called?"), PETS),
    (("My sister moved to {} with her husband.", "My sister lives in {}, we visit her at Easter."),
     ("Which city does my sister live in?", "Where does my sister live?"), CITIES),
    (("I drive a {}, bought second hand.", "Our car is a {}, it still runs well."),
     ("What car do I drive?", "Which car do we have?"), _CARS),
    (("My dentist is Doctor {}, near the station.", "I had Doctor {} look at my teeth, she is my dentist."),
     ("Who is my dentist?", "What is the name of my dentist?"), PEOPLE),
    (("I was born in {}, though I left as a child.", "My birthplace is {}."),
     ("Where was I born?", "What is my birthplace?"), CITIES),
    (("For work I am {}, since ten years.", "I earn my living as {}."),
     ("What is my profession?", "What do I do for a living?"), _JOBS),
    (("My landlord is {}, a patient man.", "I rent from a man named {}, my landlord."),
     ("Who is my landlord?", "What is my landlord called?"), PEOPLE),
    (("Our flat measures {} square metres.", "The flat has {} square metres, balcony included."),
     ("How many square metres does our flat have?", "How big is our flat in square metres?"), _NUMBERS),
    (("The code of my bike lock is {}.", "I set my bike lock to {}."),
     ("What is the code of my bike lock?", "Which number opens my bike lock?"), _NUMBERS),
    (("My daughter is named {} after her grandmother.", "We called our daughter {}."),
     ("What is my daughter's name?", "How did we call our daughter?"), PEOPLE),
    (("I went to university in {}.", "I studied in {}, five years in all."),
     ("Where did I go to university?", "In which city did I study?"), CITIES),
    (("The walls of my office are {}.", "We painted my office {}."),
     ("What colour are the walls of my office?", "Which colour is my office painted in?"), COLOURS),
)  # fmt: skip
_PREFERENCES: tuple[tuple[tuple[str, ...], tuple[str, ...], list[str]], ...] = (
    (("My favourite drink is {}.", "These days {} is what I like to drink most.", "I changed my mind on drinks: my favourite is {} now."),
     ("What is my favourite drink?", "Which drink do I like most?"), _DRINKS),
    (("My favourite food is {}.", "Lately {} has become my favourite food.", "If I may choose what to eat, I now take {}, my favourite."),
     ("What is my favourite food?", "Which food do I like best?"), _FOODS),
    (("I keep my notes in {}.", "I have moved my notes to {}.", "From now on I take all my notes in {}."),
     ("Where do I keep my notes?", "What do I use for my notes?"), _TOOLS),
    (("My sport is {}, twice a week.", "I have switched my sport to {}.", "As for sport, I do {} now."),
     ("Which sport do I do?", "What is my sport?"), _SPORTS),
    (("When I work I listen to {}.", "For work I have started to listen to {} instead.", "I now listen to {} while I work."),
     ("What music do I listen to when I work?", "What do I listen to while working?"), _MUSIC),
    (("My bank is {}.", "I moved my account to {}, that is my bank now.", "I have left my old bank and am with {}."),
     ("Which bank am I with?", "What is my bank?"), _BANKS),
    (("I live in {}.", "I have moved, I live in {} now.", "My new home is in {}, I moved there."),
     ("Where do I live?", "Which city do I live in?"), CITIES),
    (("Please use {} for the headings of my slides.", "Make the headings of my slides {} instead.", "I want the slide headings in {} from now on."),
     ("Which colour do I want for the headings of my slides?", "What colour should the slide headings be?"), COLOURS),
)  # fmt: skip
_CONTRADICTIONS: tuple[tuple[tuple[str, str], str], ...] = (
    (("I am allergic to peanuts.", "I have no allergy to peanuts, I eat them all the time."), "Am I allergic to peanuts?"),
    (("The deadline of the grant is in October.", "The grant's deadline is in November, I think."), "When is the deadline of the grant?"),
    (("I have never been to Japan.", "When I was in Japan I slept in a temple."), "Have I been to Japan?"),
    (("I am a vegetarian.", "I had a steak, I eat meat every week."), "Do I eat meat, or am I a vegetarian?"),
)  # fmt: skip
_EVENTS: tuple[tuple[str, str, list[str]], ...] = (
    ("Today I signed the lease for the studio in {}.", "What did I sign {}?", CITIES),
    ("I met {} today, we had lunch by the canal.", "Who did I meet for lunch {}?", PEOPLE),
    ("We went to the {} concert today, it was loud.", "Which concert did we go to {}?", _MUSIC),
    ("I bought a {} lamp at the market today.", "What did I buy at the market {}?", COLOURS),
    ("I had an appointment with {} today about the roof.", "Who did I have an appointment with {}?", PEOPLE),
    ("Today I finished the report on {}.", "Which report did I finish {}?", CITIES),
)
_CHATTER = (
    "My neighbour's dog {pet} barked all night again.", "A colleague of mine moved to {city} last spring.",
    "{person} told me that {city} is lovely at this time of year.", "Can you explain how compound interest works?",
    "The meeting about the {colour} brochure took an hour.", "{person} drinks {drink} with every meal.",
    "What would you cook with leftover {food}?", "I read that {sport} is good for the back.",
    "The train to {city} was late, so I read a book.", "Please shorten this paragraph about {music}.",
    "How do I get {colour} stains out of a carpet?", "{person} is thinking of buying a {car}.",
    "The weather was grey and I stayed inside.", "Could you draft a short note to {person}?",
    "There was a documentary on {city} and its bridges.", "My uncle was {job} before he retired.",
    "I do not understand what the tax form wants from me.", "Let us go on with the list from before.",
    "{person} recommended a place that serves {food}.", "What is the difference between {music} and {othermusic}?",
    "The office printer is broken again, number {number}.", "How long does it take to drive to {city}?",
    "A friend keeps her notes in {tool} and is happy.", "Thanks, that helps. One more thing about the budget.",
    "The bank {bank} was in the news, something on fees.", "Tell me a joke about {sport}.",
)  # fmt: skip
_REPLIES = (
    "Thank you, I will keep that in mind.", "Of course. Shall I go into detail?", "Here is a shorter version for you.",
    "That is a good question; it depends on a few things.", "Done. Is there anything else?",
    "I would start with the simplest step and see how it goes.", "It takes about {number} minutes in most cases.",
    "{city} comes up often in this context, but there are others.", "Understood. I suggest that we look at it tomorrow.",
    "People who like {music} often say the same.",
)  # fmt: skip


USUAL = Wordings(_FACTS, _PREFERENCES, _CONTRADICTIONS, _EVENTS, _CHATTER, _REPLIES)


def histories(
    *, users: int, conversations: int, seed: int = 7, wordings: Wordings = USUAL
) -> Iterator[History]:
    """The histories of so many users with so many conversations of `TURNS` messages each."""
    for user in range(users):
        yield history(random.Random(seed * 1000 + user), conversations, wordings)


def history(rng: random.Random, conversations: int, wordings: Wordings = USUAL) -> History:
    """One user's history; from some 40 conversations on all that is planted finds its place."""
    times = sorted(NOW - timedelta(days=rng.uniform(0.2, _DAYS)) for _ in range(conversations))
    made = History([_talk(rng, at, wordings) for at in times])
    free = [(number, place) for number in range(conversations) for place in range(0, TURNS, 2)]
    rng.shuffle(free)
    for statements, questions, values in wordings.facts:
        if free:
            spot = free.pop()
            _plant(made, spot, rng.choice(statements).format(rng.choice(values)))
            made.questions.append(Planted("fact", rng.choice(questions), (spot,)))
    for statements, questions, values in wordings.preferences:
        count = rng.choice((2, 2, 3))
        if len(free) >= count * 4:
            _preference(made, rng, free, (statements, questions, values), count)
    for both, question in wordings.contradictions:
        if len(free) >= 2:  # one each
            spots = sorted((free.pop(), free.pop()))
            for spot, text in zip(spots, both, strict=True):
                _plant(made, spot, text)
            made.questions.append(Planted("contradiction", question, tuple(spots)))
    _events(made, rng, free, wordings)
    return made


def _preference(
    made: History,
    rng: random.Random,
    free: list[tuple[int, int]],
    said: tuple[tuple[str, ...], tuple[str, ...], list[str]],
    count: int,
) -> None:
    """Statements of one preference at different times, each with another value; the later say that it changed."""
    statements, questions, values = said
    spots: list[tuple[int, int]] = []
    for spot in list(free):
        if len(spots) < count and all(spot[0] != other[0] for other in spots):
            spots.append(spot)
            free.remove(spot)
    for number, (spot, value) in enumerate(zip(sorted(spots), rng.sample(values, count), strict=True)):
        text = rng.choice(statements[-2:]) if number else statements[count % (len(statements) - 2)]
        _plant(made, spot, text.format(value))
    made.questions.append(Planted("preference", rng.choice(questions), tuple(sorted(spots))))


def _events(made: History, rng: random.Random, free: list[tuple[int, int]], wordings: Wordings) -> None:
    """The same kinds of events on several days each, told apart by the day only."""
    for statement, question, values in wordings.events:
        most = 3 if "{}" in question else 1
        days: set[object] = set()
        for spot in list(free):
            at = made.conversations[spot[0]][spot[1]].at
            if len(days) == most or at.date() in days or spot not in free:
                continue
            days.add(at.date())
            free.remove(spot)
            _plant(made, spot, statement.format(rng.choice(values)))
            made.questions.append(Planted("event", question.format(_when(rng, at)), (spot,)))


def _when(rng: random.Random, at: datetime) -> str:
    days = (NOW.date() - at.date()).days
    if days == 1:
        return "yesterday"
    if 1 < days < 7:  # days of a week
        return f"last {at:%A}"
    return rng.choice((f"on {at.day} {at:%B %Y}", f"on {at:%B} {at.day}, {at.year}", f"on {at:%Y-%m-%d}"))


def _plant(made: History, spot: tuple[int, int], text: str) -> None:
    talk = made.conversations[spot[0]]
    talk[spot[1]] = Said("user", text, talk[spot[1]].at)


def _talk(rng: random.Random, at: datetime, wordings: Wordings) -> list[Said]:
    return [
        Said(
            "assistant" if turn % 2 else "user",
            _filled(rng, rng.choice(wordings.replies if turn % 2 else wordings.chatter)),
            at + timedelta(minutes=turn),
        )
        for turn in range(TURNS)
    ]


def _filled(rng: random.Random, text: str) -> str:
    return text.format(
        pet=rng.choice(PETS), city=rng.choice(CITIES), person=rng.choice(PEOPLE), colour=rng.choice(COLOURS),
        drink=rng.choice(_DRINKS), food=rng.choice(_FOODS), sport=rng.choice(_SPORTS), music=rng.choice(_MUSIC),
        othermusic=rng.choice(_MUSIC), car=rng.choice(_CARS), job=rng.choice(_JOBS), tool=rng.choice(_TOOLS),
        bank=rng.choice(_BANKS), number=rng.choice(_NUMBERS),
    )  # fmt: skip
