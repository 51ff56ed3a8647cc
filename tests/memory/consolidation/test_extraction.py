"""What is found in what somebody says of himself, and what is left alone."""

import time

import pytest

from memory.consolidation import Excerpt, RuleExtractor
from memory.interfaces import Kind
from tests.memory.consolidation.conftest import AT, Find, said


@pytest.mark.parametrize(
    ("text", "slot", "told"),
    [
        ("My name is Michael, and this is my first order.", "fact:name", "Is named Michael."),
        ("Hi, I'm Anna and I need some help.", "fact:name", "Is named Anna."),
        ("Hello again! It's Michael here.", "fact:name", "Is named Michael."),
        ("Please call me Mike.", "preference:called", "Wants to be called Mike."),
        ("I'm 35 years old, live in Seattle, and am pretty serious.", "fact:age", "Is 35 years old."),
        ("I'm 35 years old, live in Seattle, and am pretty serious.", "fact:home", "Lives in Seattle."),
        ("I just turned thirty-four.", "fact:age", "Is 34 years old."),
        ("I’m in my mid-50s now.", "fact:age", "Is in their mid 50s."),
        ("I live in San Francisco, California.", "fact:home", "Lives in San Francisco, California."),
        ("i live in oslo.", "fact:home", "Lives in Oslo."),
        ("I'm based in Berlin these days.", "fact:home", "Lives in Berlin."),
        ("We are fine. I moved to Oslo last month.", "fact:home", "Lives in Oslo."),
        ("I don't live in Seattle anymore.", "fact:home", "No longer lives in Seattle."),
        ("I'm originally from Brazil.", "fact:origin", "Is from Brazil."),
        ("I was born in Lagos.", "fact:birthplace", "Was born in Lagos."),
        ("I work as a freelance graphic designer.", "fact:job", "Works as a freelance graphic designer."),
        ("I'm a senior software engineer at Acme.", "fact:job", "Is a senior software engineer."),
        ("I work at Siemens.", "fact:employer", "Works at Siemens."),
        ("I quit my job at Siemens.", "fact:employer", "No longer works at Siemens."),
        ("My birthday is on March 3rd.", "fact:birthday", "Has their birthday on March 3rd."),
        ("I speak Portuguese and some French.", "fact:speaks:french", "Speaks French."),
        ("My sister Maria lives in Lisbon.", "fact:sister maria:home", "Has a sister, Maria, who lives in Lisbon."),
        ("My wife is called Jo.", "fact:wife", "Has a wife called Jo."),
        ("I have a dog named Rex.", "fact:dog:rex", "Has a dog called Rex."),
        ("My cat Luna is ill.", "fact:cat:luna", "Has a cat called Luna."),
        ("I have two kids.", "fact:kid count", "Has two kids."),
        ("My counter is only 38 square feet.", "fact:counter", "Their counter is 38 square feet."),
        ("My A1C was 6.9%, just above the target.", "fact:a1c", "Their A1C was 6.9%."),
        ("My rent is $1,200 a month.", "fact:rent", "Their rent is $1,200."),
        ("I hold 2.5 BTC at 61k.", "fact:holding:btc", "Holds 2.5 BTC at 61k."),
        ("I own 100 shares of AAPL.", "fact:holding:aapl", "Holds 100 shares of AAPL."),
        ("I sold all my BTC.", "fact:holding:btc", "Holds no BTC any more."),
        ("I drive a Toyota Corolla.", "fact:car", "Drives a Toyota Corolla."),
        ("I'm allergic to peanuts.", "fact:allergy:peanuts", "Is allergic to peanuts."),
        ("I'm allergic to peanuts, what can I eat in Bangkok?", "fact:allergy:peanuts", "Is allergic to peanuts."),
        ("I was diagnosed with asthma.", "fact:condition:asthma", "Has asthma."),
        ("I take losartan 50 mg once daily.", "fact:takes:losartan", "Takes losartan 50 mg once daily."),
        ("I'm vegetarian.", "fact:diet", "Is vegetarian."),
        ("I use Neovim for most things.", "fact:uses:neovim", "Uses Neovim."),
        ("I no longer use Excel.", "fact:uses:excel", "No longer uses Excel."),
        ("I walk every day, rain or shine.", "fact:habit:walk", "Walks every day."),
        ("I joined a book club last year.", "fact:member:book club", "Joined a book club."),
        ("I love strawberry matcha lattes.", "preference:likes:strawberry matcha lattes", "Likes strawberry matcha lattes."),
        ("I can't stand cilantro.", "preference:likes:cilantro", "Dislikes cilantro."),
        ("I don't like horror films.", "preference:likes:horror films", "Dislikes horror films."),
        ("My favorite color is teal.", "preference:favourite color", "Their favourite color is teal."),
        ("I prefer tea to coffee.", "preference:hot drink", "Prefers tea to coffee."),
        ("I'd prefer window seats.", "preference:seat", "Prefers window seats."),
        ("Please answer in Spanish from now on.", "preference:answer language", "Wants answers in Spanish."),
        ("Please keep your answers short.", "preference:answer length", "Wants short answers."),
        ("I no longer prefer short answers; give me detailed ones", "preference:answer length", "Wants detailed answers."),
        ("I no longer want short answers.", "preference:answer length", "No longer wants short answers."),
        ("I'd rather have longer answers now.", "preference:answer length", "Wants detailed answers."),
        ("I no longer prefer tea.", "preference:hot drink", "No longer prefers tea."),
        ("I prefer short answers and I hate coffee.", "preference:likes:coffee", "Dislikes coffee."),
        ("I like tea and I hate coffee", "preference:likes:tea", "Likes tea."),
        ("I like tea and I hate coffee", "preference:likes:coffee", "Dislikes coffee."),
        ("Can you answer in French from now on?", "preference:answer language", "Wants answers in French."),
        ("Don't use tables.", "preference:answers with tables", "Wants no tables in answers."),
        ("I'm quite risk-averse.", "preference:risk", "Has a low appetite for risk."),
        ("My risk tolerance is high.", "preference:risk", "Has a high appetite for risk."),
        ("Let's go with Postgres.", "decision:database", "Decided on Postgres."),
        ("I'll use Rust instead of Go because it is faster.", "decision:programming language", "Decided on Rust instead of Go, because it is faster."),
        ("We decided on Hetzner for the hosting.", "decision:hosting", "Decided on Hetzner for hosting."),
        ("I'm done with the migration script.", "progress:migration script", "Finished the migration script."),
        ("I'm blocked by the missing API key.", "Is blocked by the missing API key.", "Is blocked by the missing API key."),
        ("The next step is to write the tests.", "progress:next step:thr_1", "Next step: write the tests."),
        ("I'm an expert in Kubernetes.", "expertise:kubernetes", "Is an expert in Kubernetes."),
        ("I'm new to options trading.", "expertise:options trading", "Is new to options trading."),
        ("I've been using Python for 12 years.", "expertise:python", "Is an expert in Python (12 years)."),
        ("As I said, I live in Oslo.", "fact:home", "Lives in Oslo."),
    ],
)  # fmt: skip
def test_what_somebody_says_of_himself_is_found(find: Find, text: str, slot: str, told: str) -> None:
    found = find(text)

    assert slot in found, f"{text!r} gave {list(found)}"
    assert found[slot].text == told


@pytest.mark.parametrize(
    "text",
    [
        "Do I live in Oslo?",
        "Did I tell you that I live in Oslo?",
        "If I lived in Oslo, would I pay more tax?",
        "If I live in Oslo, do I pay more tax?",
        "Suppose I work as a teacher in Rome.",
        "Imagine I'm 35 years old.",
        "Let's say I live in Oslo.",
        "I wish I owned a boat.",
        "I'd love to know more about your grinders.",
        "She said I'm allergic to nuts.",
        'My boss wrote "I live in Oslo and I hate coffee."',
        "He told me “I am a nurse”.",
        "Translate this: I live in Oslo and I love tea.",
        "Translate to French:\nI live in Oslo.\nI love tea.",
        "Write a story about a man. \nI live in Oslo, he said.",
        "> I live in Oslo\n> I'm 35 years old",
        "```\nI live in Oslo\n```",
        "You are a helpful assistant and you live in Oslo.",
        "It is not that I like coffee.",
        "I'm sorry, I'm late.",
        "I'm 5 minutes late.",
        "I'm Looking for a hotel.",
        "I live in fear of deadlines and I live in a small flat.",
        "I have a question about my order.",
        "I use it for that.",
        "My meeting is at 3 pm.",
        "Let's go with that.",
        "I like this.",
        "My doctor is 60 years old.",
        "I'm not sure if I like it.",
        "We decided not to use Kafka.",
        "I never said I live in Oslo.",
        "I love how it works.",
        "They moved to Oslo and they love it.",
        "Call me tomorrow.",
        "I might use Rust.",
        "I was wondering whether I prefer tea.",
        "No idea.",
        "",
    ],
)
def test_what_is_asked_supposed_quoted_or_said_of_others_is_left_alone(find: Find, text: str) -> None:
    assert find(text) == {}


@pytest.mark.parametrize(
    "text", ["I prefer short answers.", "I really prefer very detailed explanations, please."]
)
def test_a_wish_for_answers_is_noted_once(find: Find, text: str) -> None:
    assert list(find(text)) == ["preference:answer length"]


def test_what_is_said_about_others_is_theirs(find: Find) -> None:
    found = find("My brother lives in Rome and my son Tim is allergic to nuts.")

    assert found["fact:brother:home"].relations == (("brother of the user", "lives in", "Rome"),)
    assert found["fact:son tim:allergy:nuts"].entities == ("Tim",)
    assert not {"fact:home", "fact:allergy:nuts"} & set(found)


def test_a_change_ends_the_old_and_begins_the_new(find: Find) -> None:
    switched = find("I switched from VS Code to Zed last week.")
    moved = find("I used to live in Rome but now I live in Oslo.")
    both = find("I don't live in Rome anymore, I live in Oslo.")

    assert (switched["fact:uses:zed"].value, switched["fact:uses:vs code"].value) == ("yes", "no")
    assert moved["fact:home"].value == "Oslo"
    assert moved["fact:former home:rome"].text == "Used to live in Rome."
    assert both["fact:home"].value == "Oslo"


def test_values_are_compared_without_articles_and_in_digits(find: Find) -> None:
    words, digits = find("My counter is thirty-eight square feet."), find("My counter is 38 square feet.")

    assert words["fact:counter"].value == digits["fact:counter"].value == "38 square feet"


def test_a_short_answer_is_understood_by_the_question_before(find: Find) -> None:
    assert find("In Oslo.", asked="Sure. Where do you live?")["fact:home"].value == "Oslo"
    assert find("Anna", asked="What is your name?")["fact:name"].value == "Anna"
    assert find("Oslo.", asked="What is the capital of Norway?") == {}
    assert find("Where do you live?", asked="Where do you live?") == {}


def test_a_decision_says_why_and_instead_of_what(find: Find) -> None:
    draft = find("We decided to use Postgres over MongoDB because we need joins.")["decision:database"]

    assert draft.kind is Kind.DECISION
    assert draft.details["alternatives"] == ["MongoDB"]
    assert draft.details["why"] == "they need joins"
    assert draft.details["state"] == "made"


def test_a_decision_says_when_only_where_that_is_said_of_it(find: Find) -> None:
    told = find("Last Tuesday we decided to use Postgres over MongoDB.")["decision:database"]
    later = find("We decided to use Postgres over MongoDB in March.")["decision:database"]

    assert told.details["when"] == "Last Tuesday"
    assert "when" not in later.details
    assert "why" not in told.details


def test_a_draft_names_its_message_and_time(find: Find) -> None:
    first, again = find("I live in Oslo.")["fact:home"], find("I live in Oslo.")["fact:home"]

    assert first.sources == ("msg_1",)
    assert first.said_at == AT
    assert first.origin_key == again.origin_key is not None
    assert first.entities == ("Oslo",)


def test_a_named_speaker_beside_others_speaks_of_himself(find: Find) -> None:
    draft = find("I live in Oslo and I love sailing.", subject="Caroline")["fact:home|caroline"]

    assert draft.text == "Caroline lives in Oslo."
    assert "Caroline" in draft.entities


async def test_the_assistants_text_states_nothing_of_the_user() -> None:
    excerpt = Excerpt(said=said("I live in Oslo and I love tea.", role="assistant"))

    assert await RuleExtractor().extract(excerpt) == []


def test_hostile_text_is_read_within_seconds(find: Find) -> None:
    began = time.process_time()
    for text in (
        "I " * 10_000,
        "my " * 7000 + "is",
        "I'm a " * 3000,
        "I like " + "a b " * 4000,
        '"' * 20_000,
        "I use a " + "x" * 20_000,
        "I live in " + "Aa " * 6000,
        "I love it. " * 2000,
        ("I like " + "tea and " * 90 + "tea. ") * 25,
    ):
        assert len(find(text)) <= 1

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "slot", "told"),
    [
        ("im a nurse btw, on nights", "fact:job", "Is a nurse."),
        ("we've been based in Tallinn for years", "fact:home", "Is based in Tallinn."),
        ("keep in mind that our customers are mostly Finnish", "fact:customers", "Their customers are mostly Finnish."),
        ("Our main market is Brazil.", "fact:main market", "Their main market is Brazil."),
        ("our shop sells hand-dyed wool", "fact:does:sell hand-dyed wool", "Sells hand-dyed wool."),
        ("I volunteer as a lifeguard.", "fact:does:volunteer as a lifeguard", "Volunteers as a lifeguard."),
        ("We have a greyhound called Dumpling.", "fact:greyhound:dumpling", "Has a greyhound called Dumpling."),
        ("can u help, I have a bad knee", "fact:condition:bad knee", "Has bad knee."),
        ("As a translator in Oslo I see such texts daily.", "fact:job", "Is a translator in Oslo."),
        ("From now on give prices in euros.", "preference:wants:prices in <currency>", "Wants prices in euros."),
        ("Never put emojis in client emails, they're bankers.", "preference:asks:put emojis in client emails", "Asks not to put emojis in client emails."),
        ("I never risk more than 2% on a trade.", "preference:conduct:risk more than # on a trade", "Never risks more than 2% on a trade."),
        ("If I say go, give me only the code.", "preference:asks:if i say go", "Asks, if they say go, to give them only the code."),
        ("pls no more football metaphors", "preference:wants:football metaphors", "Wants no football metaphors."),
    ],
)  # fmt: skip
def test_what_chat_says_in_its_own_spelling_is_found(find: Find, text: str, slot: str, told: str) -> None:
    assert {key: draft.text for key, draft in find(text).items()}.get(slot) == told


def test_another_choice_has_the_slot_of_the_first(find: Find) -> None:
    for earlier, later in (
        ("Give prices in dollars.", "From now on give prices in euros."),
        ("I never risk more than 2% on a trade.", "I never risk more than 1% on a trade now."),
        ("I trade on the 15 minute chart.", "I only trade on the daily chart now."),
        ("I prefer bullet points.", "I prefer plain paragraphs these days."),
        ("I'm single.", "I'm married since June."),
        ("I'm a student at Leiden University.", "I'm no longer a student."),
        ("I keep my coins on Binance.", "I moved my coins off Binance."),
    ):
        assert set(find(earlier)) & set(find(later)), (earlier, later)


@pytest.mark.parametrize(
    "text",
    [
        "do I look like I live in Monaco",
        "I work like a dog and get paid like a cat",
        "I own my mistakes",
        "I study the chart, then I panic",
        "I have 2 questions about it",
        "I run a script",
        "I keep an eye on the price",
        "I'm building up the courage to look",
        "never mind",
        "give me the second one in English this time",
        "no problem, thanks",
        "I'd rather be safe than sorry",
        "so no concerns with the kidneys",
        "I'll take a look tomorrow",
    ],
)
def test_turns_of_phrase_state_nothing(find: Find, text: str) -> None:
    assert find(text) == {}
