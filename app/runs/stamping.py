"""What the log says of the models of a run beside their names: their versions, and what they cost."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

from memory import Interaction
from memory.interactions import Cost
from models import ModelsSettings
from models.chat import EXTRACTIVE

_MILLION: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices of a million tokens of requests and of answers, by the name of an endpoint; models of this machine cost nothing."""

    currency: str = "USD"
    endpoints: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    """None for one whose prices are not configured."""

    def priced(self, cost: Cost) -> Cost:
        """The cost with its amount; without one where it took what nobody knows, or an endpoint without a price took part."""
        if cost.input_tokens is None:
            return cost
        amount = 0.0
        for use in cost.models:
            if use.model not in self.endpoints:
                continue
            prices = self.endpoints[use.model]
            if prices is None:
                return cost
            amount += (use.input_tokens * prices[0] + use.output_tokens * prices[1]) / _MILLION
        return cost.model_copy(update={"amount": round(amount, 9), "currency": self.currency})


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Completes entries of the log with what is configured."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """Of models, by their names."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    """Versions of adapters, by their names."""
    prices: Prices = field(default_factory=Prices)

    def __call__(self, interaction: Interaction) -> Interaction:
        """The entry with the versions of its models and adapters, in order, as far as they are known, and with its amount."""
        stamped = {
            "model_version": _versions(interaction.model, self.versions),
            "adapter_version": _versions(interaction.adapter, self.adapters),
            "cost": self.prices.priced(interaction.cost),
        }
        return interaction.model_copy(update=stamped)


def stamp_of(settings: ModelsSettings) -> Stamp:
    """By what is configured: a model's version is the checksum that its file is held to, and of the extractive one Freya's own.

    An adapter's version is its file's SHA-256, so this reads the adapters; one that cannot be read has none.
    """
    checked = {name: one.sha256.lower() for name, one in settings.resident.items() if one.sha256}
    files = {name: path for one in settings.resident.values() for name, path in one.adapters.items()}
    return Stamp(
        versions={**checked, EXTRACTIVE: version("freya-agents")},
        adapters={name: digest for name, path in files.items() if (digest := _digest(path))},
        prices=prices_of(settings),
    )


def prices_of(settings: ModelsSettings) -> Prices:
    """The prices that are configured."""
    return Prices(
        currency=settings.currency,
        endpoints={
            name: None
            if one.input_price is None or one.output_price is None
            else (one.input_price, one.output_price)
            for name, one in settings.endpoints.items()
        },
    )


def _versions(names: str | None, known: Mapping[str, str]) -> str | None:
    return ", ".join(known[name] for name in (names or "").split(", ") if name in known) or None


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # the model that loads it says so
        return None
