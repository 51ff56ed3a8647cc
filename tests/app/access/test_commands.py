"""`freya keys` on the stores of the test session."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import logs
from app.access_wiring import open_keys
from app.backends import open_backends
from app.cli.commands import application
from app.settings import HttpSettings, Settings, SettingsInvalid


@pytest.fixture(autouse=True)
def _stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str, redis_url: str) -> None:
    for name in os.environ:
        if name.startswith("FREYA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREYA_POSTGRES_URL", database_url)
    monkeypatch.setenv("FREYA_REDIS_URL", redis_url)
    monkeypatch.setattr(logs, "configure_logs", lambda _: None)


def freya(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["keys", *arguments])


def test_keys_are_made_listed_rotated_and_revoked():
    assert "there are no keys" in freya("list").stderr
    made = freya("create", "laptop", "--user", "anna", "--scope", "read", "--days", "3", "--turns-a-day", "5")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("frk_")
    [kept] = json.loads(freya("list", "--json").stdout)
    assert (kept["name"], kept["scopes"], kept["user"], kept["created_by"]) == (
        "laptop",
        ["read"],
        "anna",
        "command line",
    )
    assert kept["limits"] == {"requests_a_minute": None, "turns_a_day": 5, "tokens_a_day": None}
    rotated = json.loads(freya("rotate", kept["id"], "--grace-s", "0", "--json").stdout)
    assert rotated["key"] != made.stdout.strip()
    assert "revoked" in freya("revoke", rotated["api_key"]["id"]).stdout
    lines = freya("list").stdout.splitlines()
    assert ["revoked" in line for line in lines] == [True, False]
    assert "expired" in lines[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["create", "x", "--scope", "root"], 2, "scopes"),
        (["create", "x", "--user", "a/b"], 2, "user"),
        (["revoke", "key_none"], 1, "There is no key key_none."),
        (["rotate", "key_none"], 1, "There is no key key_none that can be rotated"),
    ],
)
def test_what_cannot_be_is_told(arguments, code, said):
    result = freya(*arguments)
    assert (result.exit_code, said in result.stderr) == (code, True), result.output


async def test_beyond_loopback_the_service_wants_a_key_that_was_not_revoked(
    tmp_path: Path, database_url: str, redis_url: str, make, keys
):
    settings = Settings(
        data=tmp_path,
        postgres_url=database_url,
        redis_url=redis_url,
        http=HttpSettings(host="0.0.0.0"),  # noqa: S104
    )
    async with open_backends(settings, progress=lambda _: None) as backends:
        with pytest.raises(SettingsInvalid, match="freya keys create"):
            async with open_keys(settings.http, backends.pool):
                pass
        made = await make()
        async with open_keys(settings.http, backends.pool) as opened:
            assert opened.book.has_keys
        await keys.revoke(None, made["x-id"])
        with pytest.raises(SettingsInvalid):
            async with open_keys(settings.http, backends.pool):
                pass
