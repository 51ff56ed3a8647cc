"""What advertising costs and brings: the ratios of a campaign and the economics of a customer."""

import math
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import amount, check_numbers, percent
from agents.sofia.charts import bar_chart, curve_chart
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

HEALTHY_RATIO = 3.0
_LONGEST_CURVE = 120


class CampaignMetrics(BaseModel):
    """What a campaign spent and got; leave out what is not known."""

    spend: float | None = argument(
        "Money spent", unit=Unit.MONEY, cues=("spent", "spend", "cost", "for"), default=None
    )
    impressions: float | None = argument(
        "Times the ad was shown", unit=Unit.COUNT, cues=("impressions", "views", "shown"), default=None
    )
    clicks: float | None = argument(
        "Clicks on the ad", unit=Unit.COUNT, cues=("clicks", "clicked"), default=None
    )
    conversions: float | None = argument(
        "Conversions: sales, leads or sign-ups",
        unit=Unit.COUNT,
        cues=("conversions", "sales", "leads", "orders", "sign-ups", "purchases", "bookings", "customers"),
        default=None,
    )
    revenue: float | None = argument(
        "Revenue the campaign brought",
        unit=Unit.MONEY,
        cues=("revenue", "turnover", "earned", "worth"),
        default=None,
    )


class CustomerEconomics(BaseModel):
    """What a customer costs to win and brings; leave out what is not known."""

    acquisition_spend: float | None = argument(
        "Sales and marketing spend of a period",
        unit=Unit.MONEY,
        cues=("marketing spend", "spent", "spend", "marketing"),
        default=None,
    )
    new_customers: float | None = argument(
        "Customers won with that spend",
        unit=Unit.COUNT,
        cues=("new customers", "customers", "won"),
        default=None,
    )
    acquisition_cost: float | None = argument(
        "CAC, the cost to win one customer, if it is already known",
        unit=Unit.MONEY,
        cues=("acquisition cost", "cac", "cost per customer"),
        default=None,
    )
    monthly_revenue: float | None = argument(
        "Revenue of one customer in a month",
        unit=Unit.MONEY,
        cues=("pays", "a month", "per month", "monthly", "arpu", "paying"),
        default=None,
    )
    monthly_churn_percent: float | None = argument(
        "Share of customers who leave in a month, in percent",
        unit=Unit.PERCENT,
        cues=("churn", "leave", "cancel"),
        default=None,
    )
    gross_margin_percent: float = argument(
        "Gross margin on that revenue, in percent", unit=Unit.PERCENT, cues=("margin",), default=100.0
    )
    lifetime_months: float | None = argument(
        "Months a customer stays, where churn is not known",
        unit=Unit.MONTHS,
        cues=("stays", "stay", "lifetime"),
        default=None,
    )


@dataclass(frozen=True)
class _Ratio:
    name: str
    meaning: str
    over: str
    under: str
    per: float = 1.0
    is_share: bool = False


_RATIOS = (
    _Ratio("ROAS", "revenue / spend", "revenue", "spend"),
    _Ratio("CPA", "spend / conversions", "spend", "conversions"),
    _Ratio("CVR", "conversions / clicks", "conversions", "clicks", is_share=True),
    _Ratio("CTR", "clicks / impressions", "clicks", "impressions", is_share=True),
    _Ratio("CPC", "spend / clicks", "spend", "clicks"),
    _Ratio("CPM", "spend / impressions × 1,000", "spend", "impressions", per=1000),
)


def campaign_metrics() -> BaseTool:
    """The ratios of a campaign."""
    return tool(
        "campaign_metrics",
        "Computes the ratios of an ad campaign from spend, impressions, clicks, conversions and revenue: CTR, CPC, CPM, "
        "CPA, CVR and ROAS, whichever the figures allow.",
        CampaignMetrics,
        _campaign_metrics,
        examples=(
            "What is the ROAS of a campaign with 500 spend and 2100 revenue?",
            "We spent 1200 on ads for 80000 impressions, 960 clicks and 48 sales: how did the campaign do?",
            "Calculate CTR and CPC: 250 clicks, 20000 impressions, $175 spent",
            "What is my cost per acquisition with 3000 spend and 75 conversions?",
            "Compute the CPM for 90 euros and 30000 impressions",
        ),
    )


def customer_economics() -> BaseTool:
    """CAC against LTV."""
    return tool(
        "customer_economics",
        "Computes what a subscriber or repeat customer costs and is worth: CAC, lifetime value (LTV), LTV:CAC and the "
        "months until the acquisition cost is paid back.",
        CustomerEconomics,
        _customer_economics,
        examples=(
            "What is our CAC with 20000 marketing spend and 250 new customers?",
            "LTV of a customer who pays 40 a month with 5 % churn and 80 % margin",
            "Is our LTV to CAC ratio healthy: CAC 120, 30 per month, churn 4 %?",
            "How many months until the customer acquisition cost of 90 is paid back at 25 a month?",
        ),
    )


def _campaign_metrics(arguments: CampaignMetrics) -> ToolOutput:
    check_numbers(arguments)
    given = {name: value for name, value in arguments if value is not None}
    _check_funnel(given)
    found: dict[str, float] = {}
    impossible = []
    for ratio in _RATIOS:
        if ratio.over not in given or ratio.under not in given:
            continue
        if given[ratio.under] == 0:
            impossible.append(f"{ratio.name} (no {ratio.under})")
        else:
            found[ratio.name] = given[ratio.over] / given[ratio.under] * ratio.per
    if not found:
        raise ToolRefused(
            "Give at least two of spend, impressions, clicks, conversions and revenue that form a ratio, above 0, such "
            "as spend and revenue."
        )
    written = {ratio.name: _written(ratio, found[ratio.name]) for ratio in _RATIOS if ratio.name in found}
    text = "The campaign's " + ", ".join(f"{name} is {value}" for name, value in written.items()) + ".\n\n"
    text += "\n".join(
        f"- {ratio.name} = {ratio.meaning} = {written[ratio.name]}"
        for ratio in _RATIOS
        if ratio.name in found
    )
    if "ROAS" in found:
        text += f"\n- {_profit_note(given)}"
    if impossible:
        text += f"\n- Not defined: {', '.join(impossible)}"
    text += "\n- Money is in the currency you gave; nothing is computed from a figure that is missing."
    funnel: dict[str, float] = {
        name: given[name] for name in ("impressions", "clicks", "conversions") if name in given
    }
    return ToolOutput(
        text=text,
        data={**{name.lower(): round(value, 6) for name, value in found.items()}},
        figures=tuple(_figure(ratio, found[ratio.name]) for ratio in _RATIOS if ratio.name in found),
        assumptions=("All figures are of the same campaign and time, and the conversions are due to it.",),
        would_change=_what_would_change(found),
        chart=bar_chart("Funnel", funnel, "times") if len(funnel) > 1 else None,
    )


def _figure(ratio: _Ratio, value: float) -> Figure:
    return Figure(
        name=ratio.name, value=value * 100 if ratio.is_share else value, unit="%" if ratio.is_share else ""
    )


def _what_would_change(found: dict[str, float]) -> tuple[str, ...]:
    notes = []
    if "CPA" in found and "CVR" in found:
        half = amount(found["CPA"] / 2)
        notes.append(f"Twice the conversion rate at the same cost per click would halve the CPA to {half}.")
    if "ROAS" in found:
        notes.append(
            "Conversions that would have come without the ad count less; a holdout test tells how many."
        )
    return tuple(notes) or ("More of the campaign's figures give more of its ratios.",)


def _check_funnel(given: dict[str, float]) -> None:
    for part, whole in (("clicks", "impressions"), ("conversions", "clicks")):
        if part in given and whole in given and given[part] > given[whole]:
            raise ToolRefused(
                f"There are more {part} ({amount(given[part])}) than {whole} ({amount(given[whole])}); check the two."
            )


def _written(ratio: _Ratio, value: float) -> str:
    if ratio.is_share:
        return percent(value)
    return f"{value:.2f}" if ratio.name == "ROAS" else amount(value)


def _profit_note(given: dict[str, float]) -> str:
    margin = given["spend"] / given["revenue"] if given["revenue"] else None
    if margin is None or margin > 1:
        return "Revenue is below spend: the campaign loses money before any other cost."
    return f"It breaks even only if the margin on that revenue is at least {percent(margin, 1)} (spend / revenue)."


def _customer_economics(arguments: CustomerEconomics) -> ToolOutput:
    check_numbers(arguments)
    cost = _acquisition_cost(arguments)
    margin = arguments.gross_margin_percent / 100
    if margin > 1:
        raise ToolRefused(
            f"The gross margin cannot be above 100 %, got {arguments.gross_margin_percent:g} %."
        )
    monthly = None if arguments.monthly_revenue is None else arguments.monthly_revenue * margin
    lifetime = _lifetime(arguments)
    value = monthly * lifetime if monthly is not None and lifetime is not None else None
    ratio = value / cost if value is not None and cost else None
    payback = cost / monthly if cost is not None and monthly else None
    known = arguments.acquisition_cost is not None and value is None and payback is None
    if known or (cost is None and value is None):
        raise ToolRefused(
            "Give acquisition spend and new customers for CAC, or monthly revenue and churn for LTV, or both for their ratio."
        )
    figures = {
        "cac": cost,
        "ltv": value,
        "ltv_to_cac": ratio,
        "payback_months": payback,
        "lifetime_months": lifetime,
    }
    text = f"{_headline(cost, value, ratio, payback)}\n\n{_basis(arguments, lifetime, ratio)}"
    data: dict[str, JsonValue] = {
        name: None if figure is None else round(figure, 4) for name, figure in figures.items()
    }
    return ToolOutput(
        text=text,
        data=data,
        figures=_economic_figures(cost, value, ratio, payback),
        assumptions=_economic_assumptions(arguments, value),
        would_change=_turning_points(arguments, cost, value, monthly),
        chart=_worth_chart(monthly, lifetime, cost),
    )


def _economic_figures(
    cost: float | None, value: float | None, ratio: float | None, payback: float | None
) -> tuple[Figure, ...]:
    found = (
        ("CAC", cost, "", 2),
        ("LTV", value, "", 2),
        ("LTV:CAC", ratio, "", 2),
        ("payback", payback, "months", 1),
    )
    return tuple(
        Figure(name=name, value=figure, unit=unit, decimals=digits)
        for name, figure, unit, digits in found
        if figure is not None
    )


def _economic_assumptions(arguments: CustomerEconomics, value: float | None) -> tuple[str, ...]:
    if value is None:
        return ("All customers of the period were won by that spend.",)
    notes = ["Churn and revenue are constant and nothing is discounted."]
    if "gross_margin_percent" not in arguments.model_fields_set:
        notes.append("The gross margin is 100 %, as none was given.")
    return tuple(notes)


def _turning_points(
    arguments: CustomerEconomics, cost: float | None, value: float | None, monthly: float | None
) -> tuple[str, ...]:
    if cost and value is not None:
        notes = [
            f"The LTV is three times the CAC at a CAC of {amount(value / HEALTHY_RATIO)} or an LTV of {amount(cost * HEALTHY_RATIO)}."
        ]
        if monthly and arguments.monthly_churn_percent is not None:
            churn = monthly / (cost * HEALTHY_RATIO)
            notes.append(f"At this CAC a monthly churn of {percent(min(churn, 1.0))} gives that ratio.")
        return tuple(notes)
    if value is not None:
        return (
            ("Half the churn doubles the LTV.",)
            if arguments.monthly_churn_percent
            else ("A longer stay raises it in proportion.",)
        )
    return ("Revenue and churn of a customer say whether the CAC is worth it.",)


def _worth_chart(
    monthly: float | None, lifetime: float | None, cost: float | None
) -> dict[str, JsonValue] | None:
    """What a customer has brought, less the cost to win one, month by month."""
    if monthly is None or lifetime is None or cost is None:
        return None
    months = max(1, min(math.ceil(lifetime), _LONGEST_CURVE))
    points = [(float(month), monthly * month - cost) for month in range(months + 1)]
    return curve_chart("Customer's contribution less CAC", points, "month", "money", points[-1])


def _acquisition_cost(arguments: CustomerEconomics) -> float | None:
    if arguments.acquisition_cost is not None:
        return arguments.acquisition_cost
    if arguments.acquisition_spend is None or arguments.new_customers is None:
        return None
    if arguments.new_customers == 0:
        raise ToolRefused("No customers were won, so there is no CAC; give new customers above 0.")
    return arguments.acquisition_spend / arguments.new_customers


def _lifetime(arguments: CustomerEconomics) -> float | None:
    churn = arguments.monthly_churn_percent
    if churn is None:
        return arguments.lifetime_months
    if not 0 < churn <= 100:  # noqa: PLR2004  percent
        raise ToolRefused(
            f"The monthly churn must be above 0 and at most 100 %, got {churn:g} %; at 0 % a customer never leaves, "
            "so give the months a customer stays instead."
        )
    return 100 / churn


def _headline(cost: float | None, value: float | None, ratio: float | None, payback: float | None) -> str:
    parts = []
    if cost is not None:
        parts.append(f"CAC is {amount(cost)}")
    if value is not None:
        parts.append(f"LTV is {amount(value)}")
    if ratio is not None:
        parts.append(f"LTV:CAC is {ratio:.2f}")
    if payback is not None:
        parts.append(f"the CAC is paid back in {payback:.1f} months")
    return ", ".join(parts) + "."


def _basis(arguments: CustomerEconomics, lifetime: float | None, ratio: float | None) -> str:
    lines = ["- CAC = sales and marketing spend / new customers"]
    if lifetime is not None:
        source = "1 / monthly churn" if arguments.monthly_churn_percent is not None else "as given"
        lines.append(
            f"- LTV = monthly revenue × gross margin × lifetime; lifetime {lifetime:.1f} months ({source})"
        )
    if arguments.gross_margin_percent == 100:  # noqa: PLR2004  percent
        lines.append("- No gross margin was given, so 100 % is assumed; with the real margin LTV is lower.")
    if ratio is not None:
        side = "at or above" if ratio >= HEALTHY_RATIO else "below"
        lines.append(
            f"- That is {side} 3, the usual yardstick for subscriptions (Skok, SaaS Metrics 2.0, For Entrepreneurs)."
        )
    lines.append("- Churn and revenue are taken as constant and nothing is discounted.")
    return "\n".join(lines)
