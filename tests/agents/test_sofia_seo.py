import time
from typing import Any

import pytest

from agents.sofia.page import read_page, visible_text
from agents.sofia.seo import CHECKS, seo_audit

TITLE = "Fresh organic coffee, roasted to order in Lisbon"
DESCRIPTION = (
    "Order organic coffee beans roasted the day they ship, with free delivery in Portugal from two bags on."
)
GOOD = f"""<!doctype html><html lang="en"><head><title>{TITLE}</title>
<meta name="description" content="{DESCRIPTION}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="canonical" href="https://coffee.example/">
<script type="application/ld+json">{{"@context": "https://schema.org", "@graph": [{{"@type": "Organization"}},
 {{"@type": ["Product", "Offer"]}}]}}</script>
<style>p {{ color: red }}</style></head>
<body><h1>Organic coffee</h1><h2>Beans</h2><h3>Arabica</h3><h2>Delivery</h2>
<img src="/a.png" alt="A bag of beans"><img src="/line.png" alt="">
<a href="/beans">Beans</a> <a href="https://coffee.example/about">About us</a>
<a href="https://other.example/">A friend</a> <a href="/cart"><img src="/cart.png" alt="Cart"></a>
<p>{"coffee " * 320}</p><script>var hidden = "not a word";</script></body></html>"""


async def audit(html: str) -> Any:  # ainvoke returns Any
    tool = seo_audit()
    return await tool.ainvoke({"name": tool.name, "args": {"html": html}, "id": "1", "type": "tool_call"})


def test_points_of_all_checks_make_a_hundred():
    assert sum(check.points for check in CHECKS) == 100


async def test_page_without_faults_scores_a_hundred():
    message = await audit(GOOD)
    assert message.artifact.data["score"] == 100
    assert message.content.startswith("The page scores 100 of 100; nothing needs fixing.")
    page = message.artifact.data["page"]
    assert page["title"] == TITLE
    assert page["h1"] == ["Organic coffee"]
    assert (page["internal_links"], page["external_links"]) == (3, 1)
    assert page["structured_data"] == ["Organization", "Product", "Offer"]


def test_scripts_and_styles_are_not_read_as_words():
    page = read_page(GOOD)
    assert "hidden" not in page.text
    assert "color" not in page.text
    assert page.images == 3
    assert page.images_without_alt == ()


@pytest.mark.parametrize(
    ("before", "after", "check", "said"),
    [
        (TITLE, "Coffee", "title", "Lengthen the title from 6"),
        (TITLE, TITLE * 2, "title", "Shorten the title from 96"),
        ("<title>", "<title>x</title><title>", "title", "Keep one title"),
        (DESCRIPTION, "", "meta description", "Write a meta description"),
        ("<h1>Organic coffee</h1>", "", "h1", "Add one h1"),
        ("<h2>Delivery</h2>", "<h1>Delivery</h1>", "h1", "Keep one h1"),
        ("<h2>Beans</h2>", "", "heading order", "Use h2 after h1, not h3"),
        (
            'alt="A bag of beans"',
            "",
            "image alt texts",
            "Describe these images in alt, or set it empty for decoration: /a.png",
        ),
        ('alt="Cart"', 'alt=""', "links", "Give every link a text"),
        ('rel="canonical"', 'rel="next"', "canonical", "Add <link"),
        ("<style>", '<link rel="canonical" href="/other"><style>', "canonical", "Keep one canonical link"),
        ("width=device-width", "width=900", "viewport", "Add <meta"),
        (' lang="en"', "", "language", "Add lang"),
        ("coffee " * 320, "coffee", "length", "under 300 words"),
        ("@graph", "graph", "structured data", "Add JSON-LD"),
        ('{"@context"', "{@context", "structured data", "Repair the JSON-LD"),
        ('"https://schema.org"', "1" * 5000, "structured data", "Repair the JSON-LD"),
        (
            "<style>",
            '<meta name="ROBOTS" content="NOINDEX, follow"><style>',
            "indexability",
            "Remove noindex",
        ),
        ("<style>", '<meta name="robots" content="nofollow"><style>', "indexability", "Remove nofollow"),
    ],
)
async def test_each_fault_costs_points_and_names_its_fix(before, after, check, said):
    assert before in GOOD
    message = await audit(GOOD.replace(before, after))
    assert message.artifact.data["score"] < 100
    assert check in message.artifact.data["fix_first"]
    assert said in message.content


async def test_page_shut_out_of_the_index_is_to_be_fixed_first():
    message = await audit(
        GOOD.replace("<style>", '<meta name="robots" content="none"><style>').replace(' lang="en"', "")
    )
    assert message.artifact.data["fix_first"] == ["indexability", "language"]
    assert message.artifact.data["page"]["indexable"] is False


async def test_bare_fragment_is_audited_and_the_report_can_be_downloaded():
    message = await audit("<p>Hello</p>")
    assert 0 < message.artifact.data["score"] < 50
    assert "there are no links" in message.content
    assert message.artifact.artifacts[0].name == "seo-audit.md"


@pytest.mark.parametrize("html", ["", "   ", "just words, 3 < 4"])
async def test_request_without_markup_is_refused(html):
    message = await audit(html)
    assert message.status == "error"
    assert "There is no HTML" in message.content


async def test_megabyte_page_is_audited_in_a_moment():
    started = time.perf_counter()
    message = await audit(GOOD.replace("</body>", "<p>More <a href='/x'>words</a></p>" * 35_000 + "</body>"))
    assert message.artifact.data["page"]["internal_links"] == 35_003
    assert time.perf_counter() - started < 60


@pytest.mark.parametrize(
    ("html", "complaint"),
    [("<p>" + "x" * 2_000_000, "give at most 2,000,000"), ("<div>" * 50_000, "nested more than 2,000 deep")],
)
async def test_page_that_would_take_minutes_is_refused(html, complaint):
    message = await audit(html)
    assert message.status == "error"
    assert complaint in message.content


def test_markup_inside_scripts_does_not_count_as_nesting():
    page = read_page("<p>Hi</p><script>" + "a<b;" * 5000 + "</script>")
    assert page.words == 1
    assert read_page("<p>Hi</p><script>a<b").words == 1


def test_link_with_a_broken_address_counts_as_internal():
    assert read_page('<a href="http://[broken">x</a>').links.internal == 1


def test_other_json_in_structured_data_has_no_types():
    page = read_page('<p itemscope>x</p><script type="application/ld+json">[1, {"@type": 4}]</script>')
    assert page.structured.types == ()
    assert page.structured.microdata == 1


def test_type_list_may_be_anything_without_harm():
    page = read_page('<script type="application/ld+json">{"@type": null}</script><p>x</p>')
    assert page.structured.types == ()


async def test_microdata_counts_as_structured_data():
    html = GOOD.replace("@graph", "graph").replace(
        "<h1>", '<h1 itemscope itemtype="https://schema.org/Thing">'
    )
    message = await audit(html)
    assert message.artifact.data["score"] == 100


def test_title_of_a_drawing_is_not_the_page_title():
    assert read_page("<title>Page</title><svg><title>Logo</title></svg>").titles == ("Page",)


def test_plain_text_is_its_own_visible_text():
    assert visible_text("Just words.") == "Just words."
    assert visible_text("<p>Just <b>words</b>.</p>") == "Just words ."
