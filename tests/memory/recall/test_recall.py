"""What comes back for a question, why, and for whom."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.database import open_pool
from memory import AtHand, Database, Kind, Owner, RecallFilter, Tier, new_id
from memory.recall import MemoryRecaller, RecallSettings
from memory.recall.question import read
from models import estimated_tokens
from tests.memory.recall.conftest import NOW, Recall, Say, Vault, WordEmbedder

CHATTER = (
    "The weather was grey all day. I read a book about bridges.",
    "We talked about the train to the coast, and how slow it was.",
    "My bicycle needs a new chain before the autumn.",
)


async def test_answer_comes_first_with_reasons_and_the_message_it_comes_from(
    say: Say, recall: Recall, owner: Owner
) -> None:
    await say(owner, *CHATTER, "My kitchen counter is only 38 square feet. I like it that way.")
    found = await recall(owner, "How many square feet is my kitchen counter?", budget=40)
    assert "38 square feet" in found.items[0].text
    assert any("kitchen" in reason for reason in found.items[0].reasons)
    assert found.items[0].message_ids == (found.items[0].id,)
    assert found.items[0].role == "user"
    assert not found.degraded


async def test_budget_is_never_exceeded_and_counts_the_texts_as_they_are(
    say: Say, recall: Recall, owner: Owner
) -> None:
    await say(
        owner, *[f"Note {number} on bridges: the span is {number} metres long." for number in range(40)]
    )
    for budget in (1, 7, 20, 64, 300, 2000):
        found = await recall(owner, "How long is the span of the bridges?", budget=budget)
        assert found.tokens == sum(estimated_tokens([item.text for item in found.items])) <= budget
    assert found.items


async def test_items_are_widened_where_the_budget_allows(say: Say, recall: Recall, owner: Owner) -> None:
    text = (
        "The reading at the clinic was 138/85 in the morning, and the nurse wrote it down. Afterwards we had coffee "
        "together and she told me about her garden. Then I took the bus home and slept for two hours."
    )
    await say(owner, text, *CHATTER)
    narrow = await recall(owner, "What was the reading at the clinic?", budget=24)
    wide = await recall(owner, "What was the reading at the clinic?", budget=200)
    assert "138/85" in narrow.items[0].text
    assert wide.items[0].text == text


async def test_what_is_said_around_a_message_helps_to_find_it(say: Say, recall: Recall, owner: Owner) -> None:
    await say(
        owner, "Which vendor shall deliver the espresso grinder?", "It is the one from Oregon.", *CHATTER
    )
    found = await recall(owner, "Which vendor delivers the espresso grinder?", budget=100)
    assert any("Oregon" in item.text for item in found.items[:2])


async def test_nothing_of_another_person_comes_back(
    say: Say, know: Say, recall: Recall, owner: Owner
) -> None:
    other, tenant = Owner(new_id("user"), "acme"), Owner(owner.user_id, "other")
    known = "The password of the safe is heliotrope."
    for whose in (other, tenant):
        await say(whose, known)
        await know(whose, known)
        await know(whose, known, tier="medium", kind="decision")
    await say(owner, "My safe is in the cellar.")
    found = await recall(owner, "What is the password of the safe?", budget=2000)
    assert [item.text for item in found.items] == ["My safe is in the cellar."]
    assert len((await recall(other, "What is the password of the safe?", budget=2000)).items) == 1


async def test_same_thing_said_twice_comes_back_once(say: Say, recall: Recall, owner: Owner) -> None:
    await say(owner, "My dentist is Doctor Brandt.")
    await say(owner, "My dentist is  doctor Brandt.")
    found = await recall(owner, "Who is my dentist?")
    assert len(found.items) == 1


async def test_newest_statement_comes_before_the_older(say: Say, recall: Recall, owner: Owner) -> None:
    await say(owner, "My favourite drink in the morning at work is tea.", at=NOW - timedelta(days=200))
    await say(owner, "My favourite drink in the morning at work is lemonade.", at=NOW - timedelta(days=3))
    found = await recall(owner, "What is my favourite drink in the morning at work?")
    assert "lemonade" in found.items[0].text
    assert any("newer than what was said on 29 November 2025" in reason for reason in found.items[0].reasons)


async def test_time_in_the_question_decides_between_days(say: Say, recall: Recall, owner: Owner) -> None:
    for days, place in ((1, "harbour"), (8, "museum"), (15, "castle")):
        await say(owner, f"Today I walked to the {place} with Anna.", at=NOW - timedelta(days=days))
    for question, place in (
        ("Where did I walk with Anna last Tuesday?", "harbour"),
        ("Where did I walk with Anna on 9 June 2026?", "museum"),
        ("Where did I walk with Anna two weeks ago?", "castle"),
    ):
        found = await recall(owner, question)
        assert place in found.items[0].text
        assert any("asked for" in reason for reason in found.items[0].reasons)


async def test_new_messages_are_found_by_words_before_they_are_embedded(
    say: Say, recaller: MemoryRecaller, owner: Owner
) -> None:
    await say(owner, *CHATTER, "The code of the gate is 4711.")
    found = await recaller.recall(
        owner, "What is the code of the gate?", budget=30, wanted=RecallFilter(), now=NOW
    )
    assert "4711" in found.items[0].text


async def test_filters_limit_what_comes_back(say: Say, know: Say, recall: Recall, owner: Owner) -> None:
    thread = await say(owner, "The launch is on a Friday.")
    await say(owner, "The launch was moved to a Monday.", at=NOW - timedelta(days=90))
    await know(owner, "Decided to launch with Postgres.", tier="medium", kind="decision")
    question = "When is the launch?"
    without = await recall(owner, question, at_hand=AtHand(thread_id=thread))
    assert "Friday" not in " ".join(item.text for item in without.items)
    decisions = await recall(owner, question, kinds=frozenset({Kind.DECISION}))
    assert {item.kind for item in decisions.items} == {Kind.DECISION}
    recent = await recall(owner, question, since=NOW - timedelta(days=7), kinds=frozenset({Kind.MESSAGE}))
    assert ["Friday" in item.text for item in recent.items] == [True]
    assert not (await recall(owner, question, tiers=frozenset({Tier.LONG}))).items


async def test_what_was_said_in_a_thread_before_the_turns_at_hand_comes_back(
    say: Say, recall: Recall, owner: Owner
) -> None:
    early, late = NOW - timedelta(days=2), NOW - timedelta(days=1)
    thread = await say(owner, "The code of the gate is 4711.", at=early)
    await say(owner, "Noted, the gate.", thread=thread, at=early + timedelta(minutes=1), role="assistant")
    await say(owner, "The code of the shed is 1234.", thread=thread, at=late)
    answered = late + timedelta(minutes=1)
    await say(owner, "Noted, the shed.", thread=thread, at=answered, role="assistant")
    await say(owner, "What is the code of the gate and the shed?", thread=thread, at=NOW)
    question = "What is the code of the gate and the shed?"
    found = await recall(owner, question, at_hand=AtHand(thread_id=thread, since=answered))
    assert {item.text for item in found.items} == {"The code of the gate is 4711.", "Noted, the gate."}
    found = await recall(owner, question, at_hand=AtHand(thread_id=thread))
    assert question not in {item.text for item in found.items}
    assert "The code of the shed is 1234." in {item.text for item in found.items}


async def test_budget_of_a_turn_counts_the_days_and_speakers_before_the_items(
    say: Say, recall: Recall, owner: Owner
) -> None:
    for day in range(12):
        await say(owner, f"The code of gate {day} is {4000 + day}.", at=NOW - timedelta(days=day))
    question = "What are the codes of the gates?"
    for budget in (40, 90, 150):
        headed = await recall(owner, question, budget=budget, headed=True)
        assert headed.items
        assert sum(estimated_tokens([item.line for item in headed.items])) == headed.tokens <= budget
        assert len(headed.items) < len((await recall(owner, question, budget=budget)).items)


async def test_records_come_with_what_speaks_for_and_against_them(
    know: Say, recall: Recall, owner: Owner
) -> None:
    old = await know(owner, "Lives in Oslo near the sea.", state="superseded")
    await know(owner, "Lives in Bergen near the sea.", supersedes=old, evidence=3, pinned=True)
    job = await know(owner, "Works as a baker in town.", state="contested")
    await know(owner, "Works as a welder in town.", state="contested", contests=job)
    home = await recall(owner, "Where near the sea do I live?", tiers=frozenset({Tier.LONG}))
    assert "Bergen" in home.items[0].text
    assert {"pinned", "said 3 times", "replaces: Lives in Oslo near the sea."} <= set(home.items[0].reasons)
    assert not any("Oslo" in item.text for item in home.items)
    work = await recall(owner, "What do I work as in town?", tiers=frozenset({Tier.LONG}))
    said = {item.text: item.reasons for item in work.items}
    assert "contradicts Works as a baker in town." in said["Works as a welder in town."]


async def test_faded_records_come_back_only_when_nothing_else_answers(
    know: Say, recall: Recall, owner: Owner
) -> None:
    await know(owner, "Plays the violin on Sundays.", faded=True)
    alone = await recall(owner, "Who plays the violin on Sundays?")
    assert [item.text for item in alone.items] == ["Plays the violin on Sundays."]
    await know(owner, "Plays the violin with friends.")
    found = await recall(owner, "Who plays the violin on Sundays?")
    assert [item.text for item in found.items] == ["Plays the violin with friends."]


async def test_dead_vectors_leave_words_and_are_reported(
    know: Say, recall: Recall, owner: Owner, vault: Vault
) -> None:
    await know(owner, "Is allergic to peanuts and walnuts.")
    vault.down = True
    found = await recall(owner, "Which nuts: allergic to peanuts, walnuts?")
    assert "peanuts" in found.items[0].text
    assert [(each.tier, "cannot be reached" in each.reason) for each in found.degraded] == [(Tier.LONG, True)]


async def test_dead_model_leaves_words_and_is_reported(
    say: Say, recall: Recall, owner: Owner, embedder: WordEmbedder
) -> None:
    await say(owner, *CHATTER, "The code of the gate is 4711.")
    embedder.down = True
    found = await recall(owner, "What is the code of the gate?")
    assert "4711" in found.items[0].text
    assert {each.tier for each in found.degraded} == {Tier.MEDIUM, Tier.LONG}


async def test_slow_model_is_not_waited_for(say: Say, database: Database, owner: Owner) -> None:
    slow = WordEmbedder()
    slow.held = asyncio.Event()
    recaller = MemoryRecaller(database, slow, count=estimated_tokens, settings=RecallSettings(timeout_s=0.2))
    await say(owner, "The code of the gate is 4711.")
    await recaller.warm(owner)
    async with asyncio.timeout(60):
        found = await recaller.recall(
            owner, "What is the code of the gate?", budget=50, wanted=RecallFilter()
        )
    assert "4711" in found.items[0].text
    assert "did not answer in time" in found.degraded[0].reason
    slow.held.set()
    await recaller.close()


async def test_dead_database_gives_an_empty_recollection_with_both_tiers_reported(
    database_url: str, embedder: WordEmbedder, owner: Owner
) -> None:
    pool = await open_pool(database_url, restricted=True)
    gone = MemoryRecaller(Database(pool), embedder, count=estimated_tokens)
    await pool.close()
    found = await gone.recall(owner, "Where do I live?", budget=50, wanted=RecallFilter())
    assert not found.items
    assert {each.tier for each in found.degraded} == {Tier.MEDIUM, Tier.LONG}


@pytest.mark.parametrize("query", ["", "   ", "?!", "of the and", "\x00 null", "x" * 20_000])
async def test_queries_without_words_are_answered(say: Say, recall: Recall, owner: Owner, query: str) -> None:
    await say(owner, *CHATTER)
    assert (await recall(owner, query)).tokens <= 200


@pytest.mark.parametrize("opening", ["give me ", "return ", "(e.g."])
def test_question_of_nothing_but_openings_is_read_in_time(opening: str) -> None:
    began = time.process_time()
    read(opening * (32_000 // len(opening)))
    assert time.process_time() - began < 2


async def test_only_the_beginning_of_a_very_long_query_is_asked(
    say: Say, recall: Recall, owner: Owner
) -> None:
    await say(owner, *CHATTER, "The code of the gate is 4711.")
    filler = "of the and " * 200
    assert (await recall(owner, f"What is the code of the gate? {filler}")).items
    assert not (await recall(owner, f"{filler} What is the code of the gate?")).items


async def test_recalls_that_queue_for_one_index_are_not_late(
    say: Say, database: Database, embedder: WordEmbedder, owner: Owner
) -> None:
    def counted(texts: Sequence[str]) -> list[int]:
        threading.Event().wait(0.05)  # a tokenizer that takes its time, in the thread of the search
        return estimated_tokens(texts)

    recaller = MemoryRecaller(database, embedder, count=counted, settings=RecallSettings(timeout_s=0.5))
    await say(owner, "The code of the gate is 4711.")
    await recaller.warm(owner)
    found = await asyncio.gather(
        *(
            recaller.recall(owner, "What is the code of the gate?", budget=50, wanted=RecallFilter(), now=NOW)
            for _ in range(16)
        )
    )
    assert [(len(each.items), each.degraded) for each in found] == [(1, ())] * 16
    await recaller.close()
