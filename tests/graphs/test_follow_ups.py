"""A conversation without any model weights: the real router, tools and extractive model, over real stores."""

import pytest

from tests.graphs.conversation import RSI, STAKING, Conversation, Shelf

CLOSES = "44 45 43 46 47 49 48 50 52 51 53 55 54 56 58 57 59 61 60 62 64 63 65"


@pytest.fixture
def talk(pool, memory, charters, extractive, router) -> Conversation:
    return Conversation(pool, memory, charters, extractive, router, Shelf(RSI, STAKING))


async def test_a_follow_up_changes_one_argument_of_the_earlier_tool_call(talk):
    first = await talk.say(f"Compute the RSI over 9 periods of {CLOSES.replace(' ', ', ')}")
    (use,) = first["results"][0].tool_uses
    second = await talk.say("and for 14 days?")
    (changed,) = second["results"][0].tool_uses
    assert second["route"].tasks[0].agent == "technical"
    assert changed.name == use.name
    assert {key for key in changed.arguments if changed.arguments[key] != use.arguments.get(key)} == {
        "period"
    }
    assert changed.arguments["period"] == 14
    assert changed.result != use.result


async def test_a_date_that_may_be_two_is_asked_about_and_the_answer_completes_the_request(talk):
    first = await talk.say(
        "Content calendar about coffee, brewing and recipes, 3 posts a week from 01/03/2026"
    )
    assert first["outcome"] == "needs_input"
    assert "**start**" in first["answer"]
    assert "“01/03/2026” may be 2026-03-01 or 2026-01-03" in first["answer"]
    second = await talk.say("March 1, 2026")
    (use,) = second["results"][0].tool_uses
    assert use.name == "content_calendar"
    assert (use.arguments["start"], use.arguments["posts_per_week"]) == ("2026-03-01", 3)


async def test_where_were_we_names_the_last_requests_and_who_answered(talk):
    empty = await talk.say("Where were we?")
    assert "only just begun" in empty["answer"]
    await talk.say("What is the RSI?")
    await talk.say("NPV of -1000, 400, 400, 400 at 8 %")
    state = await talk.say("Where were we?")
    assert "“What is the RSI?”" in state["answer"]
    assert talk.charters["davina"].title in state["answer"]
    assert "The last thing we worked on was “NPV of -1000, 400, 400, 400 at 8 %”." in state["answer"]
    assert state["outcome"] == "answered"


async def test_an_answer_cites_the_passage_it_quotes(talk):
    state = await talk.say("What is staking?")
    assert "[1]" in state["answer"]
    assert [citation.pair_id for citation in state["citations"]] == ["pair_staking"]


async def test_what_no_specialist_is_for_is_declined(talk):
    state = await talk.say("What's the weather?")
    assert state["outcome"] == "declined"
    assert "results" not in state or state["results"] == []


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("who are you?", "I am Freya"),
        ("what can you do for me?", "specialists"),
        ("bye!", "Goodbye"),
        ("thanks a lot", "You are welcome"),
        ("how are you?", "All is well"),
        ("ok", "All right"),
        ("hello", "Hello!"),
    ],
)
async def test_small_talk_is_answered_to_the_point(talk, message, said):
    assert said in (await talk.say(message))["answer"]
