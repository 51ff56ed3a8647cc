"""A conversation without any model weights: the real router, tools and extractive model, over real stores."""

import pytest

from memory import Database, MemorySettings, ShortTermTier, ThreadStore, TieredConversation
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


@pytest.mark.parametrize(
    ("asked", "between", "then", "changed"),
    [
        (f"Compute the RSI over 9 periods of {CLOSES.replace(' ', ', ')}", "thanks!", "and for 14 days?", {"period": 14}),
        (f"Compute the RSI over 9 periods of {CLOSES.replace(' ', ', ')}", "What is the RSI?", "and for 14 days?", {"period": 14}),
        ("Liquidation price of a long at 60000 with 10x leverage", "What is staking?", "and with 20x?", {"leverage": 20}),
        ("Position size for an account of 10000, risk 1 %, entry 60000, stop 58000", "NPV of -1000, 400, 400, 400 at 8 %",
         "and with a stop at 57000?", {"stop": 57000}),
    ],
)  # fmt: skip
async def test_a_follow_up_after_something_else_takes_the_rest_from_the_earlier_call(
    talk, asked, between, then, changed
):
    (use,) = (await talk.say(asked))["results"][0].tool_uses
    await talk.say(between)
    (again,) = (await talk.say(then))["results"][0].tool_uses
    assert (again.agent, again.name, again.failed) == (use.agent, use.name, False)
    assert {**again.arguments, "bars": ""} == {**use.arguments, **changed, "bars": ""}


@pytest.mark.parametrize("lost", [False, True])
async def test_a_follow_up_takes_arguments_of_a_call_that_is_carried_along_no_more(
    pool, redis, charters, extractive, router, lost
):
    settings = MemorySettings(token_limit=200)
    memory = TieredConversation(ShortTermTier(redis, settings), ThreadStore(Database(pool)), settings)
    talk = Conversation(pool, memory, charters, extractive, router, Shelf(RSI, STAKING))
    (use,) = (await talk.say("Liquidation price of a long at 60000 with 10x leverage"))["results"][
        0
    ].tool_uses
    for _ in range(6):
        await talk.say("What is staking?")
    if lost:
        await redis.flushdb()
    state = await talk.say("and with 20x?")
    assert not any(turn.tool_uses for turn in state["turns"])
    (again,) = state["results"][0].tool_uses
    assert again.arguments == {**use.arguments, "leverage": 20}


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
