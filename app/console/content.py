"""Markdown that a model, a tool or a source wrote, as HTML that does nothing but show it.

HTML in it is text, links lead to http, https and mailto alone, and a picture is a link: one that was fetched would tell its
host who reads. NiceGUI passes the outcome through DOMPurify in the browser besides.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any, Final  # Any: markdown-it's own type of an environment
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from nicegui import ui

_SCHEMES: Final = frozenset({"", "http", "https", "mailto"})
_LONGEST: Final = 400_000
"""Characters that are rendered; what is longer is shown as it is."""
_CITATION: Final = re.compile(r"\[(\d{1,3})\]")
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_GOES_ON: Final = re.compile(r"^(?:[ \t]|[-*+>|]|\d{1,9}[.)]\s)")


def markdown(text: str, *, cited: Sequence[int] = ()) -> ui.html:
    """An element that shows it. The numbers of `cited` become links `#cite-N`."""
    return ui.html(rendered(text, cited), sanitize=True).classes("fr-md")


def rendered(text: str, cited: Sequence[int] = ()) -> str:
    """The HTML of it."""
    if len(text) > _LONGEST:
        return f"<pre>{escape(text)}</pre>"
    return str(_parser().render(text, {"cited": frozenset(cited)}))


def settled(text: str) -> int:
    """How much of a text that grows is whole blocks, which more of it will not change: the length of its beginning.

    A block ends at an empty line outside of fenced code, where what follows begins none that could go on.
    """
    end, at = 0, 0
    fence = ""
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1]):
        at += len(line) + 1
        if found := _FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1].startswith(fence) and not line.strip(" " + fence[0]):
                fence = ""
        following = lines[number + 1]
        if not fence and not line.strip() and following and not _GOES_ON.match(following):
            end = at
    return end


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    made.validateLink = _leads_out  # type: ignore[method-assign]  # markdown-it's way to set it
    made.add_render_rule("image", _picture)
    made.add_render_rule("fence", _code)
    made.add_render_rule("code_block", _code)
    made.add_render_rule("table_open", _table)
    made.add_render_rule("citation", _number)
    made.add_render_rule("link_open", _link)
    made.inline.ruler.after("escape", "citation", _citation)
    return made


def _leads_out(url: str) -> bool:
    try:
        return urlsplit(re.sub(r"[\x00-\x20]+", "", url)).scheme.lower() in _SCHEMES
    except ValueError:
        return False


def _citation(state: Any, silent: bool) -> bool:  # noqa: FBT001  # markdown-it's own signature
    """`[1]`, where passage 1 is cited."""
    found = _CITATION.match(state.src, state.pos)
    if found is None or int(found[1]) not in state.env.get("cited", ()):
        return False
    if state.src[found.end() : found.end() + 1] == "(":
        return False
    if not silent:
        state.push("citation", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _number(
    _: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: Any
) -> str:  # its signature
    number = tokens[at].content
    return f'<a class="fr-cite" href="#cite-{number}" role="button" aria-label="Source {number}">{number}</a>'


def _code(
    _: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: Any
) -> str:  # its signature
    """Code scrolls within itself, and so takes the focus."""
    return f'<pre tabindex="0"><code>{escape(tokens[at].content)}</code></pre>\n'


def _table(
    _: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: Any
) -> str:  # its signature
    return '<table tabindex="0">\n'


def _link(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    at: int,
    options: OptionsDict,
    _env: Any,  # its signature
) -> str:
    target = str(tokens[at].attrGet("href") or "")
    if urlsplit(target).scheme:
        tokens[at].attrSet("target", "_blank")
        tokens[at].attrSet("rel", "noopener noreferrer nofollow")
    return str(renderer.renderToken(tokens, at, options, _env))


def _picture(
    _: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: Any
) -> str:  # its signature
    source = str(tokens[at].attrGet("src") or "")
    name = escape(tokens[at].content or "picture")
    if not source or not urlsplit(source).scheme:
        return f'<span class="fr-picture">[{name}]</span>'
    return f'<a class="fr-picture" href="{escape(source)}" target="_blank" rel="noopener noreferrer nofollow">[{name}]</a>'
