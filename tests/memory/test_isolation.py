"""Nothing of a user reaches another: many steps of several users at once, and the ways round that are known."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from tests.memory.isolation import World
from tests.memory.isolation_steps import ACTS, Act, erase, share
from tests.memory.isolation_stores import Stores, open_stores

EXAMPLES, STEPS = 10, 502
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Step:
    """What is done, by which user, with which id."""

    who: int
    act: Act
    pick: int


_STEPS = st.lists(
    st.builds(Step, who=st.integers(0, 2), act=st.sampled_from(ACTS), pick=st.integers(0, 65_535)),
    min_size=STEPS,
    max_size=STEPS,
)


@pytest.fixture(scope="module")
async def stores(
    database_url: str, embedded_servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stores]:
    redis_url, folder = f"{embedded_servers.redis_url}?db=14", tmp_path_factory.mktemp("chroma")
    async with open_stores(database_url, redis_url, folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def counted() -> list[tuple[int, int]]:
    """The operations of each example, and how often what another shares came back."""
    return []


@pytest.mark.slow
@pytest.mark.uncounted
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # a step that fails says what it did; to find a shorter way to it takes minutes
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
)
@given(steps=_STEPS)
async def test_nothing_of_a_user_reaches_another_in_any_order_of_steps(stores, counted, steps):
    world = World(stores, next(_numbers))
    await share(world)
    for number, step in enumerate(steps):
        me = world.owners[step.who]
        try:
            if number == STEPS // 2:
                await world.check()
                await erase(world, me, 0)
            await step.act(world, me, step.pick)
        except BaseException as error:
            error.add_note(f"step {number}: {step.act.__name__} by {me} with {step.pick}")
            raise
        world.operations += 1
    await world.check()
    counted.append((world.operations, world.shared))


@pytest.mark.slow
def test_the_steps_were_five_thousand_and_more_and_members_were_given_what_they_share(counted):
    operations, shared = map(sum, zip(*counted, strict=True))
    assert operations >= 5000
    assert shared >= 5
