"""What the advertising platforms accept and show, in characters, and where they say so."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

PlatformName = Literal[
    "google", "microsoft", "bing", "meta", "facebook", "instagram", "linkedin", "twitter", "tiktok"
]
PLATFORM_NAMES: dict[str, tuple[str, ...]] = {
    "google": ("google ads", "responsive search ad", "rsa"),
    "twitter": ("x ads", "x ad", "x post"),
    "meta": ("meta ads",),
    "facebook": ("fb",),
    "instagram": ("insta",),
    "tiktok": ("tik tok",),
}
"""Other names of platforms in requests."""


@dataclass(frozen=True)
class Limit:
    """What one field of an ad may hold: the platform refuses above `longest`, cuts off above `shown`."""

    longest: int | None
    shown: int | None = None
    fewest: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Platform:
    """A platform's limits in characters, whose they are and the year in which they were last published so."""

    name: str
    source: str
    year: int
    fields: dict[str, Limit]
    double_width: bool = False
    """Chinese, Japanese and Korean characters count twice."""
    no_exclamation: bool = False
    """Exclamation marks are refused in headlines."""


_SEARCH = {
    "headlines": Limit(longest=30, fewest=3, most=15),
    "descriptions": Limit(longest=90, fewest=2, most=4),
}
_META = Platform(
    "Meta (Facebook and Instagram feed)",
    "Meta Ads Guide, image ads in the feed",
    2025,
    {
        "headlines": Limit(longest=None, shown=40),
        "descriptions": Limit(longest=None, shown=30),
        "primary_text": Limit(longest=None, shown=125),
    },
)
_MICROSOFT = Platform(
    "Microsoft Advertising",
    "Microsoft Advertising help, About responsive search ads",
    2025,
    _SEARCH,
    double_width=True,
)
PLATFORMS = {
    "google": Platform(
        "Google Ads search",
        "Google Ads Help, About responsive search ads, and the editorial policy on punctuation",
        2026,
        _SEARCH,
        double_width=True,
        no_exclamation=True,
    ),
    "microsoft": _MICROSOFT,
    "bing": _MICROSOFT,
    "meta": _META,
    "facebook": _META,
    "instagram": _META,
    "linkedin": Platform(
        "LinkedIn single image ad",
        "LinkedIn Marketing Solutions Help, Single image ads advertising specifications",
        2026,
        {
            "headlines": Limit(longest=200, shown=70),
            "descriptions": Limit(longest=300, shown=100),
            "primary_text": Limit(longest=3000, shown=150),
        },
    ),
    "twitter": Platform(
        "X (Twitter) website card",
        "X Business, X Ads specifications; a link takes 23 of the post's 280 characters",
        2025,
        {"headlines": Limit(longest=70), "primary_text": Limit(longest=257)},
    ),
    "tiktok": Platform(
        "TikTok in-feed ad",
        "TikTok Business Help Center, Auction in-feed ads",
        2025,
        {"primary_text": Limit(longest=100)},
        double_width=True,
    ),
}


def ad_length(text: str, *, double_width: bool) -> int:
    """Characters as a platform counts them; wide East Asian characters count twice where `double_width`."""
    if not double_width:
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def field_label(field: str) -> str:
    """What a field of an ad is called: `headlines` is "headline"."""
    return {"headlines": "headline", "descriptions": "description"}.get(field, "primary text")
