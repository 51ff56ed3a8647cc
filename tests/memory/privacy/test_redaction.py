import pytest
from pydantic import JsonValue

from memory.privacy import DataKind, Redactor, redacted_json


def test_equal_values_get_equal_placeholders() -> None:
    redacted = Redactor().redact("a@b.org wrote to c@d.org, and A@B.org again from 203.0.113.7")

    assert redacted.text == "[email 1] wrote to [email 2], and [email 1] again from [ip 1]"
    assert [finding.kind for finding in redacted.findings] == [DataKind.EMAIL] * 3 + [DataKind.IP]


def test_a_redacted_text_stays_as_it_is_when_redacted_again() -> None:
    redactor = Redactor()
    once = redactor.redact("password: hunter2 and token: [secret:0123456789abcdef], call me at 467 3395").text

    assert "hunter2" not in once
    assert redactor.redact(once).text == once


def test_a_text_without_personal_data_is_given_back() -> None:
    assert Redactor().redact("RSI of 14 is 71.3").text == "RSI of 14 is 71.3"


def test_every_string_of_a_json_value_is_redacted() -> None:
    value: JsonValue = {
        "request": "I am a@b.org",
        "tools": [{"arguments": {"password": "open", "to": ["c@d.org", 3, None, True]}}],
        "token": "BTC",
        "a@b.org": 1.5,
    }

    assert redacted_json(value) == {
        "request": "I am [email 1]",
        "tools": [{"arguments": {"password": "[secret 1]", "to": ["[email 2]", 3, None, True]}}],
        "token": "BTC",
        "[email 1]": 1.5,
    }


@pytest.mark.parametrize("kinds", [{DataKind.EMAIL}])
def test_a_redactor_for_some_kinds_leaves_the_others(kinds: set[DataKind]) -> None:
    value = redacted_json({"api_key": "open", "from": "a@b.org"}, Redactor(kinds=kinds))

    assert value == {"api_key": "open", "from": "[email 1]"}
