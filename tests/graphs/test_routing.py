"""The router as the service opens it: who is asked what."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
import pytest

from agents import UnknownAgent
from graphs import CalibratedRouter
from graphs.routing.classifier import Classifier, Examples, learn
from graphs.routing.router import labelled_background, read_examples, read_labelled
from graphs.settings import RouterSettings
from memory import Turn
from models import glossary_digest
from models.errors import ChatModelUnavailable
from tests.fakes.scripted_model import Script, ScriptedChat, Step

RSI = "RSI of 44 45 43 46 47 49 48 50 52 51 53 55 54 56 58"


def after(request, *agents):
    return [Turn(run_id="r", request=request, answer="So it is.", agents=agents, at=datetime.now(UTC))]


def agents_of(route):
    return [task.agent for task in route.tasks] or [route.kind]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Conversions 120 of 2400 against 156 of 2380, is B better?", ["sofia"]),
        ("Liquidation price of a 10x long from 60000", ["fundamentals"]),
        ("What is the RSI indicator and when should I use it for Bitcoin trading?", ["technical"]),
        ("NPV of -1000, 400, 400, 400 at 8 %", ["davina"]),
        ("Create a nail salon booking agent; Telegram, Russian, budget $100/month", ["rebecca"]),
        ("What's the weather?", ["out_of_scope"]),
        ("Where were we?", ["recap"]),
        ("thanks a lot!", ["small_talk"]),
        ("waht is teh macd indikator", ["technical"]),
        ("Hi Freya! What is impermanent loss?", ["fundamentals"]),
        ("двойное дно на графике, это сигнал?", ["technical"]),
        ("cómo funciona la prueba de participación", ["fundamentals"]),
        ("entwirf einen buchungsbot für eine tierarztpraxis", ["rebecca"]),
        ("напиши объявление для пекарни", ["sofia"]),
        ("qué riesgos tiene abrir un bar", ["davina"]),
        ("wie wird das wetter morgen in köln", ["out_of_scope"]),
        ("Was ist ein RSI? Und schreib einen Slogan für eine Bäckerei", ["technical", "sofia"]),
        (
            "calcula el VAN de -1000, 400, 400, 400 al 8 % y escribe un anuncio para la tienda",
            ["davina", "sofia"],
        ),
        ("сделай SWOT-анализ кофейни, а потом спроектируй бота для заказов", ["davina", "rebecca"]),
        ("market size for cargo bikes + system prompt for the rental bot", ["davina", "rebecca"]),
        ("explain slashing / test cases for a bank bot", ["fundamentals", "rebecca"]),
        ("calclate the bolinger bands", ["technical"]),
        ("Is a design agency with bookings, orders and advertising a good business idea?", ["davina"]),
        ("Write a go-to-market strategy for a vegan bakery in Lisbon", ["sofia"]),
        ("Write a go to market plan for a vegan bakery in Lisbon with a budget of 5000 euro", ["sofia"]),
        ("I need a marketing strategy for my SaaS for dentists, budget 3000 a month", ["sofia"]),
        ("Give me five business ideas around solar panels", ["davina"]),
        ("Write a business plan for a coffee roastery", ["davina"]),
        (
            "Schreibe eine Marketingstrategie für eine vegane Bäckerei in Lissabon mit 5000 Euro Budget",
            ["sofia"],
        ),
        ("Dame tres ideas de negocio sobre paneles solares", ["davina"]),
        ("Придумай семь бизнес-идей вокруг солнечных панелей", ["davina"]),
        (
            "Build an agent for a dentist, and give me the system prompt, the API and the database",
            ["rebecca"],
        ),
    ],
)
async def test_a_request_goes_where_it_belongs(router, request_, expected):
    assert agents_of(await router.route(request_, [])) == expected


async def test_several_requests_are_divided_and_what_nobody_is_for_is_named(router):
    route = await router.route(
        "explain RSI and calculate NPV of -1000, 400, 400, 400 at 8 %, and what's the weather?", []
    )
    assert [(task.agent, task.request) for task in route.tasks] == [
        ("technical", "explain RSI"),
        ("davina", "calculate NPV of -1000, 400, 400, 400 at 8 %"),
    ]
    assert route.left_out == ("what's the weather?",)


async def test_a_part_that_points_back_carries_what_it_points_to(router):
    route = await router.route(
        "Design a booking bot for my barber shop and make a campaign plan to launch it", []
    )
    first, second = route.tasks
    assert (first.agent, first.context) == ("rebecca", "")
    assert (second.agent, second.request) == ("sofia", "make a campaign plan to launch it")
    assert second.text == "Design a booking bot for my barber shop make a campaign plan to launch it"


async def test_what_is_told_goes_with_what_is_asked(router):
    route = await router.route(
        "We launch a vegan skincare brand in March and have 10,000 euros. Who is the audience, "
        "which channels should we use and how do we split the budget?",
        [],
    )
    assert agents_of(route) == ["sofia"]
    assert "skincare" in route.tasks[0].request


@pytest.mark.parametrize(
    ("asked", "agent", "then"),
    [
        ("посчитай RSI для 44 45 46", "technical", ["а за 21 день?", "и для эфира?", "что это значит?", "короче"]),
        ("calcula el punto de equilibrio con costes de 3000, precio 20 y coste 8", "davina",
         ["¿y con 4000?", "¿por qué?", "¿y si el precio sube a 25?", "¿qué significa eso?"]),
        ("berechne den Break-even bei 3000 Fixkosten, Preis 20, Kosten 8", "davina",
         ["und bei 4000?", "und wenn der Preis auf 25 steigt?", "was bedeutet das?", "kürzer"]),
        ("write a slogan for my bakery", "sofia", ["another one", "in German please", "how sure are you?"]),
    ],
)  # fmt: skip
async def test_follow_ups_stay_in_four_languages(router, asked, agent, then):
    for message in then:
        assert agents_of(await router.route(message, after(asked, agent))) == [agent], message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("und was ist Staking?", ["fundamentals"]),
        ("а что такое стейкинг?", ["fundamentals"]),
        ("qué tiempo hace hoy", ["out_of_scope"]),
    ],
)
async def test_who_asks_anew_in_another_language_leaves(router, message, expected):
    assert agents_of(await router.route(message, after(RSI, "technical"))) == expected


@pytest.mark.parametrize(
    ("message", "turns", "expected"),
    [
        ("and for 14 days?", after(RSI, "technical"), ["technical"]),
        ("what about 21?", after(RSI, "technical"), ["technical"]),
        ("why is that?", after(RSI, "technical"), ["technical"]),
        ("go on", after("what memory should an agent have", "rebecca"), ["rebecca"]),
        ("and at 12 %?", after("NPV of -1000, 400, 400, 400 at 8 %", "davina"), ["davina"]),
        ("what is staking?", after(RSI, "technical"), ["fundamentals"]),
        ("What's the weather?", after(RSI, "technical"), ["out_of_scope"]),
        ("and what's the weather in Rome?", after(RSI, "technical"), ["out_of_scope"]),
        ("thanks!", after(RSI, "technical"), ["small_talk"]),
        ("Where were we?", after(RSI, "technical"), ["recap"]),
        ("2.5 %", after("I have 25,000, entry 61,200, stop 59,900. What position size?"), ["technical"]),
    ],
)
async def test_a_follow_up_stays_and_a_new_subject_leaves(router, message, turns, expected):
    route = await router.route(message, turns)
    assert agents_of(route) == expected


async def test_a_follow_up_names_the_request_it_is_about(router):
    route = await router.route("and for 14 days?", after(RSI, "technical"))
    assert (route.tasks[0].request, route.tasks[0].about) == ("and for 14 days?", RSI)


async def test_agents_that_the_client_names_are_asked(router):
    route = await router.route("and the risk?", after(RSI, "technical"), ["sofia", "davina", "sofia"])
    assert [(task.agent, task.about) for task in route.tasks] == [("sofia", RSI), ("davina", RSI)]
    with pytest.raises(UnknownAgent, match="there is no agent oracle"):
        await router.route("hello", [], ["oracle"])


def unsure(router, charters, embedder, *steps, **settings):
    """The same router with other thresholds and a scripted model to ask."""
    script = Script(list(steps))
    return CalibratedRouter(
        router._classifier, embedder, charters, ScriptedChat(script), RouterSettings(**settings)
    ), script


async def test_a_model_is_asked_when_the_classifier_is_unsure(router, charters, embedder):
    doubtful, script = unsure(
        router, charters, embedder, Step(calls=[("route_to", {"agents": "sofia, nobody"})]), sure=0.999999
    )
    route = await doubtful.route("the market is down again", [])
    assert agents_of(route) == ["sofia"]
    assert script.asked[0].tools == ["route_to"]
    script.finish()


async def test_without_help_the_best_guess_is_taken_or_the_user_is_asked(router, charters, embedder, caplog):
    down = Step(error=ChatModelUnavailable("none"))
    doubtful, _ = unsure(
        router, charters, embedder, down, down, down, sure=0.999999, abstain=0.2, second=0.99
    )
    assert agents_of(await doubtful.route("the market is down again", [])) == ["davina"]
    assert "did not answer" in caplog.text
    doubtful, _ = unsure(router, charters, embedder, down, sure=0.999999, abstain=0.99)
    assert agents_of(await doubtful.route("the market is down again", [])) == ["unclear"]


async def test_a_second_specialist_joins_on_strong_evidence_only(router, charters, embedder):
    open_minded, _ = unsure(router, charters, embedder, sure=0.01, second=0.0001)
    assert len((await open_minded.route("the market is down again", [])).tasks) == 2
    assert len((await router.route("NPV of -1000, 400, 400 at 8 %", [])).tasks) == 1


async def test_probabilities_sum_to_one_and_survive_the_file(router, embedder, tmp_path):
    texts = ["what is RSI", "", "дай мне RSI", "x" * 5000]
    vectors = await embedder.embed(texts)
    learned = router._classifier
    await asyncio.to_thread(learned.save, tmp_path / "kept.npz")
    again = await asyncio.to_thread(Classifier.load, tmp_path / "kept.npz")
    table = learned.probabilities(texts, vectors)
    assert np.allclose(table.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(again.probabilities(texts, vectors), table, atol=2e-3)


class Counted:
    """An embedder that notes what it is asked for."""

    def __init__(self, embedder):
        self.name, self.dimensions, self.asked, self._embedder = (
            embedder.name,
            embedder.dimensions,
            [],
            embedder,
        )

    async def embed(self, texts):
        self.asked.extend(texts)
        return await self._embedder.embed(texts)


async def opened(embedder, charters, chat, data, questions=MappingProxyType({})):
    return await CalibratedRouter.open(
        embedder, charters, chat, RouterSettings(), data=data, questions=questions
    )


@pytest.fixture
def few(charters):
    """Two specialists who know little: to learn whom of all to ask, in five languages, takes a minute."""
    known = {"analyst": charters["technical"], "planner": charters["davina"]}
    return {
        name: replace(charter, name=name, utterances=charter.utterances[:50], tools=(), subagents=())
        for name, charter in known.items()
    }


async def test_what_was_learned_is_kept(embedder, charters, extractive, router, router_data, questions):
    counted = Counted(embedder)
    same = await opened(counted, charters, extractive, router_data, questions)
    assert len(counted.asked) < 20, "what is kept needs no example embedded"
    assert np.array_equal(same._classifier.weights, router._classifier.weights)


async def test_a_damaged_file_is_learned_anew_and_kept(embedder, few, extractive, tmp_path):
    labelled = await asyncio.to_thread(read_labelled, few, {})
    probe = await embedder.embed(labelled.texts[:8])
    kept = tmp_path / "router" / f"{labelled.digest(probe, await asyncio.to_thread(glossary_digest))}.npz"
    kept.parent.mkdir()
    kept.write_bytes(b"damaged")
    router = await opened(embedder, few, extractive, tmp_path)
    assert agents_of(await router.route("what is the RSI", [])) == ["analyst"]
    mended = await asyncio.to_thread(Classifier.load, kept)
    assert np.array_equal(mended.weights, router._classifier.weights)
    counted = Counted(embedder)
    await opened(counted, few, extractive, tmp_path)
    assert len(counted.asked) < 20
    assert [file.name for file in kept.parent.iterdir()] == [kept.name]


async def test_a_folder_that_cannot_be_written_does_not_stop_the_router(
    embedder, few, extractive, tmp_path, caplog
):
    (tmp_path / "router").write_text("in the way")
    router = await opened(embedder, few, extractive, tmp_path)
    assert agents_of(await router.route("what is the RSI", [])) == ["analyst"]
    assert "could not be kept" in caplog.text


async def test_questions_of_the_knowledge_are_learned_from_but_not_calibrated_on(embedder, charters, few):
    many = [f"what is indicator number {n}" for n in range(1000)]
    background = labelled_background(charters, {"technical": many})
    assert sum(text in many for text, _ in background) <= 400
    examples = await read_examples(embedder, few, {"analyst": ["what is the quuxometer"]})
    at = examples.texts.index("what is the quuxometer")
    assert (examples.labels[at], bool(examples.requests[at])) == ("analyst", False)
    assert len(set(examples.texts)) == len(examples.texts)


def test_learning_from_few_examples_still_gives_probabilities():
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(6, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts, labels = ("a b", "a c", "a d", "b e", "b f", "b g"), ("x", "x", "x", "y", "y", "y")
    learned = learn(Examples(texts, labels, vectors, np.ones(6, dtype=np.bool_)))
    assert learned.probabilities(("a b",), vectors[:1]).argmax() == 0
