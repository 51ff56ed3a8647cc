"""The tool that averages the price of several purchases."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import priced
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import figure

_LONGEST = 5_000
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_PURCHASE = re.compile(
    rf"(?P<quantity>{_NUMBER})\s*(?P<name>(?!at\b|for\b|x\b)[a-z]{{2,12}}\b)?\s*(?:\b(?:at|for)\b|@|x\b|×)\s*[$€£]?\s*"
    rf"(?P<price>{_NUMBER})\s*(?P<factor>[km]\b)?\s*(?P<whole>(?:[a-z$€£]{{1,6}}\s+)?(?:in all|in total|altogether|total)\b)?",
    re.IGNORECASE,
)
_FACTORS = {"k": 1e3, "m": 1e6}
_UNNAMED = frozenset({"coin", "coins", "token", "tokens", "share", "shares", "unit", "units", "more", "each"})
_LARGEST = 1e15


class PurchaseArguments(BaseModel):
    """The purchases in words."""

    purchases: str = argument(
        "Each purchase with its quantity and its price: `0.5 BTC at 60000, 0.3 at 50000`; the whole request will do",
        unit=Unit.REQUEST,
        holds=_PURCHASE.pattern,
    )


def average_price(arguments: PurchaseArguments) -> ToolOutput:
    """The mean price of what was bought, weighted by the quantities."""
    lines, data, figures = [], dict[str, JsonValue](), list[Figure]()
    for name, bought in read_purchases(arguments.purchases).items():
        quantity = sum(each for each, _ in bought)
        paid = sum(each * price for each, price in bought)
        of = f" of {name}" if name else ""
        worked = " + ".join(f"{figure(each, 8)} x {figure(price)}" for each, price in bought)
        lines.append(
            f"The average purchase price{of} is {figure(paid / quantity)}: {figure(paid)} paid for {figure(quantity, 8)} in "
            f"{len(bought)} {'purchase' if len(bought) == 1 else 'purchases'}, ({worked}) / {figure(quantity, 8)}."
        )
        figures.append(priced(f"average price{of}", paid / quantity))
        data[name or "all"] = {"average_price": paid / quantity, "quantity": quantity, "paid": paid}
    notes = (
        "Each price counts by the quantity bought at it, and is taken as that of one unless “in total” follows it. Fees are left out: add them to what was paid, and the average is the "
        "price from which a sale loses nothing. A tax office may want another method than the average."
    )
    return ToolOutput(
        text="\n\n".join([*lines, notes]),
        data=data,
        figures=tuple(figures),
        assumptions=("Fees are left out.",),
    )


def read_purchases(text: str) -> dict[str, list[tuple[float, float]]]:
    """Quantities and prices in a text by the name of what was bought, empty where none is named.

    One that names nothing is of the same as the one before. Raises ToolRefused where there is none.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    name = ""
    for match in _PURCHASE.finditer(text[:_LONGEST]):
        quantity, price = (float(match[part].replace(",", "")) for part in ("quantity", "price"))
        price *= _FACTORS.get((match["factor"] or "").casefold(), 1.0)
        if not 0 < quantity <= _LARGEST or price > _LARGEST:
            raise ToolRefused(
                f"A quantity must be above 0 and a price at most 1e15, got {match[0].strip()!r}."
            )
        said = match["name"] or ""
        name = said.upper() if said and said.casefold() not in _UNNAMED else name
        found.setdefault(name, []).append((quantity, price / quantity if match["whole"] else price))
    if not found:
        raise ToolRefused(
            "Give each purchase with its quantity and its price, such as `0.5 BTC at 60000, 0.3 at 50000`."
        )
    return found


def purchase_tool() -> BaseTool:
    """`average_price` as a tool."""
    return tool(
        "average_price",
        "Average purchase price of several buys, weighted by quantity: the cost basis of a coin before fees.",
        PurchaseArguments,
        average_price,
        examples=(
            "I bought 0.5 BTC at 60000 and 0.3 at 50000, what is my average price?",
            "average purchase price of 10 SOL at 150, 5 at 120 and 20 at 90",
            "what's my cost basis after buying 2 ETH for 3000 and 1 ETH for 2400",
            "average entry of 1000 tokens at $0.25 and 3000 at $0.15",
        ),
    )
