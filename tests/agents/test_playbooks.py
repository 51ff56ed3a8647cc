"""Playbooks: what stands in them, what a request fills, and what is asked back."""

import pytest

from agents import discover
from agents.playbooks import Filled, fill_template, lay_out, parse_playbook, read_facts, read_playbook

TEXT = """
title = "Launch"

[facts.product]
question = "What is launched?"
patterns = ['\\blaunch (?P<value>[^,.]+)']

[facts.tone]
question = "Which tone?"
default = "plain"

[[sections]]
title = "Message"
needs = ["product"]
text = "{{ product }}, said {{ tone }}ly: {{ figures['reach'] }} people."

[[sections]]
title = "Reach"
tool = "reach"
question = "How many people?"

[[sections]]
title = "Known"
quote = "{{ request }}"
"""
BOOK = parse_playbook(TEXT)
MESSAGE = BOOK.sections[0].text or ""


def test_facts_are_read_from_the_request_or_taken_by_default_or_missing():
    facts = read_facts(BOOK, "Please launch a  vegan bakery, soon")
    assert facts.given == {"product": "a vegan bakery"}
    assert facts.assumed == {"tone": "plain"}
    assert read_facts(BOOK, "hello").missing == ("product",)


def test_a_template_is_filled_with_facts_and_figures():
    facts = read_facts(BOOK, "launch bread")
    assert fill_template(MESSAGE, "launch bread", facts, {"reach": "1,200"}) == (
        "bread, said plainly: 1,200 people."
    )


def test_a_template_that_uses_what_is_not_known_is_left_out():
    assert fill_template(MESSAGE, "x", read_facts(BOOK, "launch bread"), {}) == ""
    assert fill_template("{{ product }}", "x", read_facts(BOOK, "hello"), {}) == ""


def test_what_a_user_wrote_is_never_run_as_a_template():
    request = "launch {{ 7 * 7 }} now"
    assert fill_template("{{ product }}", request, read_facts(BOOK, request), {}) == "{{ 7 * 7 }} now"


def test_the_work_says_how_it_was_made_what_was_assumed_and_what_is_asked():
    sections = [
        Filled("Message", "Bread."),
        Filled("Reach", questions=("How many people?",)),
        Filled("Known"),
    ]
    text = lay_out(BOOK, read_facts(BOOK, "launch bread"), sections, of_model="extractive")
    assert text == (
        "*Launch: assembled from a playbook, computed parts and quoted passages by the extractive model; no language "
        "model wrote it.*\n\n#### Message\n\nBread.\n\n#### Assumed\n\n- tone: plain\n\n"
        "#### To go further, tell me\n\n- How many people?"
    )


def test_work_of_which_nothing_was_filled_is_none():
    assert lay_out(BOOK, read_facts(BOOK, "x"), [Filled("Message")], of_model="extractive") == ""


def test_a_playbook_names_its_tools_and_its_outline():
    assert BOOK.tools == {"reach"}
    assert BOOK.outline == "- Message\n- Reach\n- Known"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "Invalid value"),
        ('title = "x"\nsections = []', "sections"),
        ('title = "x"\n[[sections]]\ntitle = "a"', "exactly one of tool, text and quote"),
        ('title = "x"\n[[sections]]\ntitle = "a"\ntext = "b"\nquote = "c"', "exactly one of"),
        ('title = "x"\n[[sections]]\ntitle = "a"\ntool = "t"', "needs a question"),
        ('title = "x"\n[[sections]]\ntitle = "a"\ntext = "{{ b"', "template that cannot be read"),
        ('title = "x"\n[[sections]]\ntitle = "a"\ntext = "b"\nneeds = ["c"]', "facts that are not there: c"),
        (
            'title = "x"\n[facts.a]\nquestion = "?"\npatterns = ["("]\n[[sections]]\ntitle = "a"\ntext = "b"',
            "no regular expression",
        ),
        ('title = "x"\ncolour = "red"\n[[sections]]\ntitle = "a"\ntext = "b"', "colour"),
    ],
)
def test_a_playbook_that_cannot_be_used_says_why(text, said):
    with pytest.raises(ValueError, match=said):
        parse_playbook(text)


def test_every_playbook_that_ships_can_be_read_and_uses_tools_of_its_sub_agent():
    found = [
        (read_playbook(f"agents.{charter.name}", sub.playbook), sub)
        for charter in discover().values()
        for sub in charter.subagents
        if sub.playbook
    ]
    assert len(found) >= 6
    for playbook, sub in found:
        assert playbook.tools <= set(sub.tools)
        assert not [s for s in playbook.sections if s.text and any(c.isdigit() for c in s.text)], sub.name
