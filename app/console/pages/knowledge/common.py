"""What the pages of knowledge share: their sections, and how pairs are marked."""

from nicegui import ui

from app.console.bits import chip
from app.console.visit import Visit

IMPORT = "POST /v1/knowledge/import"
ORDER = "POST /v1/knowledge/jobs"
JOBS = "GET /v1/knowledge/jobs"
_TIERS = {"premium": "good", "standard": "accent", "review": "warn", "low": "bad"}
_SECTIONS = (
    ("/knowledge", "Search"),
    ("/knowledge/pipeline", "Pipeline"),
    ("/knowledge/import", "Import"),
    ("/knowledge/jobs", "Jobs"),
    ("/knowledge/versions", "Index versions"),
    ("/knowledge/duplicates", "Duplicates"),
)


def offered(visit: Visit) -> list[tuple[str, str]]:
    """The sections that the visitor may open."""
    return [each for each in _SECTIONS if each[0] != "/knowledge/import" or visit.may(IMPORT)]


def tier_chip(tier: str | None, quality: float | None = None) -> ui.label:
    """The tier of quality, with the quality itself where that is known."""
    if tier is None:
        return chip("not refined yet")
    return chip(tier if quality is None else f"{tier} · {quality:.0f}", kind=_TIERS.get(tier, ""))


async def collections_of(visit: Visit) -> dict[str, int]:
    """Pairs stored, by collection."""
    return dict((await visit.freya.known.status()).stored)
