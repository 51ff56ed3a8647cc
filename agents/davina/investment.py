"""What a series of cash flows is worth: net present value, internal rate of return and payback."""

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.charts import lines
from agents.davina.discounting import internal_rates, payback_periods, present_values, sign_changes
from agents.figures import amount, check_numbers, csv_file, percent, table
from agents.measures import in_percent, money
from agents.tools import Artifact, Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

MOST_FLOWS = 600
_SHOWN_FLOWS = 24
_PROFILE_STEPS = 40
LOWEST_RATE, HIGHEST_RATE = -50, 1e6


class Timing(StrEnum):
    """When within its period a flow comes; the first is today's in any case."""

    END = "end_of_period"
    MID = "mid_period"


class CashFlows(BaseModel):
    """The cash flows of a project."""

    cash_flows: list[float] = argument(
        "Cash flows in order, one a period; the first is today's, outlays are negative",
        unit=Unit.MONEY,
        cues=("cash flows", "flows"),
    )
    rate_percent: float | None = argument(
        "Discount rate a period, in percent",
        unit=Unit.PERCENT,
        cues=("discount rate", "rate", "wacc", "cost of capital", "at"),
        default=None,
    )
    timing: Timing = argument(
        "Whether the flows after the first come at the end or in the middle of their periods",
        aliases={
            "mid_period": (
                "mid year",
                "midyear",
                "mid-year convention",
                "mid-period convention",
                "middle of the year",
                "middle of each year",
                "middle of the period",
                "halfway through each year",
            ),
            "end_of_period": ("end of year", "year end", "end of each year", "end of the year"),
        },
        default=Timing.END,
    )


@dataclass(frozen=True)
class Appraisal:
    """Cash flows with what they are worth."""

    flows: list[float]
    times: list[float]
    """In periods."""
    rate: float | None
    """A period, in percent."""
    discounted: list[float] | None
    rates: list[float]
    """Every internal rate, as a fraction a period."""

    @property
    def value(self) -> float | None:
        """The net present value; None without a rate."""
        return None if self.discounted is None else math.fsum(self.discounted)

    @property
    def cushion(self) -> float | None:
        """By which share all that comes in may fall before the net present value is zero; None where it is not above it."""
        if self.discounted is None or not (value := self.value) or value <= 0:
            return None
        return value / math.fsum(flow for flow in self.discounted if flow > 0)


def npv_irr() -> BaseTool:
    """The worth of an investment."""
    return tool(
        "npv_irr",
        "Values a series of cash flows, one a period: net present value (NPV) at a discount rate, internal rate of return (IRR), "
        "simple and discounted payback, at the end or in the middle of each period. The first flow is today's.",
        CashFlows,
        _npv_irr,
        examples=(
            "What is the NPV of -1000, 400, 400, 400 at 8 %?",
            "Compute the IRR of these cash flows: -50000, 12000, 15000, 18000, 20000",
            "Is the project worth it: -20000, 6000, 7000, 8000, 9000 with a discount rate of 10 %?",
            "Payback period of -9000, 3000, 3000, 3000, 3000",
            "NPV and IRR for -1e6, 250000, 300000, 350000, 400000, cost of capital 12 %",
            "NPV with the mid-year convention: -5000, 2000, 2500, 2500 at 9 %",
        ),
    )


def appraise(flows: list[float], rate: float | None = None, *, times: list[float] | None = None) -> Appraisal:
    """Value the flows at a rate in percent a period; `times` in periods, by default 0, 1, 2 ..."""
    at = [float(time) for time in range(len(flows))] if times is None else times
    discounted = None if rate is None else present_values(flows, rate / 100, at)
    return Appraisal(flows, at, rate, discounted, internal_rates(flows, at))


def check_rate(rate: float | None) -> None:
    """Refuse a discount rate, in percent, that lies below -50, where long flows overflow, or above 1,000,000."""
    if rate is not None and not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ToolRefused(f"The discount rate must lie between -50 and 1,000,000 %, got {rate:g} %.")


def headline(found: Appraisal) -> str:
    """The result in a sentence or two."""
    rates = found.rates
    if len(rates) == 1:
        about = f"the IRR is {percent(rates[0])}"
    elif rates:
        about = f"there are {len(rates)} IRRs ({', '.join(percent(each) for each in rates)}), so none decides"
    else:
        about = "there is no IRR"
    value = found.value
    if value is None or found.rate is None:
        return f"{about[0].upper()}{about[1:]}; give a discount rate for the NPV."
    verdict = (
        "worth it" if value > 0 else "not worth it" if value < 0 else "neither better nor worse than the rate"
    )
    return f"NPV at {found.rate:g} % is {amount(value)}; {about}. At that rate the investment is {verdict}."


def irr_remarks(found: Appraisal) -> list[str]:
    """What is to be said where there is not exactly one internal rate."""
    changes = sign_changes(found.flows)
    if changes == 0:
        return ["The flows never change sign, so no rate makes them worth zero: there is no IRR."]
    if not found.rates:
        return ["The flows change sign but no rate between -99.99 % and 1,000,000 % makes them worth zero."]
    if changes > 1:
        return [
            f"The flows change sign {changes} times, so several IRRs are possible; decide by the NPV at your own rate."
        ]
    return []


def figures_of(found: Appraisal, extra: tuple[Figure | None, ...] = ()) -> tuple[Figure, ...]:
    """The figures that there are."""
    named = [
        None if found.value is None else money("net present value", found.value),
        in_percent("internal rate of return", found.rates[0]) if len(found.rates) == 1 else None,
        *extra,
    ]
    return tuple(figure for figure in named if figure is not None)


def turning_points(found: Appraisal) -> tuple[str, ...]:
    """What would turn the verdict."""
    said = []
    if len(found.rates) == 1 and sign_changes(found.flows) == 1:
        better = "below" if next(flow for flow in found.flows if flow) < 0 else "above"
        said.append(
            f"The verdict turns at a rate of {percent(found.rates[0])}: {better} it the NPV is positive."
        )
    if found.cushion is not None:
        said.append(
            f"If everything that comes in were {percent(found.cushion, 1)} less, the NPV would be zero."
        )
    return tuple(said)


def profile(found: Appraisal) -> dict[str, JsonValue] | None:
    """The net present value against the rate, as a chart; None where that is no picture."""
    ends = [rate for rate in found.rates if rate > 0] + [(found.rate or 0) / 100]
    top = min(max(0.2, 1.5 * max(ends)), 10.0)
    rows: list[dict[str, JsonValue]] = []
    for step in range(_PROFILE_STEPS + 1):
        rate = top * step / _PROFILE_STEPS
        value = math.fsum(present_values(found.flows, rate, found.times))
        rows.append({"rate in %": round(rate * 100, 4), "NPV": value, "name": "NPV"})
    rows += [{"rate in %": rate, "NPV": 0.0, "name": "zero"} for rate in (0.0, round(top * 100, 4))]
    return lines("Net present value by discount rate", rows, x="rate in %", y="NPV")


def _npv_irr(arguments: CashFlows) -> ToolOutput:
    check_numbers(arguments, negative=frozenset({"cash_flows", "rate_percent"}))
    flows, rate = arguments.cash_flows, arguments.rate_percent
    if not 2 <= len(flows) <= MOST_FLOWS:  # noqa: PLR2004  one flow is no investment
        raise ToolRefused(
            f"Give 2 to {MOST_FLOWS} cash flows in order, the outlay first and negative, got {len(flows)}."
        )
    if not any(flows):
        raise ToolRefused("All cash flows are zero; give the outlay and what comes back.")
    check_rate(rate)
    mid = arguments.timing is Timing.MID
    found = appraise(
        flows, rate, times=[max(0.0, at - 0.5) if mid else float(at) for at in range(len(flows))]
    )
    payback = payback_periods(flows)
    discounted_payback = None if found.discounted is None else payback_periods(found.discounted)
    assumptions = (
        f"The flows after the first come {'in the middle' if mid else 'at the end'} of their periods.",
        "Flows are taken as certain, one a period, and the rate is for one such period.",
    )
    notes = [f"Simple payback: {_periods(payback, flows)}"]
    if rate is not None:
        notes.append(f"Discounted payback: {_periods(discounted_payback, flows)}")
    when = "t = 0 for the first flow, then 0.5, 1.5 ..." if mid else "t = 0 for the first flow"
    notes.append(f"NPV = Σ flow / (1 + rate)^t with {when}; the IRR is the rate at which it is zero")
    notes += [*irr_remarks(found), *turning_points(found), *assumptions]
    text = "\n\n".join(
        (
            headline(found),
            "\n".join(f"- {note}" for note in notes),
            table(("period", "flow", "sum"), _shown(flows)),
        )
    )
    data: dict[str, JsonValue] = {
        "npv": found.value,
        "rate_percent": rate,
        "irr": found.rates[0] if len(found.rates) == 1 else None,
        "irr_all": [*found.rates],
        "payback": payback,
        "discounted_payback": discounted_payback,
        "timing": arguments.timing.value,
    }
    extra = (
        None if payback is None else Figure(name="simple payback", value=payback, unit="periods"),
        None
        if discounted_payback is None
        else Figure(name="discounted payback", value=discounted_payback, unit="periods"),
    )
    return ToolOutput(
        text=text,
        data=data,
        figures=figures_of(found, extra),
        assumptions=assumptions,
        would_change=turning_points(found),
        chart=profile(found),
        artifacts=(_flows_file(flows, found.discounted),),
    )


def _periods(periods: float | None, flows: list[float]) -> str:
    if periods is not None:
        return f"{periods:.2f} periods"
    return "none, there is no outlay at the start" if flows[0] >= 0 else "never within the flows given"


def _shown(flows: list[float]) -> list[tuple[str, str, str]]:
    rows = [
        (str(period), amount(flow), amount(total))
        for period, (flow, total) in enumerate(zip(flows, accumulate(flows), strict=True))
    ]
    return rows if len(rows) <= _SHOWN_FLOWS else [*rows[:_SHOWN_FLOWS], ("…", "see the file", "")]


def _flows_file(flows: list[float], discounted: list[float] | None) -> Artifact:
    columns = [flows, list(accumulate(flows))]
    header = ["period", "flow", "sum"]
    if discounted is not None:
        columns += [discounted, list(accumulate(discounted))]
        header += ["discounted flow", "discounted sum"]
    rows = (
        [period, *(round(cell, 6) for cell in row)] for period, row in enumerate(zip(*columns, strict=True))
    )
    return csv_file("cash-flows.csv", header, rows)
