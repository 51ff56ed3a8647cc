from datetime import date
from typing import Any

import pytest

from agents.davina.dated_flows import read_dated_flows, xnpv_xirr
from agents.davina.discounting import internal_rates, present_values

OFFICE = "2008-01-01: -10000; 2008-03-01: 2750; 2008-10-30: 4250; 2009-02-15: 3250; 2009-04-01: 2750"  # the example in the documentation of Excel's XIRR and XNPV


async def appraise(flows: str, **more: Any) -> Any:  # ainvoke returns Any
    tool = xnpv_xirr()
    given = {"flows": flows, **more}
    return await tool.ainvoke({"name": tool.name, "args": given, "id": "1", "type": "tool_call"})


async def test_xirr_and_xnpv_are_those_of_a_spreadsheet():
    output = (await appraise(OFFICE, rate_percent=9)).artifact
    assert output.data["xirr"] == pytest.approx(0.373362535, abs=1e-8)
    assert output.data["xnpv"] == pytest.approx(2086.647602, abs=1e-6)
    assert output.data["day_count"] == "actual/365"
    assert [figure.name for figure in output.figures[:2]] == ["net present value", "internal rate of return"]
    assert output.would_change[0] == "The verdict turns at a rate of 37.34 %: below it the NPV is positive."


async def test_the_day_count_and_the_day_of_valuation_are_said():
    message = await appraise("-1000 on 2025-01-01, 1100 on 2026-01-01")
    assert message.content.startswith("The XIRR is 10.00 %; give a discount rate for the XNPV.")
    assert "actual/365, from 2025-01-01 on, which is the day of valuation" in message.content


@pytest.mark.parametrize(
    "text",
    [
        "invested 8,000 on 10 May 2024, sold for 9,600 on 2025-11-20",
        "2025-11-20: 9600; 2024-05-10: -8000",
        "2024-05-10,-8000\n2025-11-20,9600",
        "paid 8k on May 10, 2024 and got 9.6k back on 20.11.2025 at 7 %",
    ],
)
def test_flows_are_read_however_they_are_written(text):
    assert read_dated_flows(text) == [(date(2024, 5, 10), -8000), (date(2025, 11, 20), 9600)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("XIRR of -1000, 500, 700", "its own date"),
        ("2025-01-01: -1000; 2025-06-01", "I found 1 sums and 2 dates"),
        ("03/04/2025: -1000; 2026-01-01: 1200", "is open"),
        ("2025-02-30: -1000; 2026-01-01: 1200", "is open"),
        ("1 March: -1000; 2 April: 1200", "with the year"),
        ("2025-01-01: -1000; 2025-01-01: 1200", "on one day"),
        ("2025-01-01: 1000; 2026-01-01: 1200", "No flow is an outlay"),
        ("-1000 1200 on 2025-01-01 and 2026-01-01", "right beside it"),
    ],
)
async def test_flows_without_a_certain_date_or_outlay_are_asked_about(text, complaint):
    message = await appraise(text)
    assert message.status == "error"
    assert complaint in message.content


async def test_several_dated_rates_are_all_told():
    message = await appraise("2024-01-01: -1000; 2024-12-31: 2500; 2025-12-31: -1540")
    assert message.artifact.data["xirr"] is None
    assert message.artifact.data["xirr_all"] == pytest.approx([0.1, 0.4], abs=1e-3)
    assert "so none decides" in message.content


def test_rates_and_values_at_broken_times_agree():
    flows, times = [-100.0, 60.0, 60.0], [0.0, 0.5, 1.5]
    (rate,) = internal_rates(flows, times)
    assert sum(present_values(flows, rate, times)) == pytest.approx(0, abs=1e-9)
