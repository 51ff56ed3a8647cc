import json
from pathlib import Path

import pytest

from agents.rebecca import openapi, sql
from agents.rebecca.analysis import analyze
from agents.rebecca.clauses import Clause, read_description
from agents.rebecca.model import ConstraintKind, EntityKind, FieldType
from agents.rebecca.naming import past_participle
from agents.rebecca.translating import in_english
from benchmarks.bench_designs import judged

DOMAINS = Path(__file__).parents[2] / "benchmarks" / "designs" / "domains.jsonl"
CASES = [json.loads(line) for line in DOMAINS.read_text(encoding="utf-8").splitlines()]
BEES = "Agent for a beekeeping cooperative: beekeepers register hives, record inspections and harvests, and sell honey jars"
TREES = "Agent for tree care: citizens report damaged trees, inspectors grade risk, crews prune or fell"


def clauses(text: str) -> list[tuple[str | None, str, str | None]]:
    return [(item.subject, item.verb, item.object) for item in read_description(text).clauses]


def test_clauses_of_one_subject_share_it_and_a_new_subject_takes_over():
    assert clauses("beekeepers register hives, record inspections and harvests; buyers order jars") == [
        ("beekeeper", "register", "hive"),
        ("beekeeper", "record", "inspection"),
        ("beekeeper", "record", "harvest"),
        ("buyer", "order", "jar"),
    ]


def test_passives_relatives_and_verbs_without_an_object_are_read():
    assert clauses("germination tests are logged") == [(None, "log", "germination test")]
    assert clauses("a genealogist who traces ancestors and orders certificates from registries") == [
        ("genealogist", "trace", "ancestor"),
        ("genealogist", "order", "certificate"),
    ]
    assert clauses("citizens report damaged trees, crews prune or fell")[1:] == [
        ("crew", "prune", "tree"),
        ("crew", "fell", "tree"),
    ]


def test_a_verb_that_nobody_listed_is_one_behind_a_plural():
    (found,) = read_description("wardens zorble lanterns").clauses
    assert found == Clause(verb="zorble", object="lantern", subject="warden")


def test_an_occasion_belongs_to_the_thing_spoken_of_and_to_who_records_it():
    domain = analyze(BEES)
    assert {item.target for item in domain.relations if item.entity == "inspection"} == {"hive", "beekeeper"}
    inspection = domain.entity("inspection")
    assert (
        next(item for item in inspection.attributes if item.name == "happened_at").type is FieldType.DATETIME
    )


def test_a_verb_is_an_operation_that_leaves_a_state_and_a_value_is_a_column():
    domain = analyze(TREES)
    tree = domain.entity("tree")
    status = next(item for item in tree.attributes if item.name == "status")
    assert status.choices == ("new", "pruned", "felled")
    risk = next(item for item in tree.attributes if item.name == "risk")
    assert risk.choices == ("low", "medium", "high")
    document = openapi.document(domain)
    operations = {item.operation_id: item.path for item in openapi.operations(document)}
    assert operations["pruneTree"] == "/trees/{treeId}/prune"
    assert "gradeRiskTree" in operations
    assert "risk text CHECK (risk IN ('low', 'medium', 'high'))" in sql.schema(domain)


def test_assigning_joins_two_things():
    domain = analyze("An agent for a fire brigade where dispatchers assign crews to incidents")
    assert {item.target for item in domain.relations if item.entity == "crew_assignment"} == {
        "crew",
        "incident",
    }


def test_what_each_thing_has_becomes_typed_columns():
    domain = analyze(
        "An agent for a meteorite collection: curators classify specimens. Each specimen has a mass and a find date."
    )
    types = {item.name: item.type for item in domain.entity("specimen").attributes}
    assert types["mass"] is FieldType.NUMBER
    assert types["find_date"] is FieldType.DATE


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("A bot for a seed bank where botanists deposit seed lots", "bank"),
        ("blood donation centre agent: donors book slots, nurses record donations", "charity"),
        ("An agent for a toy hospital where children bring dolls", "clinic"),
        ("Un agente para un banco de semillas: los agricultores entregan semillas", "bank"),
    ],
)  # fmt: skip
def test_a_trades_noun_with_another_noun_before_it_is_not_that_trade(text, domain):
    assert analyze(text).domain != domain


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("Бот для пасечников: пасечники регистрируют ульи и записывают осмотры", {"beekeeper", "hive", "inspection"}),
        ("Ein Agent für eine Sternwarte: Besucher buchen Führungen, Teleskope werden justiert", {"visitor", "tour", "telescope"}),
        ("Un agente para un taller: los socios reservan taladros", {"member", "drill"}),
    ],
)  # fmt: skip
def test_descriptions_in_other_languages_name_their_entities(text, entities):
    assert entities <= {entity.name for entity in analyze(text).entities}


def test_german_verbs_and_nouns_are_told_apart_by_their_capitals():
    assert in_english("Schüler buchen Kurse und lesen Bücher in der Schule für den Verein").startswith(
        "students book courses"
    )


@pytest.mark.parametrize(
    ("text", "channel"),
    [("A bot for a farm. Signal, German", "Signal"), ("a farm bot; e-mail, English", "Email"), ("farm bot over Signal", "Signal")],
)  # fmt: skip
def test_channels_that_are_common_words_are_read_where_they_stand_alone(text, channel):
    assert analyze(text).values(ConstraintKind.CHANNEL) == (channel,)
    assert "Signal" not in analyze("An agent for a railway: dispatchers check the signal lamps").values(
        ConstraintKind.CHANNEL
    )


def test_states_are_participles():
    assert [past_participle(verb) for verb in ("inspect", "grade", "fell", "carry", "plan", "sign off", "deliver")] == [
        "inspected", "graded", "felled", "carried", "planned", "signed_off", "delivered",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.uncounted
def test_thirty_strange_domains_are_valid_and_their_words_stand_in_schema_and_api():
    results = [judged(case) for case in CASES]
    assert len(results) == 30
    assert all(found["valid"] for found in results)
    met, wanted = (sum(found[kind]["entities"] for found in results) for kind in ("met", "wanted"))
    assert met / wanted >= 0.95
    assert all(entity.kind in EntityKind for case in CASES for entity in analyze(case["text"]).entities)
