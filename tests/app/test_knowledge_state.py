"""What is told of the version that is searched."""

from datetime import UTC, datetime

import pytest

from app.health import Health
from app.knowledge_wiring import knowledge_state, searched_by_another_model
from knowledge import IndexVersion, KnowledgeUnavailable, LiveIndexes, Recipe, VersionState

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Live(LiveIndexes):
    """Live indexes that stand as they are told to; opened, they are as `opens` says."""

    version: IndexVersion | None = None
    trouble: str | None = None

    def __init__(self, version: IndexVersion | None, trouble: str | None = None, *, opens: str = "") -> None:
        self.version = version
        self.trouble = trouble
        self._opens = opens

    async def counts(self) -> dict[str, int]:
        if self._opens:
            self.trouble = self._opens
            raise KnowledgeUnavailable(self._opens)
        self.version = _version()
        return {}


def _version(model: str = "small") -> IndexVersion:
    return IndexVersion(
        number=3,
        state=VersionState.LIVE,
        recipe=Recipe(model=model, dimensions=2),
        note=None,
        pairs=1,
        evaluation=None,
        created_at=_NOW,
        activated_at=_NOW,
    )


@pytest.mark.parametrize(
    ("live", "ok", "detail", "warning"),
    [
        (Live(_version()), True, "version 3", None),
        (Live(_version("large")), True, "version 3, with large", None),
        (Live(_version(), "version 4 is away"), True, "version 3", "version 4 is away"),
        (Live(None), True, "version 3", None),
        (Live(None, opens="version 3 is away"), False, "version 3 is away", None),
        (Live(None, "version 3 is away"), False, "version 3 is away", None),
    ],
    ids=["settings' model", "another model", "stand-in", "not open yet", "cannot be opened", "away"],
)
async def test_readiness_says_which_version_is_searched(
    live: Live, *, ok: bool, detail: str, warning: str | None
):
    report = await Health({"knowledge": lambda: knowledge_state(live, "small")}).report()
    (told,) = report.dependencies
    assert (told.name, told.ok, told.detail, told.warning) == ("knowledge", ok, detail, warning)
    assert report.ready is ok


def test_start_says_that_the_settings_name_another_model_than_the_live_version_has():
    (line,) = searched_by_another_model(Live(_version("large")), "small")
    assert line.startswith("knowledge is searched in version 3 of the index, with large; ")
    assert "`freya knowledge index build` makes one with small" in line
    assert list(searched_by_another_model(Live(_version()), "small")) == []
    assert list(searched_by_another_model(Live(None), "small")) == []
