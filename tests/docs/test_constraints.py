"""constraints.txt has exactly the versions of what an installation consists of."""

import sys
from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.docs.documents import text_of

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info[:2] != (3, 11),
    reason="the versions are those of the image: Linux, Python 3.11",
)
BUILDING = {"hatchling", "tomlkit", "trove-classifiers"}
"""Installed only while the package itself is built."""
COMPILED = {"llama-cpp-python", "diskcache"}
"""The extra `local`, which needs a compiler and is not everywhere."""
GRAPHICS = ("nvidia-", "cuda-", "triton")
"""What the usual wheel of torch brings and its CPU wheel, which is the one of the image, does not."""


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    lines = (line.split("==") for line in text_of("constraints.txt").split())
    return {canonicalize_name(name): pinned for name, pinned in lines}


@pytest.fixture(scope="module")
def needed() -> dict[str, str]:
    """The versions of everything that the package with all its extras leads to, as installed."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    open_ends = [("freya-agents", extra) for extra in ("", "dev", "local", "parquet")]
    while open_ends:
        name, extra = open_ends.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an extra that is not installed here
            continue
        for requirement in map(Requirement, requires(name) or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = canonicalize_name(requirement.name)
                open_ends += [(wanted, each) for each in ("", *requirement.extras)]
    del found["freya-agents"]
    return found


def test_everything_installed_has_its_version(pins: dict[str, str], needed: dict[str, str]) -> None:
    different = {
        name: installed
        for name, installed in needed.items()
        if not name.startswith(GRAPHICS) and Version(installed).public != pins.get(name)
    }
    assert not different


def test_nothing_else_has_a_version(pins: dict[str, str], needed: dict[str, str]) -> None:
    assert pins.keys() - needed.keys() <= BUILDING | COMPILED
