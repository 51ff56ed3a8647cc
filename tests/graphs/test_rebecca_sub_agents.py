"""What Rebecca's sub-agents put together without a language model for requests as users write them."""

import pytest

from tests.graphs.conversation import Shelf, to

WORK = [
    (
        (
            "Design the architecture of an agent for our yoga studio in depth: members book classes on WhatsApp. Compare memory strategies "
            "and trade-offs and recommend one"
        ),
        "architect",
        ["analyze_domain", "generate_capabilities"],
        ["what it learned of a person (members)", "sent over WhatsApp"],
    ),
    (
        (
            "Write and improve the system prompt of a bot for a hardware shop, a comprehensive one: customers reserve tools; formal tone, "
            "in German; propose a strategy for its rules"
        ),
        "prompt_engineer",
        ["write_system_prompt"],
        ["- Formal, in German.", "it asks for that value and nothing else"],
    ),
    (
        (
            "Design and write a complete Python code skeleton with its integrations of an agent for a laundry: customers order pick-ups, which go "
            "into our calendar; compare designs"
        ),
        "coder",
        ["generate_code", "generate_api_spec"],
        ["Put the calendar behind the backend class"],
    ),
    (
        (
            "Do a comprehensive quality review of an agent for a pharmacy where patients order refills: find edge cases and abuse, and "
            "recommend a strategy for the assurance of its behaviour"
        ),
        "tester",
        ["generate_test_cases"],
        ["nothing is called for it", "When it may go live"],
    ),
    (
        (
            "Design rewards and preference data for fine-tuning of an agent for a bike rental where customers book bikes: review trajectories in "
            "depth and plan a strategy for fewer turns"
        ),
        "rl_trainer",
        ["prepare_training_data"],
        ["before a reward is written for fewer turns"],
    ),
]


@pytest.mark.parametrize(("request_", "sub_agent", "tools", "said"), WORK, ids=[each[1] for each in WORK])
async def test_a_deep_request_is_worked_out_by_the_sub_agent_for_it(
    play, extractive, request_, sub_agent, tools, said
):
    talk, _ = play(router=to("rebecca", request=request_), shelf=Shelf())
    talk.chat = extractive
    state = await talk.say(request_)
    (result,) = state["results"]
    assert sub_agent in result.sub_agents
    assert set(tools) <= {use.name for use in result.tool_uses if not use.failed}
    for text in said:
        assert text in state["answer"]
    assert result.grounding is not None
    assert result.grounding.holds
    assert result.artifacts


async def test_a_plain_design_is_still_made_by_tools(play, extractive):
    request = "Create a nail salon booking agent; Telegram, Russian, budget $100/month"
    talk, _ = play(router=to("rebecca", request=request), shelf=Shelf())
    talk.chat = extractive
    (result,) = (await talk.say(request))["results"]
    assert result.sub_agents == ()
    assert {"analyze_domain", "generate_db_schema"} <= {u.name for u in result.tool_uses}
