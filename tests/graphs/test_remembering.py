"""What a turn does with what is remembered beyond its thread."""

from datetime import UTC, datetime

import pytest

from graphs import GraphSettings, Route
from graphs.remembering import asks_of_himself, from_memory, known_of_him, only_states
from memory import AtHand, Degraded, Kind, Recalled, Recollection, Tier
from tests.fakes.scripted_model import Step
from tests.graphs.conversation import Conversation, FixedRouter, Remembering, to


def item(
    text: str,
    *,
    relevance: float = 0.9,
    kind: Kind = Kind.MESSAGE,
    role: str | None = "user",
    name: str = "msg_1",
    sources: tuple[str, ...] = (),
    day: int = 3,
) -> Recalled:
    return Recalled(
        id=name,
        tier=Tier.MEDIUM if kind is Kind.MESSAGE else Tier.LONG,
        kind=kind,
        text=text,
        tokens=10,
        score=relevance,
        relevance=relevance,
        reasons=("words: name",),
        message_ids=sources or (name,),
        role=role if kind is Kind.MESSAGE else None,
        said_at=datetime(2026, 5, day, tzinfo=UTC),
    )


NAME = item("My name is Michael, and this is my first time here.")


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("What is my first name?", True),
        ("do you remember the colour of the kitchen", True),
        ("where did i say I live", True),
        ("¿Cómo se llama mi perro?", True),
        ("Как меня зовут", True),
        ("How do I take my coffee?", True),
        ("and how do I compute it?", False),
        ("Should I use the RSI?", False),
        ("What is the RSI indicator?", False),
        ("I live in Seattle.", False),
    ],
)
def test_questions_about_their_writer_are_told_from_others(message, asks):
    assert asks_of_himself(message) is asks


def test_items_that_are_not_near_enough_answer_nothing():
    assert from_memory(Recollection(items=(item("Something else.", relevance=0.3),))) is None


@pytest.mark.parametrize("kind", [Kind.PATTERN, Kind.PRACTICE, Kind.PERFORMANCE])
def test_what_was_counted_of_runs_answers_no_question_of_the_user(kind):
    assert from_memory(Recollection(items=(item("Asks technical for it again.", kind=kind),))) is None


def test_only_what_is_nearly_as_relevant_as_the_best_is_told_beside_it():
    told = from_memory(
        Recollection(
            items=(
                NAME,
                item("Lives in Seattle.", kind=Kind.FACT, relevance=0.8, name="rec_1"),
                item("Chatter.", relevance=0.55),
            )
        )
    )
    assert told is not None
    assert "Michael" in told
    assert "I have noted (3 May 2026): Lives in Seattle." in told
    assert "Chatter" not in told


def test_what_was_noted_last_leads_and_what_was_said_before_it_is_told_as_earlier():
    old = item("I live in Berlin.", relevance=0.95, name="msg_1")
    new = item("Actually I moved to Madrid.", relevance=0.9, name="msg_2", day=5)
    noted = item("Lives in Madrid.", kind=Kind.FACT, relevance=0.8, name="rec_1", sources=("msg_2",), day=5)
    assert from_memory(Recollection(items=(old, new, noted))) == (
        "This is what I remember:\n\n- I have noted (5 May 2026): Lives in Madrid.\n"
        "- Earlier, on 3 May 2026 you said: “I live in Berlin.”"
    )


def test_a_message_after_what_was_noted_is_not_told_as_earlier():
    noted = item("Lives in Berlin.", kind=Kind.FACT, name="rec_1", sources=("msg_1",))
    told = from_memory(Recollection(items=(item("I moved to Madrid.", name="msg_2", day=5), noted)))
    assert told is not None
    assert "On 5 May 2026 you said: “I moved to Madrid.”" in told


def statements_of(*beginnings: str):
    """A notice that takes sentences with these beginnings for statements."""
    return lambda sentence: (sentence,) if sentence.startswith(beginnings) else ()


@pytest.fixture
def conversation(pool, memory, charters, extractive):
    def make(router, recaller, **more) -> Conversation:
        return Conversation(pool, memory, charters, extractive, router, recaller=recaller, **more)

    return make


async def test_question_about_the_user_is_answered_out_of_memory(conversation):
    talk = conversation(FixedRouter(Route(kind="out_of_scope")), Remembering((NAME,)))
    state = await talk.say("What is my first name?")
    assert state["answer"] == "On 3 May 2026 you said: “My name is Michael, and this is my first time here.”"
    assert state["outcome"] == "answered"
    ((owner, query, budget, wanted),) = talk.recaller.asked
    assert (owner, query) == (talk.scope.owner, "What is my first name?")
    assert budget == talk.settings.memory_tokens
    assert wanted.at_hand == AtHand(thread_id=talk.scope.thread_id, since=None)


LIVES = item("Lives in Oslo.", kind=Kind.FACT, name="rec_1")


@pytest.mark.parametrize(
    "message",
    [
        "Where do I live?",
        "Do you remember where I live?",
        "What is my job?",
        "Wo wohne ich?",
        "¿Dónde vivo?",
        "Где я живу?",
    ],
)
async def test_question_about_what_is_on_record_goes_to_no_specialist(conversation, message):
    talk = conversation(to("davina"), Remembering((LIVES,)))
    state = await talk.say(message)
    assert state["answer"] == "I have noted (3 May 2026): Lives in Oslo."
    assert state["outcome"] == "answered"
    assert talk.types() == ["route", "token"]
    assert not state.get("results")


@pytest.mark.parametrize(
    ("message", "items"),
    [
        ("Where do I live?", ()),
        ("Where do I live?", (item("I live in Oslo.", role="assistant"),)),
        ("Where do I live?", (item("Where do I live?"),)),
        ("Where do I set the stop for 10 BTC?", (LIVES,)),
        ("How should I plan my budget?", (LIVES,)),
        ("Compute my break-even", (LIVES,)),
        ("What is the RSI?", (LIVES,)),
        ("What should I wear in Oslo?", (LIVES,)),
        ("What was my last question?", (LIVES,)),
        ("Wie messe ich die Trendstärke?", (LIVES,)),
        ("¿Cómo guardo mis criptomonedas?", (LIVES,)),
        ("Сколько я плачу за фандинг?", (LIVES,)),
    ],
)
def test_other_questions_are_left_to_the_router(message, items):
    assert not known_of_him(message, Recollection(items=items))


async def test_what_memory_answers_where_a_specialist_declines_is_no_refusal(conversation):
    talk = conversation(to("davina", request="Who walks my dog on Sundays?"), Remembering((LIVES,)))
    state = await talk.say("Tell me who walks my dog on Sundays?")
    assert state["answer"] == "I have noted (3 May 2026): Lives in Oslo."
    assert state["outcome"] == "answered"


async def test_recall_leaves_out_the_turns_that_are_carried_along_and_no_others(conversation):
    talk = conversation(FixedRouter(Route(kind="small_talk")), Remembering())
    await talk.say("hello")
    state = await talk.say("hello again")
    (carried,) = state["turns"]
    *_, (_, _, _, wanted) = talk.recaller.asked
    assert wanted.at_hand == AtHand(thread_id=talk.scope.thread_id, since=carried.at)


async def test_tiers_that_did_not_answer_are_said_in_the_turn(conversation):
    missing = Degraded(tier=Tier.LONG, reason="it did not answer in time; found by words alone")
    talk = conversation(FixedRouter(Route(kind="small_talk")), Remembering(degraded=(missing,)))
    assert (await talk.say("hello"))["degraded"] == [missing]


async def test_question_that_memory_does_not_answer_is_declined_as_before(conversation):
    talk = conversation(FixedRouter(Route(kind="out_of_scope")), Remembering())
    assert (await talk.say("What is my first name?"))["outcome"] == "declined"


async def test_statement_of_the_user_about_himself_is_confirmed(conversation):
    talk = conversation(
        FixedRouter(Route(kind="out_of_scope")), Remembering(), notice=lambda _: ("Lives in Seattle.",)
    )
    assert (await talk.say("I live in Seattle."))["answer"] == "Noted: Lives in Seattle."


async def test_message_that_only_tells_of_its_writer_goes_to_no_specialist(conversation):
    talk = conversation(to("davina"), Remembering(), notice=statements_of("I hold", "My name"))
    state = await talk.say("Hello! My name is Michael. I hold 2.5 BTC.")
    assert state["answer"] == "Noted:\n\n- My name is Michael.\n- I hold 2.5 BTC."
    assert talk.types() == ["route", "token"]


@pytest.mark.parametrize("message", ["I hold 2.5 BTC. Plan a budget.", "I hold 2.5 BTC, is that much?"])
def test_message_that_asks_for_something_is_no_mere_statement(message):
    assert only_states(message, statements_of("I hold")) == []


async def test_model_reads_what_is_remembered_beside_the_request(play):
    talk, script = play(Step(text="Yes."), router=to("davina"), recaller=Remembering((NAME,)))
    state = await talk.say("Plan a budget")
    assert "2026-05-03 the user said: My name is Michael" in script.asked[0].messages[-1].text
    assert state["recalled"].items == (NAME,)


async def test_nothing_is_recalled_where_the_settings_allow_no_tokens(conversation):
    talk = conversation(
        FixedRouter(Route(kind="small_talk")), Remembering((NAME,)), settings=GraphSettings(memory_tokens=0)
    )
    await talk.say("hello")
    assert talk.recaller.asked == []
