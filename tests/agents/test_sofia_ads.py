"""Ad copy that is drafted."""

from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agents.sofia.ad_drafts import ad_copy_draft
from agents.sofia.ads import ad_copy_check
from agents.sofia.briefs import Brief, read_brief
from agents.sofia.platforms import PLATFORMS, ad_length

PLATFORM_NAMES = tuple(PLATFORMS)
FULL = {
    "product": "meal kit",
    "benefits": "ready in 20 minutes, seasonal vegetables from farms near you, no subscription!",
    "audience": "young parents",
    "offer": "30 % off the first box",
    "call_to_action": "Order now",
}


async def call(tool: BaseTool, **arguments: Any) -> Any:  # ainvoke returns Any
    return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


@pytest.mark.parametrize("platform", PLATFORM_NAMES)
async def test_every_draft_passes_the_check_of_its_platform(platform):
    drafted = (await call(ad_copy_draft(), **FULL, platform=platform)).artifact.data["texts"]
    assert drafted
    ad = " ".join(f'{text["field"]} "{text["text"]}"' for text in drafted)
    checked = (await call(ad_copy_check(), ad=ad, platform=platform)).artifact.data
    assert checked["fits"] is True
    assert len(checked["texts"]) == len(drafted)
    assert not any("refuses" in note or "repeated" in note for note in checked["notes"])


async def test_a_draft_says_nothing_that_was_not_given():
    message = await call(ad_copy_draft(), **FULL)
    given = " ".join([*FULL.values(), "for"]).lower().replace("!", "").replace(",", "").split()
    words = " ".join(text["text"] for text in message.artifact.data["texts"]).lower()
    for sign in "!,.:":
        words = words.replace(sign, " ")
    assert set(words.split()) <= set(given)
    assert "no claim was added" in message.content


async def test_a_benefit_that_fits_nowhere_is_named_and_never_cut():
    long = "a benefit whose description goes on until no field of any search advertisement has room enough for it"
    message = await call(ad_copy_draft(), product="bakery", benefits=f"baked daily, {long}")
    assert all(ad_length(text["text"], double_width=True) <= 90 for text in message.artifact.data["texts"])
    assert f"“{long}” is too long for every field" in message.content


@pytest.mark.parametrize(
    ("product", "action"),
    [
        ("Umzugsdienst, Vorteile: mit Festpreis und versichert", "Mehr erfahren"),
        ("школа танцев", "Узнать больше"),
    ],
)
async def test_the_action_that_is_assumed_is_in_the_language_of_the_brief(product, action):
    benefits = "" if "Vorteile" in product else "первый урок бесплатно, маленькие группы"
    request = f"Anzeige für den {product}" if "Vorteile" in product else product
    message = await call(ad_copy_draft(), product=request, benefits=benefits)
    assert action in message.content
    assert any(action in assumption for assumption in message.artifact.assumptions)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"product": "write an ad", "benefits": "fast"}, "Say what is advertised"),
        ({"product": "write an ad for a gym"}, "Give the benefits of gym"),
        ({"product": "x" * 6_000, "benefits": "fast"}, "at most"),
        ({"product": "p" * 79, "benefits": "b" * 300}, "Nothing of it fits"),
    ],
)
async def test_a_brief_that_lacks_what_to_say_is_refused(arguments, complaint):
    message = await call(ad_copy_draft(), **arguments)
    assert message.status == "error"
    assert complaint in message.content


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("meal kit", Brief(product="meal kit")),
        (
            "Write Google ads for a moving company, benefits: fixed price, insured crew and weekend dates",
            Brief(product="moving company", benefits=("fixed price", "insured crew", "weekend dates")),
        ),
        (
            "Draft a Facebook ad for our gym; strengths: open 24 hours; offer: first month free; cta: Join today",
            Brief(product="gym", benefits=("open 24 hours",), offer="first month free", call_to_action="Join today"),
        ),
        (
            "LinkedIn ad text for a payroll software aimed at HR directors, benefits: no spreadsheets",
            Brief(product="payroll software", benefits=("no spreadsheets",), audience="HR directors"),
        ),
        (
            "Schreibe eine Anzeige für unseren Yogakurs, Vorteile: kleine Gruppen; Zielgruppe: Berufstätige",
            Brief(product="Yogakurs", benefits=("kleine Gruppen",), audience="Berufstätige"),
        ),
        (
            "escribe un anuncio para una panadería, ventajas: pan recién hecho, entrega gratis",
            Brief(product="panadería", benefits=("pan recién hecho", "entrega gratis")),
        ),
        ("write an ad", Brief()),
    ],
)  # fmt: skip
def test_a_brief_is_read_from_a_request(text, brief):
    assert read_brief(text) == brief
