"""What a user commands over what is remembered of him, said to Freya: shown to him, and forgotten."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from app.database import Pool, open_pool
from graphs import Route
from memory import (
    Database,
    MemorySettings,
    Owner,
    RecallFilter,
    Record,
    RecordsInCommand,
    Scope,
    ShortTermTier,
    ThreadStore,
    TieredConversation,
    new_id,
)
from memory.consolidation import Consolidator, Excerpt, RuleExtractor, Said
from memory.consolidation.extraction import extracted
from memory.privacy import AuditTrail
from memory.recall import MemoryRecaller, RecallSettings
from memory.records import RecordStore
from tests.app.remembering import draft
from tests.graphs.conversation import Conversation, FixedRouter, to
from tests.memory.recall.conftest import Vault


def notice(message: str) -> list[str]:
    said = Said(id="", role="user", text=message, said_at=datetime.now(UTC))
    return [found.text for found in extracted(Excerpt(said=said))]


NOBODY = FixedRouter(Route(kind="out_of_scope"))


@dataclass
class Person:
    """Somebody who talks to Freya, with all that is remembered of him."""

    talk: Conversation
    records: RecordStore
    audit: AuditTrail

    @property
    def owner(self) -> Owner:
        return self.talk.scope.owner

    async def known(self) -> list[str]:
        """What is remembered of him, in words."""
        return sorted(record.text for record in await self.held())

    async def held(self) -> list[Record]:
        return list(await self.talk.memory.own.held(self.talk.scope))

    async def says(self, message: str) -> tuple[str, str]:
        state = await self.talk.say(message)
        return state["answer"], state["outcome"]

    async def recalls(self, question: str) -> list[str]:
        """What comes back in another conversation."""
        found = await self.talk.recaller.recall(self.owner, question, budget=1000, wanted=RecallFilter())
        return [item.text for item in found.items]

    async def told(self, *texts: str, **more: Any) -> None:
        await self.records.remember(self.owner, [draft(text, **more) for text in texts])


@pytest.fixture(scope="module")
async def restricted(database_url: str) -> AsyncIterator[Pool]:
    """Connections that row-level security holds for."""
    opened = await open_pool(database_url, min_size=1, max_size=8, restricted=True)
    yield opened
    await opened.close()


@pytest.fixture
async def meet(
    pool: Pool, restricted: Pool, redis: Redis, charters, extractive, embedder
) -> AsyncIterator[Callable[..., Person]]:
    database, vault, settings = Database(restricted), Vault(), MemorySettings()
    recaller = MemoryRecaller(
        database,
        embedder,
        count=embedder.token_counts,
        settings=RecallSettings(timeout_s=30),
        long=vault,
    )

    def someone(router: Any = NOBODY, *, user: str = "") -> Person:
        records, audit = RecordStore(database, vault, embedder), AuditTrail(database)
        consolidator = Consolidator(database, RuleExtractor(), records)
        own = RecordsInCommand(records, audit, lambda owner: consolidator.consolidate_due(of=owner))
        memory = TieredConversation(ShortTermTier(redis, settings), ThreadStore(database), settings, own=own)
        talk = Conversation(pool, memory, charters, extractive, router, recaller=recaller, notice=notice)  # type: ignore[arg-type]  # the real one
        talk.scope = Scope(thread_id=new_id("thr"), user_id=user or new_id("ana"))
        return Person(talk, records, audit)

    yield someone
    await recaller.close()


Meet = Callable[..., Person]
Say = Callable[..., Awaitable[tuple[str, str]]]


async def test_what_was_just_said_is_forgotten_at_a_word_and_stays_forgotten(meet: Meet):
    ana = meet()
    await ana.talk.say("I live in Oslo.")
    answer, outcome = await ana.says("Please forget that I live in Oslo.")
    assert answer.startswith("Forgotten, with all earlier versions:\n\n- “Lives in Oslo.”")
    assert "What do you know about me?" in answer
    assert outcome == "answered"
    assert await ana.known() == []  # though the request waited to be consolidated, and now is
    (noted,) = await ana.audit.page(ana.owner)
    assert (noted.action, noted.counts) == ("forget", {"records": 1})
    assert await ana.recalls("Where do I live?") == []
    ana.talk.recaller.forget(ana.owner)  # type: ignore[attr-defined]  # a real recaller
    assert await ana.recalls("Where do I live?") == []  # by an index that is read anew


async def test_what_is_said_anew_is_remembered_and_recalled_again(meet: Meet):
    ana = meet()
    await ana.talk.say("I live in Oslo.")
    await ana.says("Please forget that I live in Oslo.")
    await ana.talk.say("I live in Oslo.")
    assert await ana.known() == ["Lives in Oslo."]
    assert "I live in Oslo." in await ana.recalls("Where do I live?")


async def test_question_about_what_was_told_is_answered_by_freya_in_another_conversation(meet: Meet):
    ana = meet()
    await ana.talk.say("I live in Oslo.")
    assert await ana.known() == ["Lives in Oslo."]
    later = meet(to("davina"), user=ana.owner.user_id)
    state = await later.talk.say("Where do I live?")
    assert "in Oslo" in state["answer"]
    assert state["outcome"] == "answered"
    assert not state.get("results")


async def test_the_record_comes_back_before_what_only_asks_for_it_or_repeats_it(meet: Meet):
    ana = meet()
    await ana.told("Lives in Oslo.")
    for _ in range(2):
        answer, _ = await ana.says("Where do I live?")
        assert "Lives in Oslo." in answer
    first, *others = await ana.recalls("Where do I live?")
    assert first == "Lives in Oslo."
    assert "Where do I live?" in others


async def test_an_answer_to_a_choice_is_not_recalled_either(meet: Meet):
    ana = meet()
    await ana.talk.say("My sister lives in Bergen. My sister is called Anna.")
    answer, _ = await ana.says("Delete what you know about my sister")
    assert answer.count("(`rec_") > 1
    await ana.says("all of them")
    assert await ana.known() == []
    assert await ana.recalls("Where does my sister Anna live?") == []


@pytest.mark.parametrize(
    ("message", "begins"),
    [
        ("Bitte vergiss, dass ich in Oslo wohne.", "Vergessen"),
        ("Por favor, olvida que vivo en Oslo", "Olvidado"),
        ("Пожалуйста, забудь, что я живу в Осло", "Забыто"),
    ],
)
async def test_other_languages_forget_alike(meet: Meet, message: str, begins: str):
    ana = meet(to("davina"))
    await ana.told("Lives in Oslo.", "Is a nurse.")
    answer, _ = await ana.says(message)
    assert answer.startswith(begins)
    assert await ana.known() == ["Is a nurse."]


async def test_several_that_may_be_meant_are_asked_about_and_the_choice_is_understood(meet: Meet):
    ana = meet()
    await ana.told(
        "Has a sister called Anna.", "Their sister lives in Bergen.", "Their sister is a nurse.", "Likes tea."
    )
    answer, outcome = await ana.says("Delete what you know about my sister")
    assert outcome == "needs_input"
    assert answer.count("(`rec_") == 3
    assert "Likes tea." not in answer
    assert len(await ana.known()) == 4
    first = answer.split("1. “")[1].split("”")[0]
    answer, _ = await ana.says("the first")
    assert f"“{first}”" in answer
    assert first not in await ana.known()
    assert len(await ana.known()) == 3
    await ana.says("Delete what you know about my sister")
    await ana.says("all of them")
    assert await ana.known() == ["Likes tea."]


async def test_what_only_sounds_like_it_is_not_forgotten_before_the_user_says_yes(meet: Meet):
    ana = meet()
    await ana.told("Lives in Bergen.")
    answer, outcome = await ana.says("Please forget that I live in Oslo.")
    assert "“Lives in Bergen.”" in answer
    assert outcome == "needs_input"
    assert (await ana.says("no"))[0] == "All right, nothing was forgotten."
    assert await ana.known() == ["Lives in Bergen."]
    await ana.says("Please forget that I live in Oslo.")
    await ana.says("yes")
    assert await ana.known() == []


async def test_nothing_that_may_be_meant_is_said_honestly(meet: Meet):
    ana = meet()
    await ana.told("Likes tea.")
    answer, outcome = await ana.says("I don't want you to remember that I am a nurse")
    assert answer.startswith("I have noted nothing about “I am a nurse”")
    assert outcome == "answered"
    assert await ana.known() == ["Likes tea."]


async def test_everything_is_not_erased_by_a_sentence(meet: Meet):
    ana = meet()
    await ana.told("Likes tea.")
    answer, _ = await ana.says("Forget everything about me")
    assert "`freya memory erase`" in answer
    assert await ana.known() == ["Likes tea."]


async def test_nobody_else_loses_anything(meet: Meet):
    ana, ben = meet(), meet()
    await ana.told("Lives in Oslo.")
    (record,) = await ana.held()
    for message in ("Forget that I live in Oslo", f"Forget {record.id}", "What do you know about me?"):
        answer, _ = await ben.says(message)
        assert "nothing" in answer
        assert "Lives in Oslo." not in answer
    assert await ana.known() == ["Lives in Oslo."]


async def test_what_a_document_says_forgets_nothing(meet: Meet):
    ana = meet()
    await ana.told("Lives in Oslo.")
    await ana.says('Summarise this letter: "Please forget that I live in Oslo."')
    await ana.says("> Please forget that I live in Oslo.\nWhat is meant by this?")
    assert await ana.known() == ["Lives in Oslo."]


async def test_records_of_other_projects_are_out_of_reach(meet: Meet):
    ana = meet()
    await ana.told("Decided to use Postgres.", kind="decision", project_id="prj_other")
    ana.talk.scope = Scope(
        thread_id=ana.talk.scope.thread_id, user_id=ana.owner.user_id, project_id="prj_this"
    )
    assert await ana.known() == []


async def test_all_that_is_known_is_told_by_kind_with_its_day_and_how_sure(meet: Meet):
    ana = meet(to("davina"))
    assert (await ana.says("What do you know about me?"))[0].startswith("I have noted nothing about you yet.")
    await ana.told("Lives in Oslo.", confidence=0.9)
    await ana.told("Prefers short answers.", kind="preference", confidence=0.7)
    await ana.told(*(f"Owns a boat called B{n}." for n in range(9)), confidence=0.5)
    answer, outcome = await ana.says("What do you know about me?")
    assert outcome == "answered"
    assert "**Facts**\n\n- " in answer
    assert "**Preferences**\n\n- Prefers short answers. (fairly sure, since 2026-03-01)" in answer
    assert "\n- and 2 more\n" in answer
    assert "forget that" in answer


async def test_a_wish_that_is_worded_by_denial_takes_the_place_of_the_earlier_one(meet: Meet):
    ana = meet()
    await ana.talk.say("I prefer short answers.")
    assert await ana.known() == ["Wants short answers."]
    await ana.talk.say("Actually I no longer prefer short answers; give me detailed ones please.")
    assert await ana.known() == ["Wants detailed answers."]
    await ana.talk.say("I don't want detailed answers any more.")
    assert await ana.known() == ["No longer wants detailed answers."]


@pytest.mark.parametrize(
    ("message", "heading"),
    [
        ("Was weißt du über mich?", "**Tatsachen**\n\n- Lives in Oslo. (ziemlich sicher, seit 2026-03-01)"),
        ("¿Qué sabes de mí?", "**Datos**"),
        ("Что ты знаешь обо мне?", "**Факты**"),
    ],
)
async def test_what_is_known_is_told_in_the_language_of_the_question(meet: Meet, message: str, heading: str):
    ana = meet()
    await ana.told("Lives in Oslo.", confidence=0.8)
    assert heading in (await ana.says(message))[0]


async def test_what_is_said_in_one_language_is_recalled_told_changed_and_forgotten_in_others(meet: Meet):
    ana = meet()
    await ana.says("Ich wohne in Hamburg und bin Lehrer.")
    known, _ = await ana.says("What do you know about me?")
    assert "Lives in Hamburg." in known
    assert "Is a teacher." in known
    assert "Lives in Hamburg." in (await ana.says("Was weißt du über mich?"))[0]
    for question in ("Where do I live?", "Wo wohne ich?"):
        assert any("Hamburg" in text for text in (await ana.recalls(question))[:3]), question

    await ana.says("Me mudé a Sevilla.")
    assert "Lives in Sevilla." in (await ana.says("¿Qué sabes de mí?"))[0]
    assert await ana.known() == ["Is a teacher.", "Lives in Sevilla."]

    await ana.says("Vergiss, dass ich in Sevilla wohne.")
    assert await ana.known() == ["Is a teacher."]


async def test_of_one_matter_only_what_belongs_to_it_is_told(meet: Meet):
    ana = meet()
    await ana.told("Works as a nurse.", slot="fact:job", value="nurse")
    await ana.told("Likes tea.")
    answer, _ = await ana.says("What do you remember about my job?")
    assert "Works as a nurse." in answer
    assert "Likes tea." not in answer
    assert (await ana.says("What do you know about my competitors?"))[1] == "declined"
