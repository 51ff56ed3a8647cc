import pytest

from graphs.replies import only_english


@pytest.mark.parametrize(
    "message",
    [
        "¿Qué es el RSI y cómo se calcula?",
        "Was ist ein gleitender Durchschnitt und wie wird er berechnet?",
        "Что такое индекс относительной силы?",
        "Comment calculer la moyenne mobile pour des données du marché ?",
    ],
)
def test_who_asks_in_another_language_is_told_that_the_knowledge_is_in_english(message):
    assert "please ask in English" in only_english(message)


@pytest.mark.parametrize(
    "message",
    [
        "What is the RSI?",
        "RSI period",
        "What does the à la carte menu cost?",
        "",
        "BTC/USDT 14",
        "naïve Bayes",
    ],
)
def test_who_asks_in_english_or_in_no_language_is_told_nothing_of_it(message):
    assert only_english(message) == ""
