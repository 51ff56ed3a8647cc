"""What Sofia's sub-agents assemble without a language model."""

import pytest

from tests.graphs.conversation import Shelf, to

PAGE = "<html lang='en'><head><title>Rye bread</title></head><body><h1>Rye bread</h1><p>Fresh bread.</p></body></html>"
WORK = [
    (
        "copywriter",
        "Write a compelling ad for a moving company, benefits: fixed fee, insured crew, weekend dates; audience: families",
        {"ad_copy_draft"},
        ("Moving company for families", "| one promise | the first of these: fixed fee", "What proves it"),
    ),
    (
        "copywriter",
        "Write a landing page for our dog walking app",
        set(),
        ("what dog walking app is", "Give two to five benefits"),
    ),
    (
        "copywriter",
        "Schreibe eine Anzeige für unseren Yogakurs, Vorteile: kleine Gruppen, abends",
        {"ad_copy_draft"},
        ("Yogakurs", "Kleine Gruppen", "Mehr erfahren"),
    ),
    (
        "seo",
        f"Design a complete SEO strategy and site structure so that we are found for rye bread: {PAGE}",
        {"seo_audit"},
        ("of 100", "who searches for rye bread wants", "search console"),
    ),
    (
        "seo",
        "Recommend an in-depth SEO plan for search intent, content structure and internal links for a garden furniture shop",
        set(),
        ("who searches for garden furniture shop wants", "Paste its HTML source"),
    ),
    (
        "analytics",
        "Review our campaign in depth, evaluate what the numbers mean and recommend what to decide on conversions: spent 1200 for 80000 impressions, 960 clicks and 48 sales",
        {"campaign_metrics"},
        ("CPA is 25", "check on conversions", "Two explanations"),
    ),
    (
        "ad_manager",
        (
            "Design a whole paid campaign strategy with audiences, bids and creatives on Google to promote a language course: "
            "budget 6000 over 30 days, CPC 0.80, 3 % convert"
        ),
        {"campaign_plan"},
        ("language course", "225.0 conversions", "At the rates you gave"),
    ),
    (
        "social_media",
        "Write a complete series of social media posts for our bakery on Instagram, 3 posts a week for 2 weeks, topics: rye, wheat, oats",
        {"content_calendar"},
        ("6 posts in 14 days", "Forms to alternate", "Channels: Instagram", "For bakery"),
    ),
    (
        "social_media",
        'Plan community work and write a reply to this comment: "My order came two days late and nobody answered."',
        set(),
        ("nobody answered", "in public, within a working day", "Which topics"),
    ),
]


@pytest.fixture
def asked_of_sofia(play, extractive):
    """A conversation with Sofia and the extractive model."""

    def make(request):
        talk, _ = play(router=to("sofia", request=request), shelf=Shelf())
        talk.chat = extractive
        return talk

    return make


@pytest.mark.parametrize(("sub_agent", "request_", "tools", "said"), WORK, ids=lambda value: str(value)[:40])
async def test_a_sub_agent_assembles_what_it_computed_and_asks_what_it_lacks(
    asked_of_sofia, sub_agent, request_, tools, said
):
    state = await asked_of_sofia(request_).say(request_)
    (result,) = state["results"]
    assert sub_agent in result.sub_agents
    assert "no language model wrote it" in state["answer"]
    assert tools <= {use.name for use in result.tool_uses if not use.failed}
    for part in said:
        assert part in state["answer"]
    assert result.grounding.holds
