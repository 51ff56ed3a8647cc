from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from langchain_core.tools import BaseTool

from agents.sofia.ads import ad_copy_check, read_ad
from agents.sofia.content import content_calendar, posting_days
from agents.sofia.plans import campaign_plan, phase_days
from agents.sofia.platforms import PLATFORMS, ad_length


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


async def test_copy_at_the_limit_fits_and_one_more_does_not():
    fits = await call(ad_copy_check(), ad=f'headline "{"x" * 30}", description "{"y" * 90}"')
    over = await call(ad_copy_check(), ad=f'headline "{"x" * 31}", description "{"y" * 90}"')
    assert fits.artifact.data["fits"] is True
    assert fits.content.startswith("The copy fits the length limits of Google Ads search.")
    assert over.artifact.data["fits"] is False
    assert "1 characters too long" in over.content
    assert "as of 2026" in over.content


async def test_wide_characters_count_twice_at_google():
    assert ad_length("咖啡", double_width=True) == 4
    assert ad_length("咖啡", double_width=False) == 2
    message = await call(ad_copy_check(), ad=f"Headline: {'咖' * 16}")
    assert "2 characters too long" in message.content


async def test_long_primary_text_is_cut_off_at_meta_but_accepted():
    message = await call(ad_copy_check(), ad=f'Primary text "{"word " * 40}"', platform="instagram")
    assert "cut off after about 125 characters" in message.content
    assert message.artifact.data["fits"] is False


async def test_number_and_style_of_headlines_are_remarked_on():
    message = await call(ad_copy_check(), ad='Headlines "Buy now! | FREE STUFF" "What?!", description "One"')
    notes = " ".join(message.artifact.data["notes"])
    assert "refuses exclamation marks" in notes
    assert "several words in capitals" in notes
    assert "repeated punctuation" in notes
    assert "There is 1 description; the ad needs 2." in notes
    too_many = await call(ad_copy_check(), ad="Headlines: " + " | ".join(f"Ad {n}" for n in range(16)))
    assert "at most 15 are accepted" in too_many.content


async def test_field_that_a_platform_lacks_is_named():
    message = await call(ad_copy_check(), ad="headline: Hello", platform="tiktok")
    assert "has no headline" in message.content
    assert message.artifact.data["fits"] is False


@pytest.mark.parametrize("ad", ["", "Check my ad", "headline: ", "x" * 20_001])
async def test_missing_or_endless_copy_is_refused(ad):
    message = await call(ad_copy_check(), ad=ad)
    assert message.status == "error"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            'Check headline "Summer sale", primary text "All shoes"',
            {"headlines": ["Summer sale"], "primary_text": ["All shoes"]},
        ),
        ("Is the headline “Best title” too long for Google?", {"headlines": ["Best title"]}),
        (
            "Headline: Hire faster, description: In a day",
            {"headlines": ["Hire faster"], "descriptions": ["In a day"]},
        ),
        ('How long is "Hire faster"?', {"headlines": ["Hire faster"]}),
        ("Title: One\nBody: Two words\nThanks", {"headlines": ["One"], "primary_text": ["Two words"]}),
    ],
)
def test_ad_is_read_by_its_labels(text, found):
    assert {field: texts for field, texts in read_ad(text).items() if texts} == found


def test_every_platform_states_its_source_and_year():
    assert all(
        platform.source and platform.year >= 2025 and platform.fields for platform in PLATFORMS.values()
    )


async def test_calendar_puts_topics_on_evenly_spread_dates():
    message = await call(
        content_calendar(),
        topics="coffee origins, brewing and recipes",
        start="2026-03-02",
        days=14,
        channels="blog, X",
    )
    posts = message.artifact.data["posts"]
    assert [post["day"] for post in posts] == [
        "2026-03-02 Monday",
        "2026-03-04 Wednesday",
        "2026-03-06 Friday",
        "2026-03-09 Monday",
        "2026-03-11 Wednesday",
        "2026-03-13 Friday",
    ]
    assert [post["topic"] for post in posts[:3]] == ["coffee origins", "brewing", "recipes"]
    assert {post["channel"] for post in posts if post["topic"] == "brewing"} == {"blog", "X"}
    assert message.content.startswith("The calendar has 6 posts in 14 days, 3 a week")


async def test_as_many_topics_as_channels_still_meet_in_every_pair():
    message = await call(content_calendar(), topics="a, b", channels="blog, mail", days=28)
    pairs = {(post["topic"], post["channel"]) for post in message.artifact.data["posts"]}
    assert len(pairs) == 4


async def test_calendar_without_a_start_counts_weeks():
    message = await call(content_calendar(), topics="sleep", posts_per_week=1, days=14)
    assert [post["day"] for post in message.artifact.data["posts"]] == ["week 1, day 1", "week 2, day 1"]
    assert message.artifact.artifacts[0].content.splitlines() == [
        "day,topic",
        '"week 1, day 1",sleep',
        '"week 2, day 1",sleep',
    ]


async def test_calendar_from_a_first_day_is_an_icalendar_file_that_others_read():
    arguments = {
        "topics": "rye, wheat & oats",
        "start": "2026-03-02",
        "days": 14,
        "posts_per_week": 2,
        "channels": "blog, X",
    }
    message = await call(content_calendar(), **arguments)
    (ics,) = [a for a in message.artifact.artifacts if a.media_type == "text/calendar"]
    calendar = Calendar.from_ical(ics.content)
    events = calendar.walk("VEVENT")
    assert [event.decoded("dtstart") for event in events] == [
        date(2026, 3, 2), date(2026, 3, 5), date(2026, 3, 9), date(2026, 3, 12),
    ]  # fmt: skip
    assert [str(event["summary"]) for event in events][:2] == ["blog: rye", "X: wheat & oats"]
    assert all(event.decoded("dtend") - event.decoded("dtstart") == timedelta(days=1) for event in events)
    assert len({str(event["uid"]) for event in events}) == len(events)
    again = await call(content_calendar(), **arguments)
    (other,) = [a for a in again.artifact.artifacts if a.media_type == "text/calendar"]
    assert [e["uid"] for e in Calendar.from_ical(other.content).walk("VEVENT")] == [e["uid"] for e in events]
    assert "\r\n" in ics.content


async def test_calendar_without_a_first_day_has_no_file_and_says_how_to_get_one():
    message = await call(content_calendar(), topics="rye, wheat")
    assert [artifact.name for artifact in message.artifact.artifacts] == ["content-calendar.csv"]
    assert "Give a first day for an iCalendar file" in message.content


async def test_topics_that_found_no_place_are_named():
    message = await call(content_calendar(), topics="rye, wheat, oats", days=7, posts_per_week=2)
    assert "oats found no place" in message.content


async def test_a_dated_campaign_is_a_calendar_of_its_phases():
    message = await call(campaign_plan(), budget=1000, days=10, start="2026-04-01")
    (ics,) = [a for a in message.artifact.artifacts if a.media_type == "text/calendar"]
    events = Calendar.from_ical(ics.content).walk("VEVENT")
    assert [(e.decoded("dtstart").day, e.decoded("dtend").day) for e in events] == [(1, 3), (3, 9), (9, 11)]


@pytest.mark.parametrize(
    ("posts", "days"), [(1, [0]), (2, [0, 3]), (3, [0, 2, 4]), (7, [0, 1, 2, 3, 4, 5, 6])]
)
def test_posting_days_are_spread_over_the_week(posts, days):
    assert posting_days(posts) == days


@pytest.mark.parametrize(
    "arguments",
    [
        {"topics": " , "},
        {"posts_per_week": 0},
        {"posts_per_week": 8},
        {"days": 0},
        {"days": 400},
        {"start": "9999-12-30"},
    ],
)
async def test_impossible_calendar_is_refused(arguments):
    message = await call(content_calendar(), **{"topics": "sleep", **arguments})
    assert message.status == "error"


async def test_campaign_plan_divides_days_and_money_and_expects_conversions():
    message = await call(
        campaign_plan(),
        budget=5000,
        days=42,
        cost_per_click=0.8,
        conversion_rate_percent=3,
        start="2026-04-01",
    )
    assert message.artifact.data["expected_clicks"] == pytest.approx(6250)
    assert message.artifact.data["expected_conversions"] == pytest.approx(187.5)
    assert "187.5 conversions at 26.67 each" in message.content
    phases = message.artifact.data["phases"]
    assert [phase["phase"] for phase in phases] == ["test", "scale", "close"]
    assert phases[2]["days"] == "2026-05-05 to 2026-05-12"
    assert sum(float(phase["budget"].replace(",", "")) for phase in phases) == pytest.approx(5000)


async def test_front_loaded_plan_spends_more_a_day_in_the_test_phase():
    message = await call(campaign_plan(), budget=1000, days=10, pacing="front-loaded")
    daily = [float(phase["a day"].replace(",", "")) for phase in message.artifact.data["phases"]]
    assert daily[0] > daily[1] > daily[2]
    assert message.artifact.data["expected_clicks"] is None


async def test_plan_with_a_click_price_alone_expects_clicks_alone():
    message = await call(campaign_plan(), budget=100, days=3, cost_per_click=2)
    assert message.content.startswith("100 over 3 days is 33.33 a day on average; expect about 50 clicks.")


@pytest.mark.parametrize("days", [3, 4, 30, 366])
def test_phases_fill_exactly_the_days(days):
    assert sum(phase_days(days)) == days
    assert min(phase_days(days)) >= 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"budget": 0},
        {"days": 2},
        {"cost_per_click": 0},
        {"cost_per_click": 1, "conversion_rate_percent": 101},
    ],
)
async def test_impossible_campaign_is_refused(arguments):
    message = await call(campaign_plan(), **{"budget": 100, "days": 10, **arguments})
    assert message.status == "error"
