"""An on-page SEO audit: weighted checks, a score with its reasons, and what to fix first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import table
from agents.sofia.charts import bar_chart
from agents.sofia.page import Page, read_page
from agents.tools import Artifact, Figure, ToolOutput, tool
from models import Unit, argument

TITLE_LENGTH = (30, 60)
DESCRIPTION_LENGTH = (70, 160)
FEWEST_WORDS = 300
_SHOWN_SOURCES = 3
_TO_FIX_FIRST = 3


class SeoAudit(BaseModel):
    """The page to audit."""

    html: str = argument("The HTML source of the page", unit=Unit.HTML)


@dataclass(frozen=True)
class Finding:
    """What a check saw: the share of its points that the page earns, 0 to 1, why, and what to do about the rest."""

    earned: float
    reason: str
    fix: str = ""


@dataclass(frozen=True)
class Check:
    """One thing to look at, with the points it is worth; the points of all checks make 100."""

    name: str
    points: int
    look: Callable[[Page], Finding]


def seo_audit() -> BaseTool:
    """The audit of a page's HTML."""
    return tool(
        "seo_audit",
        "Audits the HTML of a page for search engines: title, meta description, headings, image alt texts, links, "
        "canonical, viewport, language, length, structured data and indexability; a score with what to fix first.",
        SeoAudit,
        _seo_audit,
        examples=(
            "Do an SEO audit of this page: <html><head><title>Shop</title></head><body><h1>Shop</h1></body></html>",
            "What is wrong with the on-page SEO of this HTML?",
            "Check the title, meta description and h1 of my page's source",
            "Can Google index this page? <html><head><meta name='robots' content='noindex'></head></html>",
            "Are there images without alt text in this markup?",
        ),
    )


def _seo_audit(arguments: SeoAudit) -> ToolOutput:
    page = read_page(arguments.html)
    findings = [(check, check.look(page)) for check in CHECKS]
    score = round(sum(check.points * finding.earned for check, finding in findings))
    lacking = sorted(
        (pair for pair in findings if pair[1].fix),
        key=lambda pair: pair[0].points * (1 - pair[1].earned),
        reverse=True,
    )
    fixes = [f"{number}. {found.fix}" for number, (_, found) in enumerate(lacking, 1)]
    first = f"fix first: {lacking[0][1].reason}" if lacking else "nothing needs fixing"
    text = f"The page scores {score} of 100; {first}."
    if fixes:
        text += "\n\nWhat to fix, most points first:\n" + "\n".join(fixes[:_TO_FIX_FIRST])
        text += "".join(f"\n{fix}" for fix in fixes[_TO_FIX_FIRST:])
    rows = [
        (check.name, f"{check.points * found.earned:.0f} of {check.points}", found.reason)
        for check, found in findings
    ]
    listing = table(("check", "points", "what was found"), rows)
    note = (
        "The points are this tool's weights, not a search engine's: title and description lengths are what result "
        "pages show before they cut off (Moz, Title Tag and Meta Description), the rest follows Google Search "
        "Central's documentation. Speed, backlinks and rankings cannot be seen in the HTML."
    )
    text += f"\n\n{listing}\n\n{note}"
    return ToolOutput(
        text=text,
        data={"score": score, "fix_first": [check.name for check, _ in lacking], "page": _seen(page)},
        figures=(
            Figure(name="score", value=score, unit="of 100", decimals=0),
            Figure(name="words of the body", value=page.words, unit="words", decimals=0),
            Figure(
                name="images without alt text", value=len(page.images_without_alt), unit="images", decimals=0
            ),
        ),
        assumptions=("The HTML given is what the server sends; nothing that scripts add later is seen.",),
        would_change=(
            *(
                f"Mending {check.name} brings {check.points * (1 - found.earned):.0f} points."
                for check, found in lacking[:_TO_FIX_FIRST]
            ),
            "Headers, robots.txt, speed and links from elsewhere, which are not in the HTML.",
        ),
        chart=bar_chart(
            "Points lost by check",
            {check.name: round(check.points * (1 - found.earned), 2) for check, found in lacking},
            "points",
        )
        if lacking
        else None,
        artifacts=(
            Artifact(name="seo-audit.md", media_type="text/markdown", content=f"# SEO audit\n\n{text}\n"),
        ),
    )


def _seen(page: Page) -> dict[str, JsonValue]:
    return {
        "title": page.titles[0] if page.titles else None,
        "meta_description": page.descriptions[0] if page.descriptions else None,
        "h1": [text for level, text in page.headings if level == 1],
        "images": page.images,
        "images_without_alt": len(page.images_without_alt),
        "internal_links": page.links.internal,
        "external_links": page.links.external,
        "canonical": page.canonicals[0] if page.canonicals else None,
        "language": page.language or None,
        "words": page.words,
        "structured_data": list(page.structured.types),
        "indexable": not _blocked(page),
    }


def _blocked(page: Page) -> bool:
    return bool(page.robots & {"noindex", "none"})


def _indexable(page: Page) -> Finding:
    if _blocked(page):
        return Finding(
            0,
            "the robots meta tag forbids indexing",
            "Remove noindex from the robots meta tag if the page is to be found.",
        )
    if "nofollow" in page.robots:
        return Finding(
            0.5,
            "robots may index the page but not follow its links",
            "Remove nofollow unless you mean it for every link.",
        )
    return Finding(1, "nothing in the HTML forbids indexing")


def _title(page: Page) -> Finding:
    return _snippet("title", page.titles, TITLE_LENGTH)


def _description(page: Page) -> Finding:
    return _snippet("meta description", page.descriptions, DESCRIPTION_LENGTH)


def _snippet(name: str, values: tuple[str, ...], length: tuple[int, int]) -> Finding:
    shortest, longest = length
    if not any(values):
        return Finding(0, f"the {name} is missing", f"Write a {name} of {shortest} to {longest} characters.")
    if len(values) > 1:
        return Finding(0.4, f"there are {len(values)} {name}s", f"Keep one {name}.")
    size = len(values[0])
    if shortest <= size <= longest:
        return Finding(1, f"the {name} has {size} characters")
    verb, side = ("Lengthen", "short") if size < shortest else ("Shorten", "long")
    return Finding(
        0.6,
        f"the {name} is {side} with {size} characters",
        f"{verb} the {name} from {size} to between {shortest} and {longest} characters.",
    )


def _main_heading(page: Page) -> Finding:
    mains = [text for level, text in page.headings if level == 1]
    if not any(mains):
        return Finding(0, "there is no h1 with text", "Add one h1 that says what the page is about.")
    if len(mains) > 1:
        return Finding(0.5, f"there are {len(mains)} h1 headings", "Keep one h1 and make the others h2.")
    return Finding(1, f"one h1: “{mains[0]}”")


def _heading_order(page: Page) -> Finding:
    levels = [level for level, _ in page.headings]
    jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    if jumps:
        above, below = jumps[0]
        return Finding(
            0.4, f"headings skip from h{above} to h{below}", f"Use h{above + 1} after h{above}, not h{below}."
        )
    return Finding(1, f"{len(levels)} headings in order")


def _alternatives(page: Page) -> Finding:
    missing = len(page.images_without_alt)
    if not missing:
        return Finding(
            1, f"all {page.images} images have an alt attribute" if page.images else "there are no images"
        )
    named = ", ".join(page.images_without_alt[:_SHOWN_SOURCES])
    more = " and others" if missing > _SHOWN_SOURCES else ""
    return Finding(
        1 - missing / page.images,
        f"{missing} of {page.images} images have no alt text",
        f"Describe these images in alt, or set it empty for decoration: {named}{more}.",
    )


def _link_texts(page: Page) -> Finding:
    links = page.links
    total = links.internal + links.external
    if not total:
        return Finding(0, "there are no links", "Link to related pages of the site.")
    if links.without_text:
        return Finding(
            1 - links.without_text / total,
            f"{links.without_text} of {total} links have no text",
            "Give every link a text, or its image an alt text, that says where it leads.",
        )
    return Finding(1, f"{links.internal} internal and {links.external} external links")


def _canonical(page: Page) -> Finding:
    if not any(page.canonicals):
        return Finding(
            0, "there is no canonical link", 'Add <link rel="canonical"> with the address to be indexed.'
        )
    if len(set(page.canonicals)) > 1:
        return Finding(0.2, "there are several different canonical links", "Keep one canonical link.")
    return Finding(1, f"canonical: {page.canonicals[0]}")


def _viewport(page: Page) -> Finding:
    if "width=device-width" not in page.viewport.replace(" ", ""):
        return Finding(
            0,
            "there is no viewport for mobile devices",
            'Add <meta name="viewport" content="width=device-width, initial-scale=1">.',
        )
    return Finding(1, "the viewport fits mobile devices")


def _language(page: Page) -> Finding:
    if not page.language:
        return Finding(
            0, "the page does not name its language", 'Add lang to the html tag, e.g. <html lang="en">.'
        )
    return Finding(1, f"language: {page.language}")


def _length(page: Page) -> Finding:
    if page.words < FEWEST_WORDS:
        return Finding(
            page.words / FEWEST_WORDS,
            f"the body has {page.words} words",
            f"Answer the reader's question in full; under {FEWEST_WORDS} words is often thin for a page meant to be found.",
        )
    return Finding(1, f"the body has {page.words:,} words")


def _structured(page: Page) -> Finding:
    data = page.structured
    if data.broken:
        return Finding(0, f"{data.broken} JSON-LD blocks are not valid JSON", "Repair the JSON-LD.")
    if not data.types and not data.microdata:
        return Finding(
            0, "there is no structured data", "Add JSON-LD of the schema.org type the page is about."
        )
    return Finding(1, "structured data: " + (", ".join(data.types) or "microdata"))


CHECKS = (
    Check("indexability", 20, _indexable),
    Check("title", 15, _title),
    Check("meta description", 10, _description),
    Check("h1", 10, _main_heading),
    Check("image alt texts", 10, _alternatives),
    Check("viewport", 8, _viewport),
    Check("heading order", 5, _heading_order),
    Check("links", 5, _link_texts),
    Check("canonical", 5, _canonical),
    Check("length", 5, _length),
    Check("language", 4, _language),
    Check("structured data", 3, _structured),
)
