"""Finding the specialists, and saying what is wrong with a folder that defines none."""

import sys

import pytest

import agents
from agents import Charter, CharterInvalid, discover
from agents.charter import read_utterances

GOOD = """
from agents.charter import Charter

def charter():
    return Charter(
        name={name!r}, title="Tester", description="Tests.", persona={persona!r}, scope=(), declines=(),
        collections={collections!r}, tools={tools}, utterances=tuple(f"ask {{n}}" for n in range({utterances})),
    )
"""


def written(name="newcomer", persona="You test.", collections=("new",), tools="()", utterances=12):
    return GOOD.format(
        name=name, persona=persona, collections=collections, tools=tools, utterances=utterances
    )


def helped(more):
    """A folder whose specialist has a sub-agent."""
    helper = f'SubAgent(name="helper", purpose="Helps.", persona="You help.", {more})'
    return (
        written()
        .replace("import Charter", "import Charter, SubAgent")
        .replace("scope=()", f"subagents=({helper},), scope=()")
    )


@pytest.fixture
def newcomer(tmp_path, monkeypatch):
    """Writes agents/newcomer/charter.py beside the real folders; it is gone after the test."""

    def write(source):
        folder = tmp_path / "newcomer"
        folder.mkdir()
        (folder / "__init__.py").touch()
        if source is not None:
            (folder / "charter.py").write_text(source)

    monkeypatch.setattr(agents, "__path__", [*agents.__path__, str(tmp_path)])
    yield write
    for module in [name for name in sys.modules if name.startswith("agents.newcomer")]:
        del sys.modules[module]
    vars(agents).pop("newcomer", None)


def test_the_five_specialists_are_found_in_alphabetical_order():
    found = discover()
    assert list(found) == ["davina", "fundamentals", "rebecca", "sofia", "technical"]
    assert all(isinstance(charter, Charter) and charter.name == name for name, charter in found.items())


def test_every_charter_says_what_it_is_for_and_who_helps_it():
    for charter in discover().values():
        assert charter.title
        assert charter.description
        assert charter.scope
        assert charter.declines
        assert 3 <= len(charter.subagents) <= 6


def test_a_new_folder_is_a_new_specialist(newcomer):
    newcomer(written())
    assert discover()["newcomer"].title == "Tester"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "agents/newcomer needs charter.py with charter"),
        ("", "agents/newcomer needs charter.py with charter"),
        ("def charter():\n    return 'me'\n", "gave str and not a Charter"),
        (written(name="other"), "its name is 'other' and not the folder's"),
        (written(name="New Comer"), "not a lower-case identifier"),
        (written(persona=" "), "no persona"),
        (written(collections=()), "names no collection"),
        (written(utterances=9), "fewer than 10 utterances"),
        (
            "from agents.technical.tools import technical_tools\n"
            + written(tools="(technical_tools()[0], technical_tools()[0])"),
            "two of its tools have one name",
        ),
        (helped('tools=("dowsing",)'), "its sub-agents name tools that it has not: dowsing"),
        (
            helped('playbook="playbooks/helper.toml"'),
            "its sub-agents name playbooks that are not there: playbooks/helper.toml",
        ),
    ],
)
def test_a_folder_that_defines_no_specialist_is_refused_with_the_reason(newcomer, source, said):
    newcomer(source)
    with pytest.raises(CharterInvalid, match=said):
        discover()


def test_comments_and_blank_lines_are_no_utterances():
    lines = read_utterances("agents.technical")
    assert "what is rsi" in lines
    assert not [line for line in lines if not line or line.startswith("#")]
