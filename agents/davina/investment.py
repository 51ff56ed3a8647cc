"""What a series of cash flows is worth: net present value, internal rate of return and payback."""

import math
from itertools import accumulate, pairwise

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import amount, check_numbers, csv_file, percent, table
from agents.tools import Artifact, ToolOutput, ToolRefused, tool
from models import Unit, argument

MOST_FLOWS = 600
_GRID_STEPS = 4000
_WIDEST = math.log(1e4)
_SHOWN_FLOWS = 24


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


def npv_irr() -> BaseTool:
    """The worth of an investment."""
    return tool(
        "npv_irr",
        "Values a series of cash flows: net present value (NPV) at a discount rate, internal rate of return (IRR), simple "
        "and discounted payback. The first flow is today's.",
        CashFlows,
        _npv_irr,
        examples=(
            "What is the NPV of -1000, 400, 400, 400 at 8 %?",
            "Compute the IRR of these cash flows: -50000, 12000, 15000, 18000, 20000",
            "Is the project worth it: -20000, 6000, 7000, 8000, 9000 with a discount rate of 10 %?",
            "Payback period of -9000, 3000, 3000, 3000, 3000",
            "NPV and IRR for -1e6, 250000, 300000, 350000, 400000, cost of capital 12 %",
        ),
    )


def present_values(flows: list[float], rate: float) -> list[float]:
    """Each flow / (1 + rate)^t with t from 0; the rate is a fraction of at least -0.5.

    Their sum is the net present value (Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2).
    """
    log_rate = math.log1p(rate)
    return [flow * math.exp(-period * log_rate) for period, flow in enumerate(flows)]


def internal_rates(flows: list[float]) -> list[float]:
    """Every rate, as a fraction from -99.99 % to 1,000,000 %, at which the net present value changes its sign.

    Signs are looked for on a grid of the logarithm of 1 + rate; each change is then solved by Brent's method. A
    net present value that touches zero without crossing it is found only at a rate of 0.
    """
    from scipy.optimize import brentq

    grid = [-_WIDEST + 2 * _WIDEST * step / _GRID_STEPS for step in range(_GRID_STEPS + 1)]
    values = [_scaled_value(flows, point) for point in grid]
    roots = [point for point, value in zip(grid, values, strict=True) if value == 0]
    for (left, right), (low, high) in zip(pairwise(grid), pairwise(values), strict=True):
        if low * high < 0:
            roots.append(brentq(lambda point: _scaled_value(flows, point), left, right, xtol=1e-13))
    return sorted(math.expm1(root) for root in roots)


def payback_periods(flows: list[float]) -> float | None:
    """Periods until the running sum of the flows first reaches zero, within a period in proportion to its flow.

    None where it never does, or where there is no outlay at the start.
    """
    totals = list(accumulate(flows))
    if totals[0] >= 0:
        return None
    for period, (before, after) in enumerate(pairwise(totals)):
        if after >= 0:
            return period + before / (before - after)
    return None


def _scaled_value(flows: list[float], log_rate: float) -> float:
    """The net present value times a positive factor that keeps every term finite."""
    shift = 0 if log_rate >= 0 else len(flows) - 1
    return math.fsum(flow * math.exp(-log_rate * (period - shift)) for period, flow in enumerate(flows))


def _npv_irr(arguments: CashFlows) -> ToolOutput:
    check_numbers(arguments, negative=frozenset({"cash_flows", "rate_percent"}))
    flows, rate = arguments.cash_flows, arguments.rate_percent
    if not 2 <= len(flows) <= MOST_FLOWS:  # noqa: PLR2004  one flow is no investment
        raise ToolRefused(
            f"Give 2 to {MOST_FLOWS} cash flows in order, the outlay first and negative, got {len(flows)}."
        )
    if not any(flows):
        raise ToolRefused("All cash flows are zero; give the outlay and what comes back.")
    if rate is not None and not -50 <= rate <= 1e6:  # noqa: PLR2004  below -50 % long flows overflow
        raise ToolRefused(f"The discount rate must lie between -50 and 1,000,000 %, got {rate:g} %.")
    rates = internal_rates(flows)
    discounted = None if rate is None else present_values(flows, rate / 100)
    value = None if discounted is None else math.fsum(discounted)
    payback = payback_periods(flows)
    discounted_payback = None if discounted is None else payback_periods(discounted)
    text = "\n\n".join(
        (
            _headline(value, rate, rates),
            _remarks(flows, rate, rates, payback, discounted_payback),
            table(("period", "flow", "sum"), _shown(flows)),
        )
    )
    data: dict[str, JsonValue] = {
        "npv": value,
        "rate_percent": rate,
        "irr": rates[0] if len(rates) == 1 else None,
        "irr_all": [*rates],
        "payback": payback,
        "discounted_payback": discounted_payback,
    }
    return ToolOutput(text=text, data=data, artifacts=(_flows_file(flows, discounted),))


def _headline(value: float | None, rate: float | None, rates: list[float]) -> str:
    found = {
        0: "there is no IRR",
        1: f"the IRR is {percent(rates[0])}" if rates else "",
    }.get(
        len(rates),
        f"there are {len(rates)} IRRs ({', '.join(percent(each) for each in rates)}), so none decides",
    )
    if value is None or rate is None:
        return f"{found[0].upper()}{found[1:]}; give a discount rate for the NPV."
    verdict = (
        "worth it" if value > 0 else "not worth it" if value < 0 else "neither better nor worse than the rate"
    )
    return f"NPV at {rate:g} % is {amount(value)}; {found}. At that rate the investment is {verdict}."


def _remarks(
    flows: list[float],
    rate: float | None,
    rates: list[float],
    payback: float | None,
    discounted: float | None,
) -> str:
    lines = [f"- Simple payback: {_periods(payback, flows)}"]
    if rate is not None:
        lines.append(f"- Discounted payback: {_periods(discounted, flows)}")
    lines.append(
        "- NPV = Σ flow / (1 + rate)^t with t = 0 for the first flow; the IRR is the rate at which it is zero"
    )
    signs = [flow > 0 for flow in flows if flow]
    changes = sum(before != after for before, after in pairwise(signs))
    if changes == 0:
        lines.append("- The flows never change sign, so no rate makes them worth zero: there is no IRR.")
    elif not rates:
        lines.append(
            "- The flows change sign but no rate between -99.99 % and 1,000,000 % makes them worth zero."
        )
    elif changes > 1:
        lines.append(
            f"- The flows change sign {changes} times, so several IRRs are possible; decide by the NPV at your own rate."
        )
    lines.append("- Flows are taken as certain, one a period, and the rate is for one such period.")
    return "\n".join(lines)


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
