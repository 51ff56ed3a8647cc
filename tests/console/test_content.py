"""Markdown of models is shown, and does nothing else."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from app.console.content import rendered, settled

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61&#x6C&#x65&#x72&#x74&#x28&#x31&#x29)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x]( \x01javascript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    "![x](http://evil.invalid/pixel.png)",
    '![a"onerror="alert(1)](x)',
    '[a](http://x.invalid "title\\" onmouseover=\\"alert(1)")',
    "<javascript:alert(1)>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"onmouseover="alert(1)\nx\n```',
    "<!-- --><iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{background:url(http://evil.invalid)}</style>",
    "| <img src=x onerror=alert(1)> |\n|-|\n| <b onclick=alert(1)> |",
    "[1](javascript:alert(1)) [1]",
]
ALLOWED = set(
    "p a em strong s code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 hr br table thead tbody tr th td span".split()
)
ATTRIBUTES = {"href", "tabindex", "title", "class", "role", "aria-label", "target", "rel", "start", "style"}


def assert_inert(html: str) -> None:
    for node in LexborHTMLParser(html).css("body *"):
        assert node.tag in ALLOWED, html
        for name, value in node.attributes.items():
            assert name in ATTRIBUTES, html
            if name == "href":
                assert re.match(r"https?:|mailto:|[^:]*$", value or "", re.IGNORECASE), html
            if name == "style":
                assert re.fullmatch(r"text-align:(left|right|center)", value or ""), html


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_text(attack):
    assert_inert(rendered(attack, [1]))


@given(
    st.lists(st.sampled_from([*ATTACKS, "\n\n", "[", "](", ")", "`", "<", "*", "|", "> ", "- "]), max_size=12)
)
def test_pieces_of_attacks_put_together_are_text(pieces):
    assert_inert(rendered("".join(pieces), [1]))


def test_tables_code_and_links_are_rendered():
    html = rendered(
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n~~gone~~ [out](https://example.invalid) [in](/agents)\n\n```py\nx = 1\n```"
    )
    tree = LexborHTMLParser(html)
    assert [cell.text() for cell in tree.css("td")] == ["1", "2"]
    out, inner = tree.css("a")
    assert (out.attributes["target"], out.attributes["rel"]) == ("_blank", "noopener noreferrer nofollow")
    assert "target" not in inner.attributes
    assert tree.css("pre code")[0].text() == "x = 1\n"
    assert tree.css("s")[0].text() == "gone"


def test_only_cited_numbers_outside_of_code_become_links():
    tree = LexborHTMLParser(rendered("So it is [1] and [2][1], not [3] nor `[1]`.", [1, 2]))
    assert [link.attributes["href"] for link in tree.css("a.fr-cite")] == ["#cite-1", "#cite-2", "#cite-1"]
    assert "[3]" in tree.css("body")[0].text()
    assert tree.css("code")[0].text() == "[1]"


@given(
    st.lists(
        st.sampled_from(
            ["a b", "- x", "1. y", "```", "~~~", "", "", "> q", "    code", "| t |", "|-|", "# h", "\tz"]
        ),
        max_size=25,
    )
)
def test_what_is_settled_is_rendered_as_within_the_whole(lines):
    text = "\n".join([*lines, "end"])
    at, parts = 0, []
    while ends := settled(text[at:]):
        parts.append(rendered(text[at : at + ends]))
        at += ends
    parts.append(rendered(text[at:]))
    whole = rendered(text)
    assert re.sub(r"\s+", " ", "".join(parts)) == re.sub(r"\s+", " ", whole)


@pytest.mark.uncounted
def test_very_long_and_deep_texts_take_no_quadratic_time():
    def seconds(text: str) -> float:
        began = time.thread_time()
        rendered(text)
        return time.thread_time() - began

    for piece in ("[", "![", "*a_", "`", "> ", "<", "[1]", "| a ", "**"):
        once, four_times = seconds(piece * 4_000), seconds(piece * 16_000)
        assert four_times < 12 * once + 0.5, piece
