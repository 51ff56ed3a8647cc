import pytest

from graphs.number_words import spelled_numbers
from graphs.numerals import read_numerals


@pytest.mark.parametrize(
    ("text", "value", "percent"),
    [
        ("about twenty-two thousand five hundred users", 22_500, False),
        ("a hundred and five", 105, False),
        ("five percent of it", 5, True),
        ("двадцать два процента", 22, True),
        ("сто пятьдесят тысяч рублей", 150_000, False),
        ("два миллиона триста тысяч", 2_300_000, False),
        ("около трёхсот", 300, False),
        ("treinta y dos clientes", 32, False),
        ("dos mil quinientos euros", 2_500, False),
        ("un millón doscientos mil", 1_200_000, False),
        ("cinco por ciento", 5, True),
        ("veintidós", 22, False),
        ("dreiundzwanzigtausend", 23_000, False),
        ("zweihundertfünfzig Euro", 250, False),
        ("eine Million", 1_000_000, False),
        ("fünf Prozent", 5, True),
    ],
)
def test_a_number_in_words_is_read_in_four_languages(text, value, percent):
    (found,) = spelled_numbers(text)
    assert (found.value, found.percent) == (value, percent)
    (numeral,) = read_numerals(text)
    assert numeral.readings == ((value, 0.5),)


@pytest.mark.parametrize(
    "text",
    [
        "one of two reasons",
        "einfach achten",
        "dos razones y tres casos",
        "две причины",
        "Sechs Ideen",
        "eine Frage",
    ],
)
def test_words_that_only_count_a_few_things_are_no_numbers(text):
    assert list(spelled_numbers(text)) == []


def test_two_numbers_joined_by_and_stay_two():
    assert [found.value for found in spelled_numbers("veinte y treinta")] == [20, 30]
    assert [found.value for found in spelled_numbers("zwanzig und dreißig")] == [20, 30]
