"""Documents and code say the same: whatever exists is documented, and whatever is documented exists."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from starlette.routing import BaseRoute

import agents
from agents.registry import _problems
from app import metrics
from app.cli.commands import application
from app.documentation import configuration_page, flat_settings
from app.http import create_app, sockets
from app.jobs import JobOrder
from app.problems import CODES, problem
from app.resident_metrics import ResidentsCollector
from app.runs import ChatRequest, ChatResult
from app.settings import Settings
from graphs.events import LAST_EVENTS, Event
from knowledge.refinery import WEIGHTS
from tests.docs.documents import PAGES, ROOT, is_setting, text_of, variables_in

INTERFACE = text_of("docs/interface.md")
_ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE|WS) (/[^`\s]*)`")
_COMMAND = re.compile(r"(?<![\w/.=-])freya((?: --(?:data|config) \S+)*(?: [a-z]+)+)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _pages() -> list[Any]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES]


def _flat(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        yield from _flat(inner) if inner else [route]


@pytest.fixture(scope="module")
def routes() -> set[str]:
    def never() -> Any:
        raise AssertionError("the application is described here, not started")

    app = create_app(Settings.model_construct(), never)
    described = app.openapi()["paths"]
    found = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    prefix = [route for route in _flat(app.routes) if type(route).__name__ == "APIWebSocketRoute"]
    return found | {f"WS {getattr(route, 'path', '')}" for route in prefix}


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    found: dict[str, Any] = {}

    def walk(name: str, command: Any) -> None:
        inner = getattr(command, "commands", None)
        if inner is None or command.invoke_without_command:
            found[name] = command
        if inner is None:
            return
        for part, child in inner.items():
            walk(f"{name} {part}".strip(), child)

    walk("", typer.main.get_command(application))
    return found


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return _table(section)


def _table(section: str) -> list[list[str]]:
    lines: list[str] = []
    for line in section.splitlines():
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            break
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_configuration_page_is_what_the_settings_say() -> None:
    assert text_of("docs/configuration.md") == configuration_page(), "run `make docs`"


def test_every_setting_is_described() -> None:
    rows = flat_settings(Settings.model_construct())
    assert len(rows) > 30
    assert [row.variable for row in rows if not row.description.endswith(".")] == []


@pytest.mark.parametrize("page", _pages())
def test_every_variable_in_a_page_sets_something(page: Path) -> None:
    named = variables_in(page.read_text(encoding="utf-8"))
    assert {name for name in named if not is_setting(name)} == set()


def test_every_route_is_documented_and_every_documented_route_exists(routes: set[str]) -> None:
    listed = {_names(row[0])[0] for row in _rows(INTERFACE, "Routes")}
    assert listed == routes


@pytest.mark.parametrize("page", _pages())
def test_every_route_in_a_page_exists(page: Path, routes: set[str]) -> None:
    for method, path in _ROUTE.findall(page.read_text(encoding="utf-8")):
        pattern = re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(path))
        assert any(
            re.fullmatch(pattern, known.partition(" ")[2]) and known.startswith(method) for known in routes
        ), path


def test_every_event_is_documented_with_its_fields() -> None:
    common = {"type", "run_id", "seq", "time", "agent"}
    listed = {_names(row[0])[0]: set(_names(row[2])) for row in _rows(INTERFACE, "Events")}
    models = {model.model_fields["type"].default: model for model in get_args(get_args(Event)[0])}
    assert set(listed) == set(models)
    for kind, model in models.items():
        fields = set(model.model_fields) - common
        assert fields <= listed[kind], kind
    assert {kind for kind in listed if f"| `{kind}` | the last event" in INTERFACE} == LAST_EVENTS


def test_every_client_frame_is_documented_with_its_fields() -> None:
    frames = get_args(get_args(sockets.ClientFrame)[0])
    listed = {_names(row[0])[0]: row[1] for row in _rows(INTERFACE, "The WebSocket")}
    assert set(listed) == {get_args(frame.model_fields["type"].annotation)[0] for frame in frames}
    for frame in frames:
        kind = get_args(frame.model_fields["type"].annotation)[0]
        fields = {
            name if field.is_required() else f"{name}?"
            for name, field in frame.model_fields.items()
            if name not in {"type", "id"}
        }
        assert fields == set(_names(listed[kind])), kind


def test_every_frame_that_the_service_adds_is_documented() -> None:
    frames = get_args(get_args(sockets.ServiceFrame)[0])
    sent = {frame.model_fields["type"].default for frame in frames}
    second = INTERFACE.split("The service sends the events above, and:", 1)[1]
    assert sent
    assert {_names(row[0])[0] for row in _table(second)} == sent


def test_every_problem_is_documented_with_its_status() -> None:
    listed = {_names(row[0])[0]: int(row[1]) for row in _rows(INTERFACE, "Problems")}
    assert listed == {code: problem(code, "").status for code in CODES}


def test_the_fields_of_a_turn_are_documented() -> None:
    section = INTERFACE.split("\n## A turn\n", 1)[1]
    asked = {name for row in _table(section) for name in _names(row[0])}
    answered = {name for row in _table(section.split("The answer of", 1)[1]) for name in _names(row[0])}
    assert asked == set(ChatRequest.model_fields)
    assert answered == set(ChatResult.model_fields)


def test_the_measures_of_quality_are_documented_with_their_weights() -> None:
    rows = _rows(text_of("docs/knowledge.md"), "Refinement")
    assert {row[0]: float(row[1]) for row in rows} == {each.value: weight for each, weight in WEIGHTS.items()}


def test_every_metric_is_documented_with_its_labels() -> None:
    import prometheus_client

    listed = {
        _names(row[0])[0]: set(_names(row[1]))
        for row in _rows(text_of("docs/running.md"), "Health and metrics")
    }
    made = {}
    for one in vars(metrics.Metrics()).values():
        if isinstance(one, prometheus_client.metrics.MetricWrapperBase):
            suffix = "_total" if isinstance(one, prometheus_client.Counter) else ""
            made[one._name + suffix] = set(one._labelnames)
    for family in ResidentsCollector(list).collect():
        suffix = "_total" if family.type == "counter" else ""
        made[family.name + suffix] = set(family._labelnames)  # type: ignore[attr-defined]  # every family of ours has them
    assert listed == made


def test_every_command_is_documented_with_its_options(commands: dict[str, Any]) -> None:
    page = text_of("docs/cli.md")
    sections = {
        head.strip("`").removeprefix("freya "): body
        for head, _, body in (part.partition("\n") for part in page.split("\n## ")[1:])
    }
    assert set(sections) == set(commands)
    for name, command in commands.items():
        options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        wanted = {option for option in options if option.startswith("--") and option != "--help"}
        missing = {option for option in wanted if option not in sections[name]}
        # of a flag and its opposite the one that is not the default is enough
        missing -= {option for option in missing if f"--no-{option.removeprefix('--')}" in sections[name]}
        missing -= {option for option in missing if f"--{option.removeprefix('--no-')}" in sections[name]}
        assert not missing, name
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", sections[name])) <= options, name


@pytest.mark.parametrize("page", _pages())
def test_every_command_in_a_page_exists(page: Path, commands: dict[str, Any]) -> None:
    groups = {name.rsplit(" ", depth)[0] for name in commands for depth in range(1, name.count(" ") + 1)}
    for found in _COMMAND.findall(_code(page.read_text(encoding="utf-8"))):
        words = (
            re.sub(r" --\w+ \S+", "", found).removeprefix(" freya").split()
        )  # a service's name, then the command
        name, *rest = words
        while name in groups and rest:
            name = f"{name} {rest.pop(0)}"
        assert name in commands or name in groups, found


def _code(text: str) -> str:
    """What stands in code: fences that hold commands, and spans."""
    fences = re.findall(r"```(?:bash|sh)\n(.*?)```", text, re.DOTALL)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))])


@pytest.mark.parametrize("page", _pages())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://", "#")):
            assert (page.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("page", _pages())
def test_files_and_make_targets_in_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", _code(text))) <= targets
    for name in re.findall(r"\b(?:benchmarks|app|graphs|tests)/\w[\w/]*\.py\b", text):
        assert (ROOT / name).exists(), name


def test_every_page_is_linked_from_the_readme_or_an_index() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in _LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                waiting.append(target)
    assert reached >= set(PAGES)


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    names = {re.split(r"[\[<>=;~! ]", one, maxsplit=1)[0].lower() for one in wanted}
    listed = {
        name for row in _table(text_of("docs/decisions/0010-dependencies.md")) for name in _names(row[0])
    } - set(project["optional-dependencies"])
    assert listed == names


def test_the_example_specialist_of_the_guide_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    charter, tools = re.findall(r"```python\n(.*?)```", text_of("docs/agents.md"), re.DOTALL)
    folder = tmp_path / "translator"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "charter.py").write_text(charter, encoding="utf-8")
    (folder / "tools.py").write_text(tools, encoding="utf-8")
    (folder / "utterances.txt").write_text(
        "\n".join(f"translate text {n}" for n in range(10)), encoding="utf-8"
    )
    (folder / "playbooks").mkdir()
    (playbook,) = re.findall(r"```toml\n(.*?)```", text_of("docs/agents.md"), re.DOTALL)
    (folder / "playbooks" / "stylist.toml").write_text(playbook, encoding="utf-8")
    monkeypatch.setattr(agents, "__path__", [*agents.__path__, str(tmp_path)])
    made = importlib.import_module("agents.translator.charter").charter()
    assert list(_problems("translator", made)) == []
    answer = made.tools[0].invoke(
        {"type": "tool_call", "id": "1", "name": "reading_time", "args": {"words": 4600}}
    )
    assert answer.content.startswith("About 20 minutes")
    refused = made.tools[0].invoke(
        {"type": "tool_call", "id": "2", "name": "reading_time", "args": {"words": 10, "speed": 1}}
    )
    assert refused.status == "error"


def test_the_frames_and_bodies_in_the_pages_are_json() -> None:
    for page in PAGES:
        for block in re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            json.loads(block)


def test_every_kind_of_job_is_documented():
    (orders, _) = get_args(JobOrder)
    kinds = {get_args(order.model_fields["kind"].annotation)[0] for order in get_args(orders)}
    assert "refine" in kinds
    assert kinds == set(
        re.findall(r"(?m)^\| `(\w+)` \|", INTERFACE.partition("| `kind` |")[2].partition("\n\n")[0])
    )
