import pytest

from agents.language import code, written_in
from agents.rebecca.constraints import currency, read_constraints
from agents.rebecca.model import ConstraintKind


def values(text: str, kind: ConstraintKind) -> list[str]:
    return [item.value for item in read_constraints(text) if item.kind is kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("budget $100/month", ["100 USD a month"]),
        ("1,500 EUR monthly", ["1500 EUR a month"]),
        ("we can spend 2k € per year", ["2000 EUR a year"]),
        ("a budget of £1.5k", ["1500 GBP"]),
        ("no more than 99.90 CHF a month", ["99.9 CHF a month"]),
        ("бюджет 5000 руб в месяц", ["5000 RUB a month"]),
        ("presupuesto 200 € al mes", ["200 EUR a month"]),
        ("12 000 грн на місяць, бюджет", ["12000 UAH a month"]),
        ("costs 300 USD annually", ["300 USD a year"]),
        ("a manicure costs $30", []),
        ("the year 2026 and 5 branches", []),
    ],
)
def test_budget_is_read_with_currency_and_period(text, expected):
    assert values(text, ConstraintKind.BUDGET) == expected


def test_price_of_a_service_is_no_budget():
    assert values("a manicure costs $30", ConstraintKind.PRICE) == ["30 USD"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Telegram, Russian", ["Russian"]),
        ("in English and Spanish", ["English", "Spanish"]),
        ("German-speaking bot", ["German"]),
        ("speaks Polish.", ["Polish"]),
        ("на русском языке", ["Russian"]),
        ("українською мовою, in Ukrainian", ["Ukrainian"]),
        ("bot for an Italian restaurant with my team", ["English"]),
        ("a school that teaches Spanish to the people", ["English"]),
        ("Chinese", ["Chinese"]),
    ],
)
def test_language_is_one_to_speak_and_not_a_cuisine_or_a_course(text, expected):
    assert values(text, ConstraintKind.LANGUAGE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on Telegram and WhatsApp", ["Telegram", "WhatsApp"]),
        ("web chat, SMS or e-mail", ["Web", "SMS", "Email"]),
        ("bot via LINE", ["LINE"]),
        ("the first line of support", ["Web"]),
        ("customers leave their email", ["Web"]),
        ("voice bot that takes phone calls", ["Phone"]),
        ("Телеграм и сайт", ["Telegram", "Web"]),
        ("Facebook Messenger, Instagram, Discord, Slack, Viber, WeChat", ["Messenger", "Instagram", "Discord", "Slack", "Viber", "WeChat"]),
    ],
)  # fmt: skip
def test_channels_come_in_the_order_of_the_text(text, expected):
    assert values(text, ConstraintKind.CHANNEL) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200 reservations per day", ["200 reservations a day"]),
        ("about 2k messages a week", ["2000 messages a week"]),
        ("1,200 orders daily", ["1200 orders a day"]),
        ("500 clients monthly", ["500 clients a month"]),
        ("300 support tickets every hour", ["300 support tickets a hour"]),
        ("$100 per month", []),
        ("100 dollars per month", []),
    ],
)
def test_volume_is_read_and_money_is_none(text, expected):
    assert values(text, ConstraintKind.VOLUME) == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("live in 3 weeks", ConstraintKind.DEADLINE, ["in 3 weeks"]),
        ("by 2027-01-15", ConstraintKind.DEADLINE, ["by 2027-01-15"]),
        ("before 1st of March 2027", ConstraintKind.DEADLINE, ["before 1st of march 2027"]),
        ("ASAP", ConstraintKind.DEADLINE, ["asap"]),
        ("через 2 месяца", ConstraintKind.DEADLINE, ["через 2 месяца"]),
        ("with 3 branches and twelve trainers", ConstraintKind.SCALE, ["3 branches", "twelve trainers"]),
        ("200 customers per day", ConstraintKind.SCALE, []),
        ("24/7 and after hours", ConstraintKind.AVAILABILITY, ["around the clock", "outside opening hours"]),
        ("answers under 2 seconds", ConstraintKind.LATENCY, ["under 2 seconds"]),
        ("GDPR and HIPAA", ConstraintKind.COMPLIANCE, ["GDPR", "HIPAA"]),
        ("self-hosted", ConstraintKind.HOSTING, ["on the owner's machines"]),
        ("Google Calendar and Stripe", ConstraintKind.INTEGRATION, ["Google Calendar", "Stripe"]),
    ],
)
def test_other_bounds_are_read(text, kind, expected):
    assert values(text, kind) == expected


def test_what_nobody_said_is_assumed_and_marked():
    found = read_constraints("Erstelle einen Bot für die Bäckerei und das Café")
    assert [(item.kind, item.value, item.assumed) for item in found] == [
        (ConstraintKind.CHANNEL, "Web", True),
        (ConstraintKind.LANGUAGE, "German", True),
    ]


def test_given_channel_is_not_repeated_when_the_text_names_it_too():
    found = read_constraints("on Telegram in German", channels=("Telegram",), languages=("German",))
    assert [item.value for item in found] == ["Telegram", "German"]


def test_source_words_stay_right_after_letters_that_grow_in_lower_case():
    (channel, *_) = read_constraints("İİİİ café in İstanbul with WhatsApp")
    assert channel.words == "WhatsApp"


def test_currency_of_the_schema_is_that_of_the_first_sum():
    assert currency(read_constraints("budget 90 € a month")) == "EUR"
    assert currency(read_constraints("no sum")) == "USD"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Design an agent for the shop", "English"), ("Создай агента для салона", "Russian"),
        ("Створи агента для салону, який приймає записи", "Ukrainian"), ("Diseña un agente para la tienda de mi barrio", "Spanish"),
        ("Erstelle einen Agenten für die Praxis", "German"), ("Créer un agent pour mon salon et les clients", "French"),
        ("予約ボットを作って", "Japanese"), ("为美甲店设计预约机器人", "Chinese"), ("صمم وكيلا لعيادة الأسنان", "Arabic"),
        ("네일샵 예약 봇을 만들어줘", "Korean"), ("12345", "English"),
    ],
)  # fmt: skip
def test_language_of_a_text_is_recognised(text, language):
    assert written_in(text) == language


def test_language_codes_are_known_or_undetermined():
    assert code("Ukrainian") == "uk"
    assert code("Klingon") == "und"
