"""What a client that keeps its conversations itself brings to a turn."""

from typing import Any

from graphs import Brought, ClientCall, Said, Wishes
from graphs.bringing import as_messages
from models.chat import Role, language_model
from tests.fakes.scripted_model import Step
from tests.graphs.conversation import to


def test_conversation_becomes_turns_without_the_clients_tools():
    call = ClientCall(id="c1", name="look", arguments='{"a": 1}')
    brought = Brought(
        before=(
            Said(role="assistant", text="Welcome."),
            Said(role="user", text="Look!"),
            Said(role="assistant", text="", calls=(call,)),
            Said(role="tool", text="seen", call_id="c1"),
            Said(role="assistant", text="I saw it."),
            Said(role="assistant", text="All of it."),
            Said(role="user", text="And?"),
        )
    )
    told = [(turn.request, turn.answer) for turn in brought.turns()]
    assert told == [("", "Welcome."), ("Look!", "I saw it.\n\nAll of it."), ("And?", "")]
    messages: list[Any] = as_messages(brought.before)
    assert [message.type for message in messages] == ["ai", "human", "ai", "tool", "ai", "ai", "human"]
    assert messages[2].tool_calls == [{"name": "look", "args": {"a": 1}, "id": "c1", "type": "tool_call"}]


def test_nothing_brought_wishes_nothing():
    assert Brought().turns() == []
    assert Brought().bound() == {}
    assert not Brought().asks_model
    wishes = Wishes(max_tokens=5, stop=("x",))
    assert Brought(wishes=wishes).bound() == {"max_tokens": 5, "stop": ["x"]}


def test_extractive_model_is_no_language_model(extractive):
    assert language_model(extractive.of(Role.REASONING)) is None


async def test_specialist_is_told_the_clients_instructions(play):
    conversation, script = play(Step(text="The RSI is an oscillator [1]."), router=to("technical"))
    conversation.brought = Brought(
        instructions="Answer in verse.",
        before=(Said(role="user", text="What is MACD?"), Said(role="assistant", text="A trend gauge.")),
    )
    await conversation.say("And the RSI?")
    [asked] = script.asked
    assert asked.messages[0].text.endswith("Answer in verse.")
    assert [message.text for message in asked.messages[1:3]] == ["What is MACD?", "A trend gauge."]
