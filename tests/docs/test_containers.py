"""Dockerfile and compose.yaml agree with the code, read and not run: no container engine is needed."""

import fnmatch
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from app.cli.commands import application
from app.cli.modelling_work import shelf
from app.embedded.postgres import MAJOR
from app.http import create_app
from app.settings import Settings
from models.catalogue import ENTRIES
from tests.docs.documents import ROOT, is_setting, text_of, variables_in

SERVERS = {"postgres", "redis", "chroma"}
OURS = ("freya", "freya-gpu")
SERVICES = {*OURS, "freya-worker", *SERVERS}


@dataclass
class Stage:
    base: str
    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def arguments(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.instructions if name == instruction]


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    lines = [line for line in text_of("Dockerfile").splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, Stage] = {}
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            base, _, alias = rest.partition(" AS ")
            found[alias] = Stage(base, alias)
        elif name and found:
            list(found.values())[-1].instructions.append((name, rest))
    return found


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))
    return loaded


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    return dict(line.split("==") for line in text_of("constraints.txt").split())


def _whole(stages: dict[str, Stage], name: str) -> list[tuple[str, str]]:
    """The instructions of a stage and of those it stands on."""
    stage = stages[name]
    return (_whole(stages, stage.base) if stage.base in stages else []) + stage.instructions


def _environment(stages: dict[str, Stage], name: str) -> dict[str, str]:
    pairs = [pair for kind, rest in _whole(stages, name) if kind == "ENV" for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml"])
def test_every_variable_of_the_container_files_is_a_setting(name: str) -> None:
    unknown = {variable for variable in variables_in(text_of(name)) if not is_setting(variable)}
    assert variables_in(text_of(name))
    assert not unknown


def test_the_default_image_is_the_one_for_cpus(stages: dict[str, Stage]) -> None:
    assert list(stages)[-1] == "cpu"


@pytest.mark.parametrize("service", OURS)
def test_services_build_targets_that_exist(
    compose: dict[str, Any], stages: dict[str, Stage], service: str
) -> None:
    assert compose["services"][service]["build"]["target"] in stages


def test_the_two_services_have_images_of_their_own(compose: dict[str, Any]) -> None:
    assert len({compose["services"][service]["image"] for service in OURS}) == len(OURS)


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_images_run_without_root(stages: dict[str, Stage], target: str) -> None:
    users = [rest for name, rest in _whole(stages, target) if name == "USER"]
    made = " ".join(rest for name, rest in _whole(stages, target) if name == "RUN")
    assert users[-1] not in {"root", "0"}
    assert f"--create-home {users[-1]}" in made
    assert stages[target].instructions[-1][0] == "USER"


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_images_listen_where_the_settings_and_the_health_check_say(
    stages: dict[str, Stage], target: str
) -> None:
    environment = _environment(stages, target)
    port = int(environment.get("FREYA_HTTP__PORT", Settings.model_construct().http.port))
    whole = dict(_whole(stages, target))
    assert whole["EXPOSE"] == str(port)
    assert f"http://127.0.0.1:{port}/readyz" in whole["HEALTHCHECK"]
    assert environment["FREYA_HTTP__HOST"] == "0.0.0.0"  # noqa: S104  # the container's own network
    assert whole["VOLUME"] == environment["FREYA_DATA"]


def test_the_health_check_asks_a_route_that_needs_no_key(stages: dict[str, Stage]) -> None:
    from app.http.scopes import OPEN

    match = re.search(r"http://[^/]+(/\w+)", dict(_whole(stages, "cpu"))["HEALTHCHECK"])
    assert match
    assert f"GET {match[1]}" in OPEN
    assert match[1] in create_app(Settings.model_construct(), _never).openapi()["paths"]


def _never() -> Any:
    raise AssertionError("the application is described here, not started")


def test_every_file_that_is_copied_exists_and_reaches_the_build(stages: dict[str, Stage]) -> None:
    sources = [
        source
        for stage in stages.values()
        for rest in stage.arguments("COPY")
        if not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]
    sources += re.findall(r"type=bind,source=([\w.]+)", text_of("Dockerfile"))
    assert "app" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if _is_ignored(source)] == []


def test_secrets_and_data_do_not_reach_the_build() -> None:
    assert all(_is_ignored(name) for name in (".env", "data", ".git", "freya.toml"))


def _is_ignored(path: str) -> bool:
    """As the engine decides: the last pattern that matches counts."""
    ignored = False
    for line in text_of(".dockerignore").splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and fnmatch.fnmatch(path, pattern.removeprefix("!")):
            ignored = not pattern.startswith("!")
    return ignored


def test_every_package_that_ships_is_copied(stages: dict[str, Stage]) -> None:
    import tomllib

    wheel = tomllib.loads(text_of("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {rest.split()[0] for rest in stages["build"].arguments("COPY")}
    assert set(wheel["packages"]) <= copied


def test_stages_are_taken_from_stages_that_exist(stages: dict[str, Stage]) -> None:
    named = set(re.findall(r"(?:--|,)from=(\w+)", text_of("Dockerfile")))
    assert named
    assert named <= set(stages)


def test_versions_agree_with_the_constraints(compose: dict[str, Any], pins: dict[str, str]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert images["chroma"] == f"chromadb/chroma:{pins['chromadb']}"
    assert images["postgres"] == f"pgvector/pgvector:pg{MAJOR}"
    assert images["redis"].startswith(f"redis:{pins['redis'].split('.', 1)[0]}")


def test_packages_in_the_dockerfile_take_their_versions_from_the_constraints(pins: dict[str, str]) -> None:
    named = re.findall(r"grep '\^([\w-]+)=='", text_of("Dockerfile"))
    assert sorted(named) == ["llama-cpp-python", "torch"]
    assert all(name in pins for name in named)
    assert not re.search(r"[\w-]+==\d", text_of("Dockerfile"))


def test_the_gpu_image_is_built_with_cuda_and_for_other_machines(stages: dict[str, Stage]) -> None:
    built = " ".join(stages["llama"].arguments("RUN"))
    assert stages["llama"].base.startswith("nvidia/cuda:")
    assert "-DGGML_CUDA=on" in built
    assert "-DGGML_NATIVE=off" in built


def test_every_server_that_the_settings_can_name_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == SERVICES
    environment = compose["services"]["freya"]["environment"]
    for variable, service in (
        ("FREYA_POSTGRES_URL", "postgres"),
        ("FREYA_REDIS_URL", "redis"),
        ("FREYA_KNOWLEDGE__CHROMA_URL", "chroma"),
    ):
        host = re.search(r"(?:@|//)(\w+):\d+", environment[variable].split("//", 1)[1].join(["//", ""]))
        assert host
        assert host[1] == service
        assert compose["services"]["freya"]["depends_on"][service] == {"condition": "service_healthy"}


def test_the_database_of_the_url_is_the_one_that_is_made(compose: dict[str, Any]) -> None:
    made = compose["services"]["postgres"]["environment"]
    expected = f"postgresql://{made['POSTGRES_USER']}:{made['POSTGRES_PASSWORD']}@postgres:5432/{made['POSTGRES_DB']}"
    assert compose["services"]["freya"]["environment"]["FREYA_POSTGRES_URL"] == expected


@pytest.mark.parametrize("service", sorted(SERVERS))
def test_servers_have_health_checks_and_keep_their_data(compose: dict[str, Any], service: str) -> None:
    described = compose["services"][service]
    assert described["healthcheck"]["test"][0] == "CMD"
    name = described["volumes"][0].split(":", 1)[0]
    assert name in compose["volumes"]


def test_compose_wants_an_api_key_and_publishes_on_loopback(compose: dict[str, Any]) -> None:
    service = compose["services"]["freya"]
    assert service["environment"]["FREYA_HTTP__KEY_HASHES"].startswith("${FREYA_HTTP__KEY_HASHES:?")
    port = Settings.model_construct().http.port
    assert service["ports"] == [f"${{PUBLISH:-127.0.0.1:{port}}}:{port}"]


def test_only_the_gpu_service_reserves_a_gpu_and_waits_for_its_profile(compose: dict[str, Any]) -> None:
    cpu, gpu = (compose["services"][name] for name in OURS)
    devices = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert gpu["profiles"] == ["gpu"]
    assert devices[0]["capabilities"] == ["gpu"]
    assert "profiles" not in cpu
    assert "deploy" not in cpu


def test_workers_are_the_same_image_on_the_same_servers_and_share_no_folder(compose: dict[str, Any]) -> None:
    door, worker = compose["services"]["freya"], compose["services"]["freya-worker"]
    assert worker["image"] == door["image"]
    assert worker["environment"] == door["environment"]
    assert worker["profiles"] == ["cluster"]
    assert worker["command"][0] == "worker"
    assert worker["volumes"] == ["/data"]
    assert worker["ports"] == []
    parsed = application_options("worker")
    assert {word for word in worker["command"] if word.startswith("--")} <= parsed


def application_options(name: str) -> set[str]:
    """The options of one of our commands."""
    command = typer.main.get_command(application).commands[name]  # type: ignore[attr-defined]
    return {option for parameter in command.params for option in parameter.opts}


def test_the_readme_names_a_fetched_model_where_the_image_keeps_it(stages: dict[str, Stage]) -> None:
    pulled = re.search(r"freya-gpu models pull (\S+)", text_of("README.md"))
    named = re.search(r"^FREYA_MODELS__RESIDENT__MAIN__PATH=(/data\S+)", text_of("README.md"), re.MULTILINE)
    assert pulled
    assert named
    assert pulled[1] in {entry.name for entry in ENTRIES}
    settings = Settings.model_construct(data=Path(_environment(stages, "cuda")["FREYA_DATA"]))
    assert Path(named[1]) == shelf(settings)._folder / f"{pulled[1]}.gguf"
