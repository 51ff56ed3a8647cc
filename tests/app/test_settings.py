import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import (
    HttpSettings,
    Settings,
    SettingsInvalid,
    load_settings,
    needs_keys,
    stray_settings,
    without_password,
)
from app.variables import config_file
from models.chat.settings import Role

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("FREYA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        file = tmp_path / "freya.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def complaint() -> str:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    return str(caught.value)


def test_nothing_needs_to_be_set():
    settings = load_settings()
    assert (settings.http.host, settings.http.port, settings.data) == ("127.0.0.1", 8700, Path("data"))
    assert stray_settings() == []


def test_variables_come_before_the_file_and_the_file_before_defaults(
    monkeypatch: pytest.MonkeyPatch, write: Write
):
    write('data = "from-file"\n[http]\nport = 1\nmost_runs = 2\n[log]\nlevel = "error"\n')
    monkeypatch.setenv("FREYA_HTTP__PORT", "3")
    settings = load_settings()
    assert (settings.http.port, settings.http.most_runs, settings.http.heartbeat_s) == (3, 2, 15.0)
    assert (str(settings.data), settings.log.level, settings.log.format) == ("from-file", "error", "auto")


def test_what_is_given_in_code_comes_first_and_leaves_the_rest_of_its_section(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("FREYA_HTTP__PORT", "3")
    monkeypatch.setenv("FREYA_HTTP__MOST_RUNS", "4")
    http = load_settings(http={"port": 5}).http
    assert (http.port, http.most_runs) == (5, 4)


def test_a_section_may_be_one_variable_with_parts_of_it_in_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_HTTP", '{"port": 7, "most_runs": 8}')
    monkeypatch.setenv("FREYA_HTTP__PORT", "9")
    http = load_settings().http
    assert (http.port, http.most_runs) == (9, 8)


def test_endpoints_and_roles_are_set_by_variables(monkeypatch: pytest.MonkeyPatch, write: Write):
    write('[models.endpoints.local]\nmodel = "small"\ntimeout_s = 5\n')
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__URL", "http://127.0.0.1:8080/v1")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__API_KEY", "sk-secret")
    monkeypatch.setenv("FREYA_MODELS__ROLES__REASONING", '["local"]')
    models = load_settings().models
    local = models.endpoints["local"]
    assert (local.url, local.model, local.timeout_s) == ("http://127.0.0.1:8080/v1", "small", 5.0)
    assert models.roles == {Role.REASONING: ["local"]}
    assert "sk-secret" not in repr(models)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_POSTGRES_URL", "")
    monkeypatch.setenv("FREYA_HTTP__PORT", "")
    monkeypatch.setenv("FREYA_CONFIG", "")
    settings = load_settings()
    assert settings.postgres_url is None
    assert settings.http.port == 8700


def test_the_file_is_freya_toml_here_or_where_a_variable_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    assert config_file() == Path("freya.toml")
    other = tmp_path / "other.toml"
    other.write_text("[http]\nport = 11\n", encoding="utf-8")
    monkeypatch.setenv("FREYA_CONFIG", str(other))
    assert config_file() == other
    assert load_settings().http.port == 11


def test_a_file_that_is_named_must_exist(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_CONFIG", "missing.toml")
    assert "missing.toml does not exist" in complaint()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[http\nport = 8700", "is not TOML: Expected ']'"),
        (b'data = "half-writ', "is not TOML: Unterminated string (at end of document)"),
        (b'data = "\xff"', "is not UTF-8 (at byte 9)"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_told_with_its_place(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "freya.toml").write_bytes(content)
    assert said in complaint()
    with pytest.raises(SettingsInvalid, match=r"freya\.toml"):
        stray_settings()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path):
    (tmp_path / "freya.toml").mkdir()
    assert "freya.toml cannot be read: Is a directory" in complaint()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "FREYA_HTTP__PORT",
            "99999",
            "FREYA_HTTP__PORT: must be less than or equal to 65535, not '99999'",
        ),
        ("FREYA_HTTP__PORT", "many", "FREYA_HTTP__PORT: must be a valid integer, not 'many'"),
        (
            "FREYA_LOG__LEVEL",
            "loud",
            "FREYA_LOG__LEVEL: must be 'debug', 'info', 'warning' or 'error', not 'loud'",
        ),
        (
            "FREYA_HTTP__PROT",
            "1",
            "FREYA_HTTP__PROT: there is no such setting; did you mean FREYA_HTTP__PORT?",
        ),
        ("FREYA_HTTP__ZZZ", "1", "FREYA_HTTP__ZZZ: there is no such setting"),
        (
            "FREYA_HTTP__KEY_HASHES",
            "abc",
            "FREYA_HTTP__KEY_HASHES: must be a list in JSON, such as FREYA_HTTP__KEY_HASHES='[\"value\"]'",
        ),
        (
            "FREYA_HTTP__KEY_HASHES",
            '["abc"]',
            "FREYA_HTTP__KEY_HASHES: each must be 64 hexadecimal digits (lower case); make one with `freya key`",
        ),
        ("FREYA_HTTP", "abc", "FREYA_HTTP: must be a table in JSON"),
        ("FREYA_HTTP", '{"port": -1}', "FREYA_HTTP, port: must be greater than or equal to 0, not '-1'"),
        ("FREYA_MODELS__ENDPOINTS", "{", "FREYA_MODELS__ENDPOINTS: must be a table in JSON"),
        (
            "FREYA_MODELS__ROLES__REASONING",
            "local",
            "FREYA_MODELS__ROLES__REASONING: must be a list, in a variable as JSON: '[\"value\"]'",
        ),
        (
            "FREYA_MODELS__ROLES__REASNING",
            "[]",
            "FREYA_MODELS__ROLES__REASNING: must be 'reasoning', 'agentic' or 'writer'",
        ),
        (
            "FREYA_MODELS__ENDPOINTS__LOCAL__URL",
            "http://x/v1",
            "FREYA_MODELS__ENDPOINTS__LOCAL__MODEL: is needed and not set",
        ),
        ("FREYA_POSTGRES_CONNECTIONS", "1", "FREYA_POSTGRES_CONNECTIONS: must be greater than or equal to 2"),
        (
            "FREYA_KNOWLEDGE__CHROMA_URL",
            "chroma:8000",
            "FREYA_KNOWLEDGE__CHROMA_URL: must begin with http:// or https://",
        ),
        ("FREYA_REDIS_URL", "memcached://h", "FREYA_REDIS_URL: must begin with redis:// or rediss://"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
):
    monkeypatch.setenv(variable, value)
    assert said in complaint()


def test_every_wrong_setting_has_a_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_HTTP__PORT", "many")
    monkeypatch.setenv("FREYA_LOG__LEVEL", "loud")
    assert len(complaint().splitlines()) == 3


def test_wrong_keys_of_the_file_are_named_as_such(write: Write):
    write(
        '[http]\nport = "x"\nbusy_wait = 3\nheartbeat_s = [1]\n[models.endpoints.local]\nurl = "http://x/v1"\n'
    )
    said = complaint()
    assert "http.port in the file: must be a valid integer, not 'x'" in said
    assert "http.busy_wait in the file: there is no such setting; did you mean http.busy_wait_s?" in said
    assert "http.heartbeat_s in the file: must be a valid number" in said
    assert "models.endpoints.local.model in the file: is needed and not set" in said


def test_a_long_value_is_shortened_and_a_secret_one_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FREYA_HTTP__PORT", "9" * 5000)
    monkeypatch.setenv("FREYA_POSTGRES_URL", "mysql://root:hunter2@db/x")
    said = complaint()
    assert "FREYA_POSTGRES_URL: must begin with postgresql:// or postgres://" in said
    assert "hunter2" not in said
    assert "9" * 60 + "..." in said
    assert "9" * 61 not in said


@pytest.mark.parametrize("host", ["::", "0.0.0.0", "192.168.0.4", "freya.example"])  # noqa: S104  # refused here
def test_beyond_loopback_keys_are_needed(host: str):
    http = HttpSettings(host=host)
    assert not http.is_loopback
    assert f"on host {host} other machines can reach Freya, so she needs API keys there" in needs_keys(http)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_loopback_no_key_is_needed(host: str):
    assert HttpSettings(host=host).is_loopback


def test_variables_that_name_no_setting_are_pointed_out(monkeypatch: pytest.MonkeyPatch):
    for name in ("FREYA_HTPP__PORT", "FREYA_MODELS__EMBEDDING__MODL", "FREYA_DATA__X", "FREYA_QQQQ"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("FREYA_API_KEY", "k")
    monkeypatch.setenv("FREYA_LOG__LEVEL", "info")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__URL", "http://x/v1")
    monkeypatch.setenv("FREYA_MODELS__ENDPOINTS__LOCAL__MODEL", "m")
    assert [(stray.name, stray.suggestion) for stray in stray_settings()] == [
        ("FREYA_DATA__X", "FREYA_DATA"),
        ("FREYA_HTPP__PORT", "FREYA_HTTP__PORT"),
        ("FREYA_MODELS__EMBEDDING__MODL", "FREYA_MODELS__EMBEDDING__MODEL"),
        ("FREYA_QQQQ", None),
    ]
    assert str(stray_settings()[1]) == (
        "FREYA_HTPP__PORT is no setting and is ignored; did you mean FREYA_HTTP__PORT?"
    )
    assert str(stray_settings()[3]) == "FREYA_QQQQ is no setting and is ignored"


def test_variables_are_read_in_any_case(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("freya_http__port", "12")
    assert load_settings().http.port == 12
    assert stray_settings() == []


def test_keys_of_the_file_that_name_no_setting_are_pointed_out(write: Write):
    write("[htpp]\na = 1\n[models.endpoints.local]\nurl='u'\nmodle='m'\n[empty]\n")
    assert [(stray.name, stray.suggestion) for stray in stray_settings()] == [
        ("htpp.a", "http"),
        ("models.endpoints.local.modle", None),
        ("empty", None),
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@db:5432/freya", "postgresql://me:***@db:5432/freya"),
        (
            "postgresql://db/freya?sslmode=require&password=x",
            "postgresql://db/freya?sslmode=require&password=***",
        ),
        ("redis://:hunter2@h:6379/0", "redis://:***@h:6379/0"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("http://u:p%40w@[::1]:8000/a", "http://u:***@[::1]:8000/a"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str):
    assert without_password(url) == shown


def test_urls_are_not_in_the_representation_of_settings():
    settings = Settings(postgres_url=SecretStr("postgresql://me:hunter2@db/x"))
    assert "hunter2" not in f"{settings!r} {settings.model_dump_json()}"
