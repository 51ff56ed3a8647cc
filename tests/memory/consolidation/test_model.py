"""A model's extraction under a schema, checked against the message, beside the rules."""

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool

from memory import Draft, Kind
from memory.consolidation import Excerpt, ModelExtractor, RuleExtractor
from tests.fakes.scripted_model import Script, ScriptedChatModel, Step
from tests.memory.consolidation.conftest import said


class Schooled(ScriptedChatModel):
    """Takes a schema for a tool, as chat models do."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> Runnable[LanguageModelInput, AIMessage]:
        return super().bind_tools([convert_to_openai_tool(tool) for tool in tools], **more)


_TEXT = "I live in Oslo. Most evenings I end up at the climbing gym."


def _statement(quote: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "fact",
        "text": "Climbs most evenings.",
        "slot": "sport",
        "value": "climbing",
        "quote": quote,
        **more,
    }


async def _drafts(step: Step, text: str) -> list[Draft]:
    script = Script([step])
    extractor = ModelExtractor(Schooled(script), RuleExtractor())
    found = await extractor.extract(Excerpt(said=said(text)))
    script.finish()
    return found


async def _extract(step: Step, text: str = _TEXT) -> dict[str | None, str]:
    return {draft.slot: draft.text for draft in await _drafts(step, text)}


_CHOICE = "After the review last Tuesday the vote fell on Postgres; MongoDB and DynamoDB lost out since our reports need joins."


async def _decided(**more: Any) -> Draft:
    """The draft of the one decision in `_CHOICE`, as the model tells it."""
    told = {
        "kind": "decision",
        "text": "Chose Postgres as the database.",
        "slot": "database",
        "value": "Postgres",
        "quote": "the vote fell on Postgres",
        **more,
    }
    [draft] = await _drafts(_answer(told), _CHOICE)
    return draft


def _answer(*statements: dict[str, Any]) -> Step:
    return Step(calls=[("Statements", {"statements": list(statements)})])


async def test_what_the_model_finds_joins_what_the_rules_find() -> None:
    found = await _extract(_answer(_statement("I end up at the climbing gym")))

    assert found == {"fact:home": "Lives in Oslo.", "fact:sport": "Climbs most evenings."}


async def test_where_both_fill_a_slot_the_rules_stand() -> None:
    found = await _extract(_answer(_statement("I live in Oslo", slot="fact:home", text="Lives in Norway.")))

    assert found == {"fact:home": "Lives in Oslo."}


async def test_a_statement_without_its_words_in_the_message_is_dropped() -> None:
    found = await _extract(_answer(_statement("I climb at weekends in Rome")))

    assert found == {"fact:home": "Lives in Oslo."}


async def test_a_decision_carries_why_instead_of_what_when_and_how_it_stands() -> None:
    draft = await _decided(
        why="our reports need joins", alternatives=["MongoDB", "DynamoDB"], when="last Tuesday", state="made"
    )

    assert (draft.kind, draft.slot) == (Kind.DECISION, "decision:database")
    assert draft.text == (
        "Chose Postgres as the database instead of MongoDB or DynamoDB, because their reports need joins."
    )
    assert draft.details == {
        "what": "Postgres",
        "why": "their reports need joins",
        "alternatives": ["MongoDB", "DynamoDB"],
        "when": "last Tuesday",
        "state": "made",
        "rule": "model",
        "quote": "the vote fell on Postgres",
    }


async def test_what_the_message_does_not_say_of_a_decision_is_left_out() -> None:
    draft = await _decided(
        why="it is cheaper", alternatives=["Oracle", "MongoDB"], when="in March", state="blocked"
    )

    assert draft.text == "Chose Postgres as the database instead of MongoDB."
    assert draft.details["alternatives"] == ["MongoDB"]
    assert draft.details["state"] == "made"
    assert not {"why", "when", "ended"} & set(draft.details)


async def test_a_withdrawn_decision_ends_what_was_decided_before() -> None:
    assert (await _decided(state="withdrawn")).details["ended"] is True


async def test_progress_says_how_far_it_is_and_a_fact_says_no_such_thing() -> None:
    step = {
        "kind": "progress",
        "slot": "gym",
        "state": "blocked",
        "why": "I live in Oslo",
        "when": "Most evenings",
    }
    fact = {"slot": "sport", "state": "made", "why": "I live in Oslo", "alternatives": ["Oslo"]}
    quote = "I end up at the climbing gym"
    _, progress, plain = await _drafts(
        _answer(_statement(quote, **step), _statement(quote, text="Climbs.", **fact)), _TEXT
    )

    assert progress.details == {"state": "blocked", "when": "Most evenings", "rule": "model", "quote": quote}
    assert plain.details == {"rule": "model", "quote": quote}


async def test_whatever_fails_in_the_model_the_rules_do_without_it() -> None:
    for step in (
        Step(error=RuntimeError("no model")),
        Step(text="I cannot do that."),
        _answer({"kind": "gossip", "text": "no"}),
    ):
        assert await _extract(step) == {"fact:home": "Lives in Oslo."}


async def test_the_assistants_message_is_not_asked_about() -> None:
    script = Script([])
    extractor = ModelExtractor(Schooled(script), RuleExtractor())

    assert await extractor.extract(Excerpt(said=said(_TEXT, role="assistant"))) == []
    assert script.asked == []
