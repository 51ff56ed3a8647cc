"""Lists in parts: one shape, and one way to go on."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Annotated, Generic, Self, TypeVar

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from app.http.chat import Storable

_NEXT = "The `next` of the page before."
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Query(pattern=r"^[a-z]{3}_[0-9a-z]{26}$", description=_NEXT), Storable]
"""An id that is ordered by time: the item need not exist any more."""
Place = Annotated[str | None, Query(min_length=1, max_length=128, description=_NEXT), Storable]
"""What names an item of a list that has an order of its own."""
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Part of a list; `next` is the cursor of the following part, null at the end."""

    items: list[Item]
    next: str | None = None

    @classmethod
    def of(cls, items: Sequence[Item], limit: int, place: Callable[[Item], str] = attrgetter("id")) -> Self:
        """The first `limit` items; one item more tells that there is a following part."""
        return cls(items=list(items[:limit]), next=place(items[limit - 1]) if len(items) > limit else None)

    @classmethod
    def within(
        cls, whole: Sequence[Item], limit: int, cursor: str | None, place: Callable[[Item], str]
    ) -> Self:
        """Of a list at hand, the `limit` items after the one at the cursor.

        Raises RequestValidationError where no item is there any more.
        """
        places = [place(item) for item in whole]
        if cursor is not None and cursor not in places:
            raise refused_cursor()
        return cls.of(whole[0 if cursor is None else places.index(cursor) + 1 :], limit, place)


def refused_cursor() -> RequestValidationError:
    """What is raised for a cursor that names nothing to go on after."""
    said = "nothing of that name is in the list any more; begin again without a cursor"
    return RequestValidationError([{"loc": ("query", "cursor"), "msg": said, "type": "value_error"}])
