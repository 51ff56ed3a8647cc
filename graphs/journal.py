"""What a run has done and must not do again, whoever carries it on."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, runtime_checkable

Value = TypeVar("Value")


def always(_value: object) -> bool:
    """Whatever it is."""
    return True


@runtime_checkable
class Journal(Protocol):
    """Keeps what was done in a step by a name that the step gives it."""

    async def once(
        self,
        name: str,
        work: Callable[[], Awaitable[Value]],
        *,
        when: Callable[[Value], bool] = always,
    ) -> Value:
        """What `work` gives; what it gave, where it was done before the run was taken over.

        The name tells it apart from all else in the step of the graph that is being carried out. It is kept before
        this returns, where `when` says so of it. The value is one of a run's state.
        """
        ...


class _NoJournal:
    """For graphs that nobody takes over."""

    async def once(
        self,
        name: str,  # noqa: ARG002  # the Protocol's
        work: Callable[[], Awaitable[Value]],
        *,
        when: Callable[[Value], bool] = always,  # noqa: ARG002  # the Protocol's
    ) -> Value:
        """Do it."""
        return await work()


NO_JOURNAL: Journal = _NoJournal()
