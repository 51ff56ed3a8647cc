import pytest

from knowledge.catalogue import Catalogue, Mapped, packaged_catalogue
from knowledge.corpus import Pair, Topic


def topic(slug: str, name: str, *aliases: str) -> Topic:
    pair = Pair(
        question=f"What is the {name}?",
        answer="An answer that is long enough for the schema. " * 6,
        difficulty="beginner",
        tags=("sample",),
        sources=("A test, 2026",),
    )
    return Topic(slug=slug, name=name, aliases=aliases, category="Price-based", pairs=(pair,))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(
        [
            topic("rsi", "Relative Strength Index (RSI)", "RSI", "Wilder's RSI"),
            topic("stochastic-rsi", "Stochastic RSI", "StochRSI"),
            topic("roc", "Rate of Change (ROC)"),
            topic("volume-roc", "Volume Rate of Change"),
            topic("mvrv", "MVRV Ratio", "MVRV"),
            topic("mvrv-z", "MVRV Z-Score", "MVRV"),
            topic("hodl-waves", "HODL Waves (Age distribution of UTXOs)", "age bands"),
            topic("williams-r", "Williams %R"),
        ]
    )


@pytest.mark.parametrize(
    ("name", "slug", "confidence"),
    [
        ("Relative Strength Index (RSI)", "rsi", 1.0),
        ("relative-strength index", "rsi", 1.0),
        ("wilder's rsi", "rsi", 1.0),
        ("RSI technical indicator cryptocurrency trading", "rsi", 0.95),
        ("Rate of Change ROC cryptocurrency trading technical analysis", "roc", 0.9),
        ("Volume Rate of Change technical indicator", "volume-roc", 0.9),
        ("RSI divergence in ranging markets", "rsi", 0.9),
        ("Stochastic RSI crossovers", "stochastic-rsi", 0.9),
        ("HODL wave", "hodl-waves", 1.0),
        ("Williams %R crypto", "williams-r", 0.95),
        ("MVRV", "mvrv", 0.5),
    ],
)
def test_topic_is_placed(catalogue, name, slug, confidence):
    placed = catalogue.placed(name)
    assert placed is not None
    assert (placed.slug, placed.confidence) == (slug, confidence)


@pytest.mark.parametrize(
    "name", ["Metaverse real estate", "", "???", "crypto trading", "RSI and ROC together"]
)
def test_topic_that_no_rule_places_is_left(catalogue, name):
    assert catalogue.placed(name) is None


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("What is the RSI indicator?", ["rsi"]),
        ("my rsi is 80", ["rsi"]),
        ("RSI or the rate of change?", ["rsi", "roc"]),
        ("What does stochastic RSI add?", ["stochastic-rsi"]),
        ("MVRV at the top", ["mvrv", "mvrv-z"]),
        ("The universities' parsing", []),
        ("Do Rocs fly?", []),
        ("How do I read HODL-waves", ["hodl-waves"]),
        ("", []),
    ],
)
def test_topics_named_in_a_text_are_found(catalogue, text, slugs):
    assert catalogue.named_in(text) == slugs


def test_empty_catalogue_places_nothing():
    nothing = Catalogue([])
    assert nothing.placed("RSI") is None
    assert nothing.named_in("RSI") == []


def test_packaged_catalogue_knows_the_indicators():
    known = packaged_catalogue()
    assert known.named_in("What is the RSI indicator and when should I use it for Bitcoin trading?") == [
        "relative-strength-index"
    ]
    placed = known.placed("Chaikin Money Flow CMF technical indicator cryptocurrency trading")
    assert placed is not None
    assert placed.slug == "chaikin-money-flow"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Aroon Indicator cryptocurrency trading technical analysis", "aroon-indicator"),
        (
            "TECHNICAL INDICATOR Weighted Moving Average WMA Trend Analysis Cryptocurrency",
            "weighted-moving-average",
        ),
        ("Ichimoku Cloud Chikou Span cryptocurrency trading technical analysis", "ichimoku-chikou-span"),
        ("SOPR Spent Output Profit Ratio analysis", "sopr"),
    ],
)
def test_research_topics_are_placed(name, slug):
    placed = packaged_catalogue().placed(name)
    assert placed is not None
    assert placed.slug == slug


def test_what_was_said_by_hand_of_a_name_is_known_in_any_spelling():
    said = Catalogue(
        [topic("rsi", "Relative Strength Index (RSI)")],
        [
            Mapped(name="Batch 7: strength", slug="rsi"),
            Mapped(name="Houses"),
            Mapped(name="Old", slug="gone"),
        ],
    )
    assert said.by_hand("batch 7 - Strength") == Mapped(name="Batch 7: strength", slug="rsi")
    assert said.by_hand("house") == Mapped(name="Houses", slug=None)
    assert said.by_hand("Old") is None
    assert said.by_hand("Batch 7") is None


def test_digest_changes_with_all_that_topics_are_placed_by():
    one = topic("rsi", "Relative Strength Index", "RSI")
    digests = {
        Catalogue(topics, mapped).digest
        for topics, mapped in (
            ([one], []),
            ([one.model_copy(update={"aliases": ()})], []),
            ([one, topic("roc", "Rate of Change")], []),
            ([one], [Mapped(name="Houses")]),
            ([one], [Mapped(name="Houses", slug="rsi")]),
        )
    }
    assert len(digests) == 5
    assert Catalogue([one]).digest == Catalogue([one]).digest
