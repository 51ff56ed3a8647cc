import pytest

from knowledge import HybridRetriever
from knowledge.asking import Asking
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export


@pytest.fixture
async def asking(dense, lexical, importer, indexer, tmp_path):
    pairs = [RSI, MACD, ATR, GAS, ("What does the moving average show?", "The trend of the price.")]
    await importer.import_file(write_export(tmp_path / "export.json", [("Momentum", pairs)]))
    await indexer.catch_up()
    return Asking(lexical, dense)


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("What is RSI?", "What is RSI?"),
        ("Was ist der RSI?", "what is the RSI?"),
        ("¿Qué es el RSI?", "¿what is the RSI?"),
        ("Что такое RSI?", "what is RSI?"),
        ("Was zeigt ein gleitender Durchschnitt?", "what shows a moving average?"),
        # A word of nobody's is left out where the rest says what is asked for, and not where it is most of it.
        ("Was zeigt hierzulande ein gleitender Durchschnitt?", "what shows  a moving average?"),
        ("Wie stimmt man ein altes Klavier?", "how stimmt man a altes Klavier?"),
        ("what does the movng averege show", "what does the moving average show"),
        ("zebra quokka wombat", "zebra quokka wombat"),
        ("", ""),
    ],
)
async def test_questions_are_read_in_the_words_of_the_pairs(asking, asked, read):
    assert await asking.read(asked) == read


async def test_a_language_that_the_pairs_are_written_in_is_left_alone(
    store, dense, lexical, importer, indexer, tmp_path
):
    pairs = [("Was zeigt der gleitende Durchschnitt?", "Den Trend, ohne das Rauschen der Kurse.")]
    await importer.import_file(write_export(tmp_path / "export.json", [("Trend", pairs)]))
    await indexer.catch_up()
    asked = "Was ist der gleitende Durchschnitt?"
    assert await Asking(lexical, dense).read(asked) == asked
    found = await HybridRetriever(store, dense, lexical).search(asked, floor=-1.0)
    assert found[0].question == pairs[0][0]
    assert not found[0].read_as


@pytest.mark.usefixtures("asking")
async def test_a_search_in_another_language_finds_what_an_english_one_does(store, dense, lexical):
    retriever = HybridRetriever(store, dense, lexical)
    english = await retriever.search("What is the RSI?")
    for asked in ("Was ist der RSI?", "¿Qué es el RSI?", "Что такое RSI?"):
        best = (await retriever.search(asked))[0]
        assert best.pair_id == english[0].pair_id
        assert best.read_as.strip("¿").startswith("what is")
    assert await retriever.search("Wie stimmt man ein altes Klavier?") == []
