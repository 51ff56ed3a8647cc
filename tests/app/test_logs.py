"""Logs: one form for ours and the libraries', run ids in them, secrets not."""

import io
import json
import logging

import pytest
import structlog

from app.logs import configure_logs, redacted, without_secrets
from app.settings import LogSettings
from tests.app.conftest import Logged

KEY = "frk_0123456789abcdef"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://freya:hunter2hunter2@db/freya",
        "redis://:hunter2hunter2@cache:6379/0",
        "authorization: Bearer hunter2hunter2",
        "key sk-hunter2hunter2 was refused",
        "made frk_hunter2hunter2",
    ],
)
def test_secret_in_a_text_is_taken_out(text):
    assert "hunter2" not in redacted(text)
    assert "[redacted]" in redacted(text)


@pytest.mark.parametrize(
    "text", ["https://example.org/a:b@c", "risk-free rate", "an ordinary sentence: 5 @ 3"]
)
def test_ordinary_text_is_left_alone(text):
    assert redacted(text) == text


def test_secrets_are_found_by_name_at_every_depth():
    entry = {
        "api_key": "hunter2",
        "headers": {"Authorization": "hunter2", "accept": "text/plain"},
        "tokens": ["hunter2", {"password": "hunter2"}],
        "input_tokens": 5,
        "note": ("postgresql://u:hunter2@h/d", 3),
    }
    clean = without_secrets(None, "info", dict(entry))
    assert "hunter2" not in json.dumps(clean)
    assert clean["input_tokens"] == 5
    assert clean["headers"]["accept"] == "text/plain"


def test_own_and_library_lines_have_one_form(logged: Logged):
    structlog.get_logger("app").info("ours", run="r1")
    logging.getLogger("somebody").warning("theirs %s", "filled", extra={"detail": KEY})
    first, second = logged.lines
    assert (first["event"], first["level"], first["run"]) == ("ours", "info", "r1")
    assert (second["event"], second["level"], second["detail"]) == ("theirs filled", "warning", "[redacted]")
    assert str(first["timestamp"]).endswith("Z")


def test_exception_is_written_without_its_secrets(logged: Logged):
    error = ValueError("cannot reach postgresql://freya:hunter2@db/freya")
    structlog.get_logger("app").error("it failed", exc_info=error)
    (line,) = logged.lines
    assert "ValueError" in str(line["exception"])
    assert "hunter2" not in logged.text


def test_context_is_in_every_line_until_it_ends(logged: Logged):
    with structlog.contextvars.bound_contextvars(run_id="run_1"):
        structlog.get_logger("app").info("inside")
        logging.getLogger("library").warning("inside too")
    structlog.get_logger("app").info("outside")
    assert [line.get("run_id") for line in logged.lines] == ["run_1", "run_1", None]


def test_chatty_libraries_are_quiet(logged: Logged):
    logging.getLogger("httpx").info("HTTP Request: GET")
    logging.getLogger("httpx").warning("odd")
    assert [line["event"] for line in logged.lines] == ["odd"]


@pytest.mark.usefixtures("logged")
def test_terminal_gets_text_and_a_pipe_gets_json():
    for stream, is_json in ((Terminal(), False), (io.StringIO(), True)):
        configure_logs(LogSettings(), stream=stream)
        structlog.get_logger("app").warning("hello")
        assert stream.getvalue().startswith("{") == is_json


@pytest.mark.usefixtures("logged")
def test_lines_below_the_level_are_not_written():
    stream = io.StringIO()
    configure_logs(LogSettings(level="warning", format="text"), stream=stream)
    structlog.get_logger("app").info("not this")
    logging.getLogger("library").info("nor this")
    structlog.get_logger("app").warning("but this")
    assert "this" in stream.getvalue()
    assert "not" not in stream.getvalue()
    assert "nor" not in stream.getvalue()
