"""What is related to a name in a question comes along, one relation away, and says through whom."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from memory import Database, Draft, Kind, Owner, Tier
from memory.recall.relations import Relations
from memory.records import RecordStore
from tests.memory.recall.conftest import NOW, Recall, Say, Vault, WordEmbedder

WHY = "related to mara through acme corp"


@pytest.fixture
def store(database: Database, embedder: WordEmbedder, vault: Vault) -> RecordStore:
    return RecordStore(database, vault, embedder)


def fact(text: str, *names: str, relation: tuple[str, str, str] | None = None, **more: object) -> Draft:
    return Draft.model_validate(
        {"kind": Kind.FACT, "text": text, "said_at": NOW - timedelta(days=9), "sources": (f"msg_{text}",)}
        | {"entities": names, "relations": (relation,) if relation else ()}
        | more
    )


EMPLOYER = fact("Mara works at Acme Corp.", relation=("Mara", "works at", "Acme Corp"))
FIRM = fact("Acme Corp pays after sixty days.", "ACME corp")
STRANGER = fact("Bolt Ltd pays after ninety days.", "Bolt Ltd")


async def reasons(recall: Recall, owner: Owner, question: str, **more: object) -> dict[str, Sequence[str]]:
    return {item.text: item.reasons for item in (await recall(owner, question, budget=400, **more)).items}


@pytest.mark.parametrize("question", ["What is Mara up to?", "prepare me for mara's visit"])
async def test_record_about_what_is_related_comes_along_after_what_names_it(store, recall, owner, question):
    await store.remember(owner, [EMPLOYER, FIRM, STRANGER])
    found = await reasons(recall, owner, question)
    assert list(found) == [EMPLOYER.text, FIRM.text]
    assert WHY in found[FIRM.text]
    assert "about: mara" in found[EMPLOYER.text]
    assert not any("related" in reason for reason in found[EMPLOYER.text])


async def test_relation_goes_both_ways_and_no_further_than_one(store, recall, owner):
    town = fact("Acme Corp sits in Ghent.", relation=("Acme Corp", "sits in", "Ghent"))
    mayor = fact("Ghent has a new mayor.", "Ghent")
    await store.remember(owner, [EMPLOYER, FIRM, town, mayor, fact("Likes oolong.", "Mara")])
    found = await reasons(recall, owner, "And what about Acme Corp?")
    assert "related to acme corp through mara" in found["Likes oolong."]
    assert "related to acme corp through ghent" in found[mayor.text]
    assert mayor.text not in await reasons(recall, owner, "What is Mara up to?")


async def test_user_himself_relates_nothing(store, recall, owner):
    await store.remember(
        owner,
        [
            fact("Lives in Oslo.", relation=("the user", "lives in", "Oslo")),
            fact("Owns a boat called Selma.", relation=("the user", "boat", "Selma")),
        ],
    )
    assert list(await reasons(recall, owner, "Whom do I know from Oslo?")) == ["Lives in Oslo."]


SISTER = fact("Has a sister called Mara.", relation=("the user", "sister", "Mara"))


@pytest.mark.parametrize("question", ["What does my sister like?", "Prepare me for our big sister's visit"])
async def test_whom_the_user_calls_his_own_is_meant_by_that(store, recall, owner, question):
    tea = fact("Drinks oolong on Sundays.", "Mara")
    other = fact("Drinks beer on Mondays.", "Ben")
    await store.remember(owner, [SISTER, tea, other, EMPLOYER, FIRM, STRANGER])
    found = await reasons(recall, owner, question)
    assert set(found) == {SISTER.text, tea.text, EMPLOYER.text, FIRM.text}
    assert "related to your sister through mara" in found[tea.text]
    assert WHY in found[FIRM.text]
    elsewhere = await reasons(recall, owner, "What does his sister like?")
    assert not any("related" in reason for why in elsewhere.values() for reason in why)


async def test_one_without_a_name_is_meant_too(store, recall, owner):
    home = fact("Lives in a lighthouse.", relation=("mother of the user", "lives in", "Skagen"))
    await store.remember(owner, [home, fact("Skagen is windy.", "Skagen"), STRANGER])
    found = await reasons(recall, owner, "What should I bring my mum?")
    assert set(found) == {home.text, "Skagen is windy."}


async def test_question_about_the_user_brings_nothing_of_his_own_along(store, recall, owner):
    await store.remember(owner, [SISTER, fact("Drinks oolong on Sundays.", "Mara")])
    assert not await reasons(recall, owner, "Which bicycle do I ride?")


async def test_corrected_record_relates_as_it_says_now(store, recall, owner):
    (said, *_) = await store.remember(owner, [EMPLOYER, FIRM, STRANGER, SISTER])
    await store.correct(owner, said.record.id, text="Mara works at Bolt Ltd.")
    found = await reasons(recall, owner, "What is Mara up to?")
    assert "related to mara through bolt ltd" in found[STRANGER.text]
    assert FIRM.text not in found


async def test_what_was_superseded_forgotten_or_is_anothers_relates_nothing(store, recall, owner):
    other = Owner(f"{owner.user_id}x", owner.tenant_id)
    slot = {"slot": "fact:mara:employer"}
    first = EMPLOYER.model_copy(update={**slot, "value": "Acme Corp"})
    second = fact(
        "Mara works at Bolt Ltd.",
        relation=("Mara", "works at", "Bolt Ltd"),
        value="Bolt Ltd",
        said_at=NOW - timedelta(days=1),
        **slot,
    )
    await store.remember(owner, [first, FIRM, STRANGER])
    await store.remember(other, [EMPLOYER, fact("Acme Corp makes anvils.", "Acme Corp")])
    question = "What is Mara up to?"
    assert list(await reasons(recall, owner, question)) == [EMPLOYER.text, FIRM.text]
    (now,) = await store.remember(owner, [second])
    assert list(await reasons(recall, owner, question)) == [second.text, STRANGER.text]
    await store.forget(owner, now.record.id)
    assert list(await reasons(recall, owner, question)) == []


async def test_relation_learned_later_of_a_known_record_counts(store, recall, owner):
    said = fact("Mara moved on.", "Mara")
    await store.remember(owner, [said, FIRM])
    question = "What is Mara up to?"
    assert FIRM.text not in await reasons(recall, owner, question)
    again = {"sources": ("msg_later",), "relations": (("Mara", "works at", "Acme Corp"),)}
    await store.remember(owner, [said.model_copy(update=again)])
    assert WHY in (await reasons(recall, owner, question))[FIRM.text]


async def test_filters_hold_for_what_is_related_too(store, recall, owner):
    await store.remember(owner, [EMPLOYER, FIRM])
    question = "What is Mara up to?"
    assert not await reasons(recall, owner, question, tiers=frozenset({Tier.MEDIUM}))
    assert not await reasons(recall, owner, question, until=NOW - timedelta(days=30))


async def test_what_is_asked_comes_before_what_is_related_to_a_name_in_it(store, say: Say, recall, owner):
    firms = [fact(f"Acme Corp keeps rule {number}.", "Acme Corp") for number in range(30)]
    await store.remember(owner, [EMPLOYER, *firms])
    await say(owner, "Mara has the keys of the boat house.")
    found = await recall(owner, "Who has the keys of the boat house, Mara?", budget=60)
    assert found.items[0].text == "Mara has the keys of the boat house."


def test_what_is_removed_leaves_nothing_behind():
    relations = Relations()
    stated = (
        {"mara", "acme corp", "the user", "boss of the user"},
        {("mara", "works at", "acme corp"), ("the user", "sister", "mara")},
    )
    relations.add(1, *stated)
    relations.add(2, {"acme corp"}, ())
    assert relations.named("Mara of Acme  Corp, unlike Maraike, the user") == {"mara", "acme corp"}
    assert relations.named("Maraike and Acme Corporation") == frozenset()
    assert relations.related(frozenset({"mara"})) == {2: ("mara", "acme corp")}
    assert relations.own("My boss met our little sister") == {"your boss", "your sister"}
    assert relations.own("The boss, his sister, my sisterhood") == frozenset()
    relations.remove(1, *stated)
    assert relations.own("My boss met our little sister") == frozenset()
    assert relations.named("Mara of Acme Corp") == {"acme corp"}
    assert relations.related(frozenset({"mara"})) == {}
