"""What a tool may be, and what it may give back."""

import pytest
from pydantic import BaseModel, ValidationError

from agents import Figure, Resources, ToolOutput, ToolRefused
from agents.tools import RESOURCES, is_financial, tool, writes


class Text(BaseModel):
    text: str


def called(made, text="x", **configurable):
    call = {"name": made.name, "args": {"text": text}, "id": "1", "type": "tool_call"}
    return made.ainvoke(call, {"configurable": configurable})


def made_by(run, **marks):
    return tool("machine", "Does it.", Text, run, examples=("do it",), **marks)


async def test_an_async_tool_answers_like_a_plain_one():
    async def run(given: Text) -> ToolOutput:
        return ToolOutput(text=given.text.upper(), data={})

    message = await called(made_by(run), "hello")
    assert (message.text, message.status) == ("HELLO", "success")
    assert message.artifact == ToolOutput(text="HELLO", data={})


async def test_an_async_tool_that_refuses_becomes_an_error_that_says_why():
    async def run(given: Text) -> ToolOutput:
        raise ToolRefused(f"{given.text} is not known; give another")

    message = await called(made_by(run))
    assert (message.text, message.status) == ("x is not known; give another", "error")


async def test_a_tool_that_asks_for_resources_gets_those_of_the_run():
    seen = []

    def run(given: Text, resources: Resources) -> ToolOutput:
        seen.append(resources)
        return ToolOutput(text=given.text, data={})

    offered = Resources()
    await called(made_by(run), **{RESOURCES: offered})
    assert seen[0] is offered


async def test_a_tool_called_outside_a_run_gets_resources_that_hold_nothing():
    async def run(given: Text, resources: Resources) -> ToolOutput:
        return ToolOutput(text=f"{given.text} {resources == Resources()}", data={})

    assert (await called(made_by(run))).text == "x True"


def test_a_tool_says_whether_it_writes_and_whether_money_is_at_risk():
    def run(given: Text) -> ToolOutput:
        return ToolOutput(text=given.text, data={})

    plain, marked = made_by(run), made_by(run, writes=True, financial=True)
    assert (writes(plain), is_financial(plain)) == (False, False)
    assert (writes(marked), is_financial(marked)) == (True, True)


def test_its_arguments_alone_are_what_models_are_told():
    async def run(given: Text, resources: Resources) -> ToolOutput:
        return ToolOutput(text=f"{given.text}{resources}", data={})

    assert list(made_by(run).args) == ["text"]


@pytest.mark.parametrize(
    ("figure", "written"),
    [
        (Figure(name="units", value=1234.5, decimals=0), "1,234"),
        (Figure(name="price", value=1234.5, unit="USD"), "1,234.50 USD"),
        (Figure(name="share", value=12.345, unit="%", decimals=1), "12.3 %"),
    ],
)
def test_a_figure_is_written_as_its_text_shows_it(figure, written):
    assert str(figure) == written


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_refused(value):
    with pytest.raises(ValidationError):
        Figure(name="x", value=value)
