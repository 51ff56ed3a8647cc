"""`freya agents`, on a real store: deployed, listed, rolled back and disabled."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON

import psycopg
import pytest

from tests.app.cli_data import data, freya, seed, surroundings
from tests.app.cli_pipeline import done

__all__ = ["data", "seed", "surroundings"]
BOATS = "Agent for a rowing club: members reserve boats, record outings, and report damage"
NAME = "rowing_club"


@pytest.fixture(autouse=True)
def no_agents(database_url: str) -> Iterator[None]:
    """No agent is there before or after a test."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        known = connection.execute("SELECT to_regclass('agent_definitions')").fetchone()
        if known and known[0]:
            connection.execute("DELETE FROM agent_definitions")
        yield
        connection.execute("DELETE FROM agent_definitions")


def agents(data: Path, *arguments: str) -> str:
    return done(freya(data, "agents", *arguments))


def told(data: Path, *arguments: str) -> Any:  # JSON
    return json.loads(agents(data, *arguments, "--json"))


def test_an_agent_is_deployed_rolled_back_and_disabled(data: Path):
    first = agents(data, "deploy", BOATS, "--name", NAME)
    assert first.startswith(f"{NAME} version 1 works: ")
    assert "simulated records" in first
    second = told(data, "deploy", f"{BOATS}, and book a coach", "--name", NAME)
    assert (second["name"], second["version"]) == (NAME, 2)
    assert agents(data, "list").startswith(f"{NAME}  live  version 2 of 2")
    versions = agents(data, "versions", NAME).splitlines()
    assert [line[:4] for line in versions] == ["* 2 ", "  1 "]
    assert [each["active"] for each in told(data, "versions", NAME)] == [True, False]
    assert "version 1 of 2" in agents(data, "rollback", NAME)
    assert told(data, "rollback", NAME, "--version", "2")["version"] == 2
    assert f"{NAME}  disabled" in agents(data, "disable", NAME)
    (listed,) = told(data, "list")
    assert listed["state"] == "disabled"


def test_what_cannot_be_done_is_told_and_nothing_is_kept(data: Path):
    for arguments, said in (
        (("deploy", "please"), "names no domain"),
        (("deploy", BOATS, "--name", "sofia"), "belongs to a specialist"),
        (("versions", "nobody"), "'nobody'"),
        (("rollback", "nobody"), "'nobody'"),
        (("disable", "nobody"), "'nobody'"),
    ):
        result = freya(data, "agents", *arguments)
        assert result.exit_code == 1
        assert said in result.stderr
    assert "no agent was deployed" in agents(data, "list")
