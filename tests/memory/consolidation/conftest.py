"""Drafts of a text, as the rules find them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from memory.consolidation import Excerpt, Said
from memory.consolidation.extraction import extracted
from memory.interfaces import Draft

Find = Callable[..., dict[str, Draft]]
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(text: str, *, role: str = "user", name: str = "msg_1", speaker: str | None = None) -> Said:
    return Said(id=name, role=role, text=text, said_at=AT, speaker=speaker)


@pytest.fixture
def find() -> Find:
    """The drafts of a text by slot, or by text where they have none."""

    def find(text: str, *, asked: str | None = None, subject: str | None = None) -> dict[str, Draft]:
        before = (said(asked, role="assistant", name="msg_0"),) if asked else ()
        excerpt = Excerpt(said=said(text), before=before, thread_id="thr_1", subject=subject)
        return {draft.slot or draft.text: draft for draft in extracted(excerpt)}

    return find
