"""Whole strategies, plans and sets of ideas, as sub-agents assemble them without a language model."""

import pytest

from agents import read_facts, read_playbook
from graphs.weighing import choose_sub_agents, weigh
from tests.graphs.conversation import Shelf, to

WORKS = [
    (
        "sofia",
        "Write a go-to-market strategy for a vegan bakery in Lisbon",
        [],
        [
            "| place | Lisbon |",
            "| people who look for just a vegan bakery in Lisbon |",
            "| map listing and reviews | who looks for a vegan bakery in Lisbon",
            "**[proof: open]**",
            "| twelve |",
            "| payback in months | CAC ÷",
            "- How much money is there, and for how long?",
        ],
    ),
    (
        "sofia",
        "Write a go to market plan for a vegan bakery in Lisbon with a budget of 5000 euro",
        ["budget_split", "campaign_plan"],
        [
            "| budget | 5000 euro in all |",
            "5,000 over 84 days",
            "map listing",
            "1,666.67",
            "- period: 12 weeks",
        ],
    ),
    (
        "sofia",
        "I need a marketing strategy for my SaaS for dentists, budget 3000 a month",
        ["budget_split", "campaign_plan"],
        [
            "| first customers | dentists |",
            "| budget | 3000 a month |",
            "3,000 over 30 days",
            "direct outreach",
            "contracts ÷ demos",
            "**SaaS for dentists** is the",
        ],
    ),
    (
        "davina",
        "Give me five business ideas around solar panels",
        [],
        ["5. **Marketplace for solar panels**", "Drop it if:", "First test:", "Who pays for what:"],
    ),
    (
        "davina",
        "Write a business plan for a coffee roastery",
        [],
        [
            "| offer | a coffee roastery |",
            "food authority",
            "**[break-even: open]**",
            "- What are the price of a unit, its variable cost",
        ],
    ),
    (
        "davina",
        (
            "Write a business plan for a coffee roastery: price 12, variable cost 5, fixed costs 7000 a month; "
            "we have 60000 cash and burn 6000 a month"
        ),
        ["break_even", "runway"],
        ["Break-even is at 1,000 units", "from **1,000 units** a period", "10.0 months"],
    ),
    (
        "sofia",
        "Schreibe eine Marketingstrategie für eine vegane Bäckerei in Lissabon mit 5000 Euro Budget",
        ["budget_split", "campaign_plan"],
        ["| place | Lissabon |", "eine vegane Bäckerei", "5,000 over 84 days"],
    ),
    (
        "davina",
        "Dame tres ideas de negocio sobre paneles solares",
        [],
        ["3. **Training around paneles solares**"],
    ),
    (
        "davina",
        "Придумай семь бизнес-идей вокруг солнечных панелей",
        [],
        ["7. **Software and data for солнечных панелей**"],
    ),
    (
        "sofia",
        "Write a marketing strategy for a tea shop in Leeds, budget of £2,500 over 2 years, in English",
        ["budget_split"],
        ["| place | Leeds |", "| budget | £2,500 in all |", "| time | 2 years |", "Of 2,500, map listing"],
    ),
    (
        "davina",
        "Write a business plan for a bakery: price 4, variable cost 5, fixed costs 2000 a month",
        [],
        ["does not cover its variable cost of 5"],
    ),
]
MAKERS = {"sofia": "strategist", "davina": "venture_planner"}


@pytest.mark.parametrize(("agent", "request_", "tools", "says"), WORKS)
async def test_a_whole_work_is_assembled_from_the_words_of_the_request(
    play, extractive, agent, request_, tools, says
):
    talk, _ = play(router=to(agent, request=request_), shelf=Shelf())
    talk.chat = extractive
    state = await talk.say(request_)
    (result,) = state["results"]
    assert result.sub_agents == (MAKERS[agent],)
    assert sorted({use.name for use in result.tool_uses if not use.failed}) == tools
    assert [part for part in says if part not in state["answer"]] == []
    assert "no language model wrote it" in state["answer"]
    assert result.grounding.untraced == ()


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        ("Give me two business ideas around bicycles", 2),
        ("suggest 8 business ideas for beekeepers", 8),
        ("Business ideas around language teaching", 5),
        ("Nenne mir vier Geschäftsideen rund um Software für Ärzte", 4),
        ("give me 30 business ideas around coffee", 8),
    ],
)
async def test_as_many_ideas_as_were_asked_for_each_with_its_test_and_criterion(
    play, extractive, request_, count
):
    talk, _ = play(router=to("davina", request=request_), shelf=Shelf())
    talk.chat = extractive
    answer = (await talk.say(request_))["answer"]
    for part in ("- Customer:", "- Who pays for what:", "- What it costs:", "- First test:", "- Drop it if:"):
        assert answer.count(part) == count
    assert ("There are no more that differ" in answer) is ("30" in request_)
    assert "#### The plan" not in answer


@pytest.mark.parametrize(
    ("agent", "request_"),
    [
        *((agent, request) for agent, request, *_ in WORKS),
        ("sofia", "go-to-market strategy for a dog hotel"),
        ("sofia", "Can you draw up a launch plan for our app with 2,000 euros over 6 weeks?"),
        ("sofia", "Necesito un plan de marketing para una panadería, presupuesto 5000 euros"),
        ("sofia", "Kannst du für unseren Laden ein Marketingkonzept erstellen?"),
        ("sofia", "Разработай план продвижения для кофейни с бюджетом 300 000 рублей"),
        ("davina", "Ich brauche einen Businessplan für eine Rösterei"),
        ("davina", "Escribe un plan de negocio para una cafetería en Sevilla"),
        ("davina", "Напиши бизнес-план для пекарни"),
        ("davina", "develop a business model for a tool library"),
        ("sofia", "Please put together a marketing plan for my bakery"),
        ("sofia", "Can you help me with a marketing plan for my pottery studio?"),
    ],
)
def test_a_work_to_be_made_goes_to_the_one_that_makes_it(charters, agent, request_):
    weighing = weigh(request_, charters[agent])
    assert weighing.choice == "sub_agents"
    assert weighing.features["work"] == 0.7
    assert [sub.name for sub in choose_sub_agents(request_, charters[agent], most=3)] == [MAKERS[agent]]


@pytest.mark.parametrize(
    ("agent", "request_"),
    [
        ("sofia", "campaign plan: 5000 over 30 days"),
        ("sofia", "marketing plan for 5000 over 30 days"),
        ("sofia", "split 3000 between Google and Meta"),
        ("sofia", "content plan: 5 weeks, 4 posts per week, topics: knitting, crochet"),
        ("sofia", "Make a content plan for 4 weeks, 3 posts a week, topics: rye, wheat"),
        ("sofia", "How do I write a marketing plan?"),
        ("sofia", "What is a go-to-market strategy?"),
        ("davina", "Build the business model canvas for my idea"),
        ("davina", "Make a business model: customers: students. value: cheap rooms. costs: rent."),
        ("davina", "I need feedback on my business plan"),
        ("davina", "Crea un lienzo de modelo de negocio"),
        ("davina", "Was gehört in einen Businessplan?"),
        ("davina", "lienzo de modelo de negocio para mi tienda"),
        ("sofia", "Составь контент-план на май для магазина велосипедов."),
        ("davina", "monte carlo my business plan"),
        ("sofia", "Write a tweet announcing our launch plan"),
        ("sofia", "Find mistakes in my marketing plan"),
        ("sofia", "We do have a marketing plan already, and it does not work"),
        ("sofia", "Escribe un correo presentando el plan de marketing"),
        ("sofia", "Explain the difference between a marketing plan and a marketing strategy"),
        ("davina", "Find the risks in my business plan for a hostel"),
        ("davina", "Schreib eine Zusammenfassung meines Businessplans"),
        ("davina", "Сделай SWOT моей бизнес-идеи: прокат лодок"),
    ],
)
def test_what_a_tool_computes_or_a_passage_answers_is_no_work_to_be_made(charters, agent, request_):
    assert "work" not in weigh(request_, charters[agent]).features


async def test_a_strategy_for_nothing_named_is_left_to_the_tool_that_lays_out_its_budget(play, extractive):
    request = "Give me a marketing strategy with a budget of 5000"
    talk, _ = play(router=to("sofia", request=request), shelf=Shelf())
    talk.chat = extractive
    (result,) = (await talk.say(request))["results"]
    assert result.sub_agents == ()
    assert [use.name for use in result.tool_uses] == ["campaign_plan"]


@pytest.mark.parametrize(
    ("words", "budget"),
    [
        ("бюджет 100 тысяч рублей в месяц", "100 тысяч рублей"),
        ("с бюджетом 1,5 млн рублей", "1,5 млн рублей"),
        ("budget: 10 000 EUR", "10 000 EUR"),
        ("budget of £2,500", "£2,500"),
        ("with $2m", "$2m"),
        ("with 2 million dollars", "2 million dollars"),
        ("budget -500 euros", "-500 euros"),
        ("a budget of 5000.", "5000"),
    ],
)
def test_a_budget_is_read_with_its_scale_its_sign_and_its_currency(words, budget):
    playbook = read_playbook("agents.sofia", "playbooks/strategist.toml")
    assert (
        read_facts(playbook, f"Write a marketing strategy for a bakery, {words}").values["budget"] == budget
    )
