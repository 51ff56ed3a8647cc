"""What the log says of the models of a run beside their names: their versions, and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from memory import Interaction
from memory.interactions import Cost
from models import ModelsSettings

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
    prices: Prices = field(default_factory=Prices)

    def __call__(self, interaction: Interaction) -> Interaction:
        """The entry with the versions of its models, in order, as far as they are known, and with its amount."""
        models = (interaction.model or "").split(", ")
        known = [self.versions[name] for name in models if name in self.versions]
        stamped = {"model_version": ", ".join(known) or None, "cost": self.prices.priced(interaction.cost)}
        return interaction.model_copy(update=stamped)


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
