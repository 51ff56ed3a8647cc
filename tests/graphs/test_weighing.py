"""How complex a request is found to be, and who then works on it."""

from dataclasses import replace

import pytest

from graphs.weighing import BASE, FEATURES, choose_sub_agents, weigh


@pytest.mark.parametrize(
    ("request_", "choice"),
    [
        ("NPV of -1000, 400, 400, 400 at 8 %", "tool"),
        ("What is a brand?", "tool"),
        ("Design a logo brief", "checked_tool"),
        ("Write a comprehensive brand strategy with personas and a campaign plan", "sub_agents"),
        (
            "Review the strategy in depth: goals, channels, people, and budget, please and thank you "
            + "so " * 40,
            "sub_agents",
        ),
    ],
)
def test_the_choice_follows_the_complexity(charters, request_, choice):
    weighing = weigh(request_, charters["sofia"])
    assert weighing.choice == choice
    assert 0.0 <= weighing.score <= 1.0
    assert (weighing.score >= 0.8) is (choice == "sub_agents")


def test_a_specialist_without_sub_agents_checks_its_tools_instead(charters):
    alone = replace(charters["sofia"], subagents=())
    assert weigh("Write a comprehensive brand strategy and a campaign plan", alone).choice == "checked_tool"


def test_figures_make_a_request_structured(charters):
    plain = weigh("plan the campaign", charters["sofia"])
    figured = weigh("plan the campaign for 4000 euros", charters["sofia"])
    assert figured.score < plain.score
    assert "structured: figures" in figured.reasons
    assert figured.features == {**plain.features, "figures": -0.1}


def test_score_is_the_base_and_what_the_features_add(charters):
    weighing = weigh("Compare the brand strategy, in depth", charters["sofia"])
    assert weighing.features == {"creative": 0.5, "depth": 0.25}
    assert weighing.score == 1.0
    assert weigh("hm", charters["sofia"]).score == BASE


def test_no_feature_adds_more_than_its_most(charters):
    weighing = weigh("1 2 3 4 5 6 7 8 9 10", charters["technical"])
    assert weighing.features == {"figures": -0.25}
    assert {f.name for f in FEATURES if f.weight * f.most <= 0} == set()


@pytest.mark.parametrize(
    "request_",
    [
        "Write a slogan for a coffee shop",
        "Schreibe eine Anzeige für ein Café",
        "Escribe un anuncio para una cafetería",
        "Напиши слоган для кофейни",
        "Entwirf eine umfassende Strategie für die Marke",
        "Разработай подробную стратегию и концепцию бренда",
    ],
)
def test_a_text_to_be_written_goes_to_sub_agents_in_four_languages(charters, request_):
    assert weigh(request_, charters["sofia"]).choice == "sub_agents"


def test_sub_agents_are_chosen_by_what_they_are_for(charters):
    for charter in charters.values():
        for sub in charter.subagents:
            assert sub in choose_sub_agents(sub.purpose, charter, most=1)


def test_as_many_sub_agents_as_wanted_in_the_order_of_the_charter(charters):
    chosen = choose_sub_agents("anything at all", charters["sofia"], most=3)
    assert chosen == list(charters["sofia"].subagents[:3])


@pytest.mark.parametrize(
    ("specialist", "request_", "sub"),
    [
        ("sofia", "Напиши подробный текст объявления и слоган для пекарни", "copywriter"),
        ("sofia", "Diseña una estrategia de redes sociales para una panadería", "social_media"),
        ("davina", "Vergleiche die Wettbewerber einer Bäckerei ausführlich", "competitor_research"),
        ("davina", "análisis detallado de tendencias del mercado", "trend_analyser"),
        ("rebecca", "Напиши системный промпт с тоном и персоной для бота", "prompt_engineer"),
        ("technical", "Entwirf eine Handelsstrategie", "strategy_designer"),
        ("fundamentals", "на какой стадии рыночный цикл", "market_cycle_analyst"),
    ],
)
def test_sub_agents_are_chosen_in_other_languages(charters, specialist, request_, sub):
    assert sub in [each.name for each in choose_sub_agents(request_, charters[specialist], most=2)]
