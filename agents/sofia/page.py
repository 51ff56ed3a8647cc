"""What an HTML page tells a search engine, read once into a plain record."""

import json
import re
from dataclasses import dataclass
from typing import Any  # JSON-LD is whatever the page's author wrote
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from agents.tools import ToolRefused

LARGEST_PAGE = 2_000_000
DEEPEST_NESTING = 2_000
_TAG = re.compile(r"<(?:!doctype|[a-z][a-z0-9]*)[\s>/]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_ANY_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.IGNORECASE)
_NOT_NESTING = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd tr td th thead tbody tfoot option "
    "optgroup colgroup path circle rect line polyline polygon ellipse use stop".split()
)
_INVISIBLE = ["script", "style", "template", "noscript"]


@dataclass(frozen=True)
class StructuredData:
    """JSON-LD and microdata of a page."""

    types: tuple[str, ...]
    broken: int
    """JSON-LD blocks that are not valid JSON."""
    microdata: int


@dataclass(frozen=True)
class Links:
    """Links of a page; internal are those without a host or with the canonical URL's host."""

    internal: int
    external: int
    without_text: int


@dataclass(frozen=True)
class Page:
    """The parts of a page that an audit looks at."""

    titles: tuple[str, ...]
    descriptions: tuple[str, ...]
    headings: tuple[tuple[int, str], ...]
    """Level, 1 to 6, and text, in document order."""
    images: int
    images_without_alt: tuple[str, ...]
    """The `src` of each image that has no alt attribute; an empty alt marks decoration and is fine."""
    links: Links
    canonicals: tuple[str, ...]
    viewport: str
    language: str
    robots: frozenset[str]
    structured: StructuredData
    text: str
    """The visible text of the body."""
    words: int


def read_page(html: str) -> Page:
    """Parse a page or a part of one.

    Raises ToolRefused where there is no markup, more than 2 million characters, or elements nested so deep
    that parsing, quadratic in the depth, would take minutes.
    """
    tree = _parse(html)
    canonicals = tuple(_attributes(tree, 'link[rel~="canonical" i]', "href"))
    structured = _structured_data(tree)
    images = tree.css("img")
    links = _links(tree, canonicals)
    root = tree.css_first("html")
    robots = _attributes(tree, 'meta[name="robots" i], meta[name="googlebot" i]', "content")
    titles = tuple(_clean(node.text()) for node in tree.css("title") if not _inside_svg(node))
    viewport = next(iter(_attributes(tree, 'meta[name="viewport" i]', "content")), "")
    tree.strip_tags(_INVISIBLE)
    text = _clean(tree.body.text(separator=" ")) if tree.body is not None else ""
    return Page(
        titles=titles,
        descriptions=tuple(_attributes(tree, 'meta[name="description" i]', "content")),
        headings=tuple(
            (int((node.tag or "h6")[1]), _clean(node.text())) for node in tree.css("h1,h2,h3,h4,h5,h6")
        ),
        images=len(images),
        images_without_alt=tuple(_source(image) for image in images if "alt" not in image.attributes),
        links=links,
        canonicals=canonicals,
        viewport=viewport,
        language=(root.attributes.get("lang") or "").strip() if root is not None else "",
        robots=frozenset(part.strip().lower() for value in robots for part in value.split(",")),
        structured=structured,
        text=text,
        words=len(_WORD.findall(text)),
    )


def is_markup(text: str) -> bool:
    """Whether a text holds at least one HTML tag."""
    return _TAG.search(text) is not None


def visible_text(text: str) -> str:
    """The text a reader sees: of markup its visible text, of anything else the text itself."""
    return read_page(text).text if is_markup(text) else text


def _parse(html: str) -> LexborHTMLParser:
    if len(html) > LARGEST_PAGE:
        raise ToolRefused(f"The page has {len(html):,} characters; give at most {LARGEST_PAGE:,}.")
    if not is_markup(html):
        raise ToolRefused("There is no HTML in the request; paste the source of the page, tags included.")
    if _nesting(html) > DEEPEST_NESTING:
        raise ToolRefused(
            f"Elements are nested more than {DEEPEST_NESTING:,} deep; close them, then try again."
        )
    return LexborHTMLParser(html)


def _nesting(html: str) -> int:
    """About how deep elements are nested, from the tags alone; what script and style hold is skipped."""
    depth = deepest = position = 0
    while (tag := _ANY_TAG.search(html, position)) is not None:
        position = tag.end()
        name = tag[2].lower()
        if name in _NOT_NESTING:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
        if name in {"script", "style"} and not tag[1]:
            position = html.find(f"</{name}", position)
            if position < 0:
                break
    return deepest


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())


def _attributes(tree: LexborHTMLParser, selector: str, name: str) -> list[str]:
    return [_clean(node.attributes.get(name)) for node in tree.css(selector)]


def _inside_svg(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and parent.tag == "svg"


def _source(image: LexborNode) -> str:
    return image.attributes.get("src") or "an image without src"


def _links(tree: LexborHTMLParser, canonicals: tuple[str, ...]) -> Links:
    own_host = _host(canonicals[0]) if canonicals else ""
    internal = external = without_text = 0
    for link in tree.css("a[href]"):
        host = _host(link.attributes.get("href") or "")
        if host and host != own_host:
            external += 1
        else:
            internal += 1
        without_text += not _has_name(link)
    return Links(internal=internal, external=external, without_text=without_text)


def _host(url: str) -> str:
    try:
        return urlsplit(url.strip()).netloc.lower()
    except ValueError:
        return ""


def _has_name(link: LexborNode) -> bool:
    named = link.attributes.get("aria-label") or link.attributes.get("title") or link.text().strip()
    return bool(named) or any((image.attributes.get("alt") or "").strip() for image in link.css("img"))


def _structured_data(tree: LexborHTMLParser) -> StructuredData:
    types: list[str] = []
    broken = 0
    for script in tree.css('script[type="application/ld+json" i]'):
        try:
            types += _types(json.loads(script.text()))
        except (ValueError, RecursionError):
            broken += 1
    return StructuredData(types=tuple(types), broken=broken, microdata=len(tree.css("[itemscope]")))


def _types(value: Any) -> list[str]:  # JSON-LD is whatever the page's author wrote
    """The schema.org types of the top level and of its @graph."""
    if isinstance(value, list):
        return [name for item in value for name in _types(item)]
    if not isinstance(value, dict):
        return []
    own = value.get("@type")
    listed = own if isinstance(own, list) else [own]
    names = [name for name in listed if isinstance(name, str)]
    return names + _types(value.get("@graph"))
