import json

import pytest

from agents.rebecca import capabilities as capability
from agents.rebecca.analysis import analyze
from agents.rebecca.charter import charter
from agents.rebecca.domains import archetypes, domains, facets, read_entity
from agents.rebecca.model import ConstraintKind, EntityKind, Origin
from agents.tools import ToolRefused
from tests.agents.rebecca_cases import KNOWN, TOOLS, UNKNOWN, call, data, for_every_request, message, only


def entities(request: str) -> dict[str, EntityKind]:
    return {entity.name: entity.kind for entity in analyze(request).entities}


def test_charter_has_the_five_subagents_and_the_tools_of_the_specification():
    found = charter()
    assert found.name == "rebecca"
    assert found.collections == ("rebecca",)
    assert [agent.name for agent in found.subagents] == [
        "architect",
        "prompt_engineer",
        "coder",
        "tester",
        "rl_trainer",
    ]
    assert {tool.name for tool in found.tools} >= {
        "analyze_domain", "generate_capabilities", "generate_api_spec", "generate_db_schema", "generate_test_cases",
        "prepare_training_data",
    }  # fmt: skip
    assert len(found.utterances) >= 10
    assert all(len(agent.persona) > 200 for agent in found.subagents)


def test_whole_designs_are_examples_of_analysis_api_and_schema_and_of_no_other_tool():
    whole = "Design an agent for a dental clinic with WhatsApp booking"
    calling = {name for name, tool in TOOLS.items() if whole in (tool.metadata or {})["examples"]}
    assert calling == {"analyze_domain", "generate_api_spec", "generate_db_schema"}
    assert all(4 <= len((tool.metadata or {})["examples"]) <= 7 for tool in TOOLS.values())


@pytest.mark.parametrize(("request_text", "domain"), KNOWN.items())
def test_known_trade_is_recognised(request_text, domain):
    found = analyze(request_text)
    assert found.known
    assert found.domain == domain


@pytest.mark.parametrize(
    ("request_text", "domain", "title"),
    [
        ("need an ai agent for my dental clinic, patients book, cancel and move appointments", "dental_clinic", "dental clinic"),
        ("a veterinary clinic with three doctors, online booking", "veterinary", "veterinary clinic"),
        ("build me a customer support agent for an online shoe store", "fashion_shop", "shoe store"),
        ("analyze the domain of a flower delivery service, couriers, refunds", "florist", "flower delivery"),
        ("Write a system prompt for a polite hotel concierge bot", "hotel", "hotel"),
        ("draft a persona for our bank's support agent", "bank", "bank"),
        ("OpenAPI 3.1 document for a nail salon booking bot with clients, masters", "nail_salon", "nail salon"),
    ],
)  # fmt: skip
def test_trade_named_more_specifically_wins_and_gives_the_title(request_text, domain, title):
    found = analyze(request_text)
    assert (found.domain, found.title) == (domain, title)


@pytest.mark.parametrize("request_text", UNKNOWN)
def test_unknown_trade_gets_a_usable_model(request_text):
    found = analyze(request_text)
    assert not found.known
    assert found.customer is not None
    assert found.transaction is not None
    assert found.workflows[-1].name == "Hand over to a person"


@for_every_request
def test_every_model_is_sound(request_text):
    found = analyze(request_text)
    names = [entity.identifier for entity in found.entities]
    tables = [entity.table for entity in found.entities]
    assert len(set(names)) == len(names) <= 16
    assert len(set(tables)) == len(tables)
    assert all(relation.target in names for relation in found.relations)
    assert all(workflow.entity in {None, *names} for workflow in found.workflows)
    assert all(workflow.steps for workflow in found.workflows)
    assert found.values(ConstraintKind.CHANNEL)
    assert found.values(ConstraintKind.LANGUAGE)
    assert len(found.risks) >= 4


@for_every_request
def test_source_words_of_constraints_stand_in_the_request(request_text):
    for constraint in analyze(request_text).constraints:
        assert constraint.words in request_text.replace("\x00", " ")


def test_words_of_an_unknown_trade_become_its_entities():
    found = entities(UNKNOWN[0])
    assert found["customer"] is EntityKind.PERSON
    assert found["pilot"] is EntityKind.STAFF
    assert found["inspection"] is EntityKind.BOOKING
    assert found["report"] is EntityKind.RECORD
    assert "wind turbine" in found


def test_several_things_sold_become_one_catalogue_with_the_words_as_samples():
    found = analyze("bot for my beekeeping supplies business, sells hives, frames and honey")
    catalogue = found.first(EntityKind.CATALOGUE)
    assert catalogue is not None
    assert catalogue.samples == ("hive", "frame", "honey")
    assert found.first(EntityKind.ORDER) is not None
    assert found.first(EntityKind.LINE) is not None


def test_things_lent_become_resources_with_a_booking():
    found = entities("An observatory where visitors rent telescopes")
    assert found["telescope"] is EntityKind.RESOURCE
    assert found["telescope rental"] is EntityKind.BOOKING


def test_repaired_things_become_cases():
    assert entities("A clock restoration workshop: we repair clocks")["clock repair"] is EntityKind.CASE


def test_named_things_join_a_known_trade():
    found = entities("Bakery assistant that tracks ovens, handles complaints, gift cards and a waiting list")
    assert found["oven"] is EntityKind.RECORD
    assert found["complaint"] is EntityKind.CASE
    assert "gift card" in found
    assert "waiting list entry" in found


def test_domain_matched_by_a_passing_word_does_not_win_over_the_business_named():
    assert not analyze("I run an escape room and we eat pizza on Fridays, guests book rooms").known


def test_people_of_the_request_are_actors():
    names = {actor.name for actor in analyze("A bot for a gym where coaches record workouts").actors}
    assert {"member", "trainer", "coach", "owner", "agent"} <= names


@pytest.mark.parametrize(
    "request_text",
    [
        "", "   ", "x", "agent", "design an agent", "Design an agent", "Please help me design an agent", "create a bot please",
        "Design an agent for a business", "hello how are you", "asdf qwer zxcv", "12345 67890 !!!", "Создай агента",
        "Crea un agente", "Make me an API and a database schema", "do I need a reranker in my rag pipeline?",
        "how do I make the bot ask for missing details instead of guessing",
    ],
)  # fmt: skip
def test_request_without_a_domain_is_asked_for_one(request_text):
    for name in TOOLS:
        answer = message(name, request_text)
        assert answer["status"] == "error"
        assert "Say whose agent it is" in str(answer["content"])


def test_endless_request_is_refused_with_the_limit():
    with pytest.raises(ToolRefused, match="at most 50,000"):
        analyze("Design an agent for a hotel. " * 2000)


def test_analysis_answers_with_its_key_facts_first_and_a_document():
    output = call("analyze_domain", "Create a nail salon booking agent; Telegram, Russian, budget $100/month")
    assert output.text.startswith("Domain analysis of the nail salon agent: 7 entities")
    assert "| budget | 100 USD a month | “$100/month” |" in output.text
    document = json.loads(only(output, "domain.json").content)
    assert document["constraints"][0] == {"kind": "channel", "value": "Telegram", "words": "Telegram"}
    assert {
        "entity": "appointment",
        "attribute": "client_id",
        "target": "client",
        "optional": False,
    } in data(output)["relations"]


def test_analysis_says_what_it_assumed_and_that_a_trade_is_unknown():
    text = call("analyze_domain", "Design an agent for a submarine dock").text
    assert "not in the domain lexicon" in text
    assert "Assumed: channel and language." in text


def test_channels_and_languages_may_be_given_beside_the_text():
    output = call(
        "analyze_domain", "Bot for a hotel on Telegram", channels=["WhatsApp"], languages=["German", "Thai"]
    )
    found = [(item["kind"], item["value"]) for item in data(output)["constraints"]]
    assert found == [
        ("channel", "WhatsApp"),
        ("channel", "Telegram"),
        ("language", "German"),
        ("language", "Thai"),
    ]


@pytest.mark.parametrize("request_text", KNOWN)
def test_most_capabilities_are_tools_and_each_choice_follows_its_score(request_text):
    found = capability.capabilities(analyze(request_text))
    for item in found:
        assert 0 <= item.complexity <= 1
        assert item.choice is capability.choose(item.complexity)
        assert item.reasons
    tools = sum(item.choice is not capability.Choice.SUBAGENT for item in found)
    assert tools / len(found) >= 0.7


@pytest.mark.parametrize(
    ("score", "choice"),
    [
        (0.0, "tool"),
        (0.49, "tool"),
        (0.5, "tool with validation"),
        (0.79, "tool with validation"),
        (0.8, "sub-agent"),
    ],
)
def test_choice_changes_at_the_thresholds_of_the_specification(score, choice):
    assert capability.choose(score).value == choice


def test_creative_work_of_a_law_firm_goes_to_a_subagent():
    output = call(
        "generate_capabilities", "Which parts of a law firm agent should be tools and which sub-agents?"
    )
    by_title = {item["title"]: item["choice"] for item in data(output)["capabilities"]}
    assert by_title["Draft a letter from a template for a lawyer to sign"] == "sub-agent"
    assert by_title["Find a free time for a consultation"] == "tool"
    assert json.loads(only(output, "capabilities.json").content) == data(output)


def test_system_prompt_speaks_the_language_and_keeps_the_budget_as_a_bound():
    output = call(
        "write_system_prompt", "Create a nail salon booking agent; Telegram, Russian, budget $100/month"
    )
    prompt = only(output, "system_prompt.md").content
    assert "Answer in Russian" in prompt
    assert "Budget: 100 USD a month" in prompt
    assert "large hosted model" not in prompt
    assert "Ask about allergies" in prompt


def test_system_prompt_with_several_languages_follows_the_message():
    prompt = call("write_system_prompt", "Bot for a clinic, in English and Spanish").text
    assert "if it is one of English and Spanish, else in English" in prompt
    assert "calm, exact and kind" in prompt


def test_lexicon_refers_only_to_what_it_has():
    keys = {facet.key for facet in facets()}
    for domain in (*domains(), *archetypes()):
        found = [read_entity(line, Origin.DOMAIN, roles={}) for line in domain.entities]
        names = {entity.identifier for entity in found}
        assert {item.refers_to for entity in found for item in entity.references} <= names, domain.key
        assert set(domain.samples) <= names, domain.key
        assert set(domain.include) <= keys, domain.key
        assert any(entity.kind is EntityKind.PERSON for entity in found), domain.key


def test_every_trade_is_found_by_its_own_title():
    missed = {
        domain.key
        for domain in domains()
        if analyze(f"Design an agent for a {domain.title}").domain != domain.key
    }
    assert missed == set()


def test_malformed_lexicon_line_names_the_part():
    with pytest.raises(ValueError, match="not an attribute: 'price-of: money'"):
        read_entity("thing: record; price-of: money", Origin.DOMAIN, roles={})
