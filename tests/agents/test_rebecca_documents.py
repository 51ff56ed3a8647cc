import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from agents.rebecca import casebook, openapi, training
from agents.rebecca.analysis import analyze
from agents.tools import ToolRefused
from tests.agents.rebecca_cases import call, data, for_every_request, only

SALON = "Create a nail salon booking agent; Telegram, Russian, budget $100/month"


def generated(request: str) -> str:
    return only(call("generate_api_spec", request), "openapi.json").content


generated_once = cache(generated)


def document(request: str) -> dict[str, Any]:  # Any: tests reach into JSON
    found: dict[str, Any] = json.loads(generated_once(request))
    return found


@for_every_request
def test_api_document_is_accepted_and_names_every_operation_once(request_text):
    found = document(request_text)
    ids = [operation["operationId"] for path in found["paths"].values() for operation in path.values()]
    assert len(set(ids)) == len(ids) >= 10
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]*", name) for name in ids)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in found["components"]["schemas"])


def test_api_of_a_nail_salon_books_moves_and_hears_telegram():
    found = document(SALON)
    assert found["openapi"] == "3.1.0"
    ids = {operation["operationId"] for path in found["paths"].values() for operation in path.values()}
    assert ids >= {
        "listAppointments", "createAppointment", "getAppointment", "updateAppointment", "deleteAppointment",
        "cancelAppointment", "rescheduleAppointment", "findAppointmentAvailability", "receiveTelegramUpdate", "sendMessage",
    }  # fmt: skip
    update = found["paths"]["/agent/channels/telegram/updates"]["post"]
    assert update["security"] == [{"telegram_signature": []}]
    scheme = found["components"]["securitySchemes"]["telegram_signature"]
    assert scheme["name"] == "X-Telegram-Bot-Api-Secret-Token"


def test_api_has_paging_problem_documents_and_idempotent_writes():
    found = document(SALON)
    listing = found["paths"]["/appointments"]["get"]
    assert {"$ref": "#/components/parameters/Cursor"} in listing["parameters"]
    creating = found["paths"]["/appointments"]["post"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in creating["parameters"]
    assert set(creating["responses"]) == {"201", "400", "401", "409", "422", "429"}
    for answer in found["components"]["responses"].values():
        assert list(answer["content"]) == ["application/problem+json"]


def test_api_schema_takes_a_good_booking_and_refuses_a_bad_one():
    found = document(SALON)
    schema = found["components"]["schemas"]["AppointmentCreate"]
    good = {"clientId": 1, "nailTechnicianId": 2, "serviceId": 3, "startsAt": "2027-01-01T10:00:00Z", "endsAt": "2027-01-01T11:00:00Z"}  # fmt: skip
    validator = Draft202012Validator(schema)
    assert validator.is_valid(good)
    assert validator.is_valid({**good, "designPhoto": None})
    assert not validator.is_valid({**good, "clientId": 0})
    assert not validator.is_valid({**good, "status": "confirmed"})
    assert not validator.is_valid({key: value for key, value in good.items() if key != "startsAt"})


def test_same_request_gives_the_same_document():
    assert generated(SALON) == generated(SALON)


def test_entity_named_like_a_common_schema_gets_a_name_of_its_own():
    found = document("An assistant for a chess archive that tracks problems and periods")
    assert {"Problem", "ProblemRecord", "Period", "PeriodRecord"} <= set(found["components"]["schemas"])
    assert found["components"]["schemas"]["Problem"]["description"] == "RFC 9457."


def test_answer_tells_the_operations_and_keeps_the_document_out_of_the_text():
    output = call("generate_api_spec", SALON)
    assert re.match(
        r"OpenAPI 3\.1 document for the nail salon agent: \d+ operations on clients, ", output.text
    )
    assert len(output.text) < 3000
    assert {"method": "POST", "path": "/appointments", "operation_id": "createAppointment"} in data(output)[
        "operations"
    ]


def test_document_that_the_tool_gives_is_valid_for_the_library_as_it_stands():
    assert list(OpenAPIV31SpecValidator(document(SALON)).iter_errors()) == []


def test_broken_document_is_refused_with_its_place():
    found = openapi.document(analyze(SALON))
    found["paths"]["/appointments"]["get"]["responses"] = {"200": {}}  # type: ignore[index,call-overload]  # breaks it
    with pytest.raises(ToolRefused, match="not valid at paths"):
        openapi.validate(found)


@for_every_request
def test_test_cases_cover_all_categories_and_read_back(request_text):
    output = call("generate_test_cases", request_text)
    suite = casebook.Suite.model_validate_json(only(output, "test_cases.json").content)
    assert {case.category for case in suite.cases} == set(casebook.Category)
    assert len(suite.cases) >= 15
    assert all(case.checks and case.expected and all(case.input) for case in suite.cases)


@pytest.mark.parametrize(("wanted", "by_category"), [(5, [2, 2, 1]), (1, [1, 0, 0])])
def test_as_many_test_cases_are_written_as_are_wanted_and_some_of_each_kind(wanted, by_category):
    output = call("generate_test_cases", SALON, cases=wanted)
    suite = casebook.Suite.model_validate_json(only(output, "test_cases.json").content)
    kinds = [case.category for case in suite.cases]
    assert [kinds.count(category) for category in casebook.Category] == by_category
    assert output.text.startswith(f"{wanted} test cases")
    assert "no more" not in output.text


def test_where_there_are_fewer_test_cases_than_wanted_that_is_said():
    output = call("generate_test_cases", SALON, cases=200)
    assert "There are no more for this domain." in output.text


def test_test_cases_try_injection_in_the_language_of_the_agent():
    suite = casebook.Suite.model_validate(data(call("generate_test_cases", SALON)))
    injections = [case for case in suite.cases if case.title == "Prompt injection"]
    assert len(injections) == 3
    assert all(re.search("[а-я]", case.input[0]) for case in injections)
    booking = next(case for case in suite.cases if case.title == "Makes an appointment")
    assert casebook.Check(kind=casebook.CheckKind.CONFIRMS_FIRST, value="createAppointment") in booking.checks
    assert casebook.Check(kind=casebook.CheckKind.LANGUAGE, value="ru") in booking.checks


def test_test_cases_of_a_clinic_demand_no_advice_in_an_emergency():
    suite = casebook.Suite.model_validate(data(call("generate_test_cases", "A bot for a clinic")))
    assert any(
        case.title.endswith("(health)") and "emergency number" in case.expected for case in suite.cases
    )


def test_test_cases_try_each_further_language():
    suite = casebook.Suite.model_validate(
        data(call("generate_test_cases", "A bot for a clinic in English and German"))
    )
    case = next(case for case in suite.cases if case.title == "Writes in German")
    assert case.checks[0].value == "de"


def suite_json(**changes: object) -> str:
    found = casebook.Suite.model_validate(data(call("generate_test_cases", SALON))).model_dump(mode="json")
    return json.dumps(found | changes)


def test_suite_that_names_an_unknown_operation_is_refused():
    with pytest.raises(ToolRefused, match="names an operation the API does not have"):
        casebook.validate(suite_json(), frozenset({"listServices"}))


def test_suite_with_a_repeated_id_or_without_abuse_is_refused():
    cases = json.loads(suite_json())["cases"]
    with pytest.raises(ToolRefused, match="repeat an id"):
        casebook.validate(suite_json(cases=[cases[0], cases[0]]), frozenset())
    with pytest.raises(ToolRefused, match="lack the category abuse, edge case"):
        casebook.validate(suite_json(cases=cases[:1]), frozenset())


@for_every_request
def test_training_data_are_distinct_proper_conversations(request_text):
    output = call("prepare_training_data", request_text)
    text = only(output, "training.jsonl").content
    lines = [json.loads(line) for line in text.splitlines()]
    assert data(output)["conversations"] == len(lines) == 60
    for line in lines:
        roles = [item["role"] for item in line["messages"]]
        assert roles[0] == "system"
        assert roles[1:] == ["user", "assistant"] * (len(roles) // 2)
        assert all(
            item["content"].strip() and "{" not in item["content"].replace("{title}", "")
            for item in line["messages"][1:]
        )
    firsts = [line["messages"][1]["content"] for line in lines]
    assert len(set(firsts)) == len(firsts)


def test_training_data_come_in_the_number_asked_for():
    output = call("prepare_training_data", "A florist bot", examples=200)
    assert data(output)["conversations"] == 200
    assert data(output)["exchanges"] > 200


@pytest.mark.parametrize(
    "request_text", ["Create a support bot in French", "A hotel bot in English and German"]
)
def test_training_data_reach_the_largest_number_without_repeating_a_line(request_text):
    output = call("prepare_training_data", request_text, examples=500)
    lines = output.artifacts[0].content.splitlines()
    assert len(set(lines)) == len(lines) == 500


def test_training_data_in_two_languages_take_turns():
    output = call("prepare_training_data", "A bot for a bakery, in English and German")
    firsts = [json.loads(line)["messages"][1]["content"] for line in output.artifacts[0].content.splitlines()]
    assert any("bestellen" in line for line in firsts)
    assert any("order" in line for line in firsts)


def test_language_without_ready_sentences_is_told():
    assert "no ready sentences in Thai" in call("prepare_training_data", "A hotel bot in Thai").text


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("not json", "Line 1 is not a conversation"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "Line 1 is not a conversation"),
        (
            '{"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]}',
            "Line 1 has the roles",
        ),
        (
            '{"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}, {"role": "assistant", "content": ""}]}',
            "Line 1 is not a conversation",
        ),
    ],
)
def test_improper_training_line_is_refused_with_its_number(line, fault):
    with pytest.raises(ToolRefused, match=fault):
        training.validate(line)


def test_repeated_training_line_is_refused():
    text = call("prepare_training_data", "A florist bot").artifacts[0].content
    with pytest.raises(ToolRefused, match="Line 61 repeats line 1"):
        training.validate(text + text.splitlines()[0])
