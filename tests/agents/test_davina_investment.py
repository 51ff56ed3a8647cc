import json
from typing import Any

import pytest

from agents.davina.discounting import internal_rates, payback_periods, present_values
from agents.davina.investment import npv_irr


async def appraise(flows: list[float], rate: float | None = None) -> Any:  # ainvoke returns Any
    tool = npv_irr()
    given = {"cash_flows": flows} if rate is None else {"cash_flows": flows, "rate_percent": rate}
    return await tool.ainvoke({"name": tool.name, "args": given, "id": "1", "type": "tool_call"})


async def test_npv_and_irr_of_a_plain_project():
    message = await appraise([-1000, 400, 400, 400], 8)
    annuity = 400 * (1 - 1.08**-3) / 0.08
    data = message.artifact.data
    assert data["npv"] == pytest.approx(annuity - 1000)
    assert sum(present_values([-1000, 400, 400, 400], data["irr"])) == pytest.approx(0, abs=1e-8)
    assert data["irr"] == pytest.approx(0.0970103, abs=1e-7)
    assert message.content.startswith(
        "NPV at 8 % is 30.84; the IRR is 9.70 %. At that rate the investment is worth it."
    )
    assert json.loads(message.artifact.model_dump_json())["data"]["payback"] == 2.5


async def test_discounted_payback_is_later_than_the_simple_one():
    data = (await appraise([-1000, 600, 600], 10)).artifact.data
    assert data["payback"] == pytest.approx(1 + 400 / 600)
    first, second = 600 / 1.1, 600 / 1.21
    assert data["discounted_payback"] == pytest.approx(1 + (1000 - first) / second)


async def test_project_below_the_rate_is_not_worth_it():
    message = await appraise([-1000, 400, 400, 400], 12)
    assert "not worth it" in message.content
    assert "Discounted payback: never within the flows given" in message.content


async def test_rate_equal_to_the_irr_leaves_nothing():
    message = await appraise([-100, 100], 0)
    assert message.artifact.data["npv"] == 0
    assert "neither better nor worse" in message.content


async def test_several_irrs_are_all_found_and_none_decides():
    # -1000 (1 + r)^2 + 2500 (1 + r) - 1540 = 0 has the roots 10 % and 40 %.
    message = await appraise([-1000, 2500, -1540], 15)
    assert message.artifact.data["irr"] is None
    assert message.artifact.data["irr_all"] == pytest.approx([0.1, 0.4])
    assert "there are 2 IRRs (10.00 %, 40.00 %), so none decides" in message.content
    assert "change sign 2 times" in message.content


async def test_flows_that_never_change_sign_have_no_irr():
    message = await appraise([-100, -50, -20], 5)
    assert "there is no IRR" in message.content
    assert "never change sign" in message.content
    assert message.artifact.data["irr_all"] == []


async def test_sign_changes_without_a_root_are_explained():
    # 1000 x^2 - 3000 x + 2500 has no real root.
    message = await appraise([1000, -3000, 2500], 5)
    assert message.artifact.data["irr"] is None
    assert "no rate between" in message.content
    assert "there is no outlay at the start" in message.content


async def test_without_a_rate_irr_and_payback_are_still_given():
    message = await appraise([-1000, 400, 400, 400])
    assert message.content.startswith("The IRR is 9.70 %; give a discount rate for the NPV.")
    assert message.artifact.data["npv"] is None
    assert message.artifact.artifacts[0].content.splitlines()[:2] == ["period,flow,sum", "0,-1000.0,-1000.0"]


async def test_flows_can_be_downloaded_with_their_discounted_values():
    message = await appraise([-100, 110], 10)
    file = message.artifact.artifacts[0]
    assert (file.name, file.media_type) == ("cash-flows.csv", "text/csv")
    assert file.content.splitlines()[-1] == "1,110.0,10.0,100.0,0.0"


@pytest.mark.slow
async def test_monthly_flows_of_fifty_years_are_appraised_and_shown_in_part():
    message = await appraise([-1000.0] + [10.0] * 599, -50)
    assert "see the file" in message.content
    assert len(message.artifact.data["irr_all"]) == 1
    assert message.artifact.data["irr"] == pytest.approx(0.0099738, abs=1e-6)


@pytest.mark.parametrize(
    ("flows", "rate", "complaint"),
    [
        ([], 5, "Give 2 to 600"),
        ([-100], 5, "Give 2 to 600"),
        ([1.0] * 601, 5, "Give 2 to 600"),
        ([0, 0, 0], 5, "All cash flows are zero"),
        ([-100, float("nan")], 5, "finite"),
        ([-100, float("inf")], 5, "finite"),
        ([-100, 1e16], 5, "up to 1e15"),
        ([-100, 110], float("nan"), "finite"),
        ([-100, 110], -60, "between -50"),
    ],
)
async def test_flows_without_a_value_are_refused(flows, rate, complaint):
    message = await appraise(flows, rate)
    assert message.status == "error"
    assert complaint in message.content


@pytest.mark.parametrize(
    ("flows", "rate"), [([-100, 110], 0.1), ([-100, 0, 121], 0.1), ([100, -110], 0.1), ([-100, 1], -0.99)]
)
def test_irr_solves_flows_with_a_known_rate(flows, rate):
    assert internal_rates(flows) == pytest.approx([rate])


def test_irr_of_zero_is_found_once():
    assert internal_rates([-100, 100]) == [0]


def test_payback_is_exact_at_the_end_of_a_period():
    assert payback_periods([-900, 300, 300, 300]) == 3


async def test_mid_period_flows_come_half_a_period_earlier():
    tool = npv_irr()
    given = {"cash_flows": [-1000, 400, 400, 400], "rate_percent": 8, "timing": "mid_period"}
    message = await tool.ainvoke({"name": tool.name, "args": given, "id": "1", "type": "tool_call"})
    assert message.artifact.data["npv"] == pytest.approx(400 * (1 - 1.08**-3) / 0.08 * 1.08**0.5 - 1000)
    assert "in the middle of their periods" in message.artifact.assumptions[0]


async def test_what_turns_the_verdict_is_told_with_the_curve():
    output = (await appraise([-1000, 400, 400, 400], 8)).artifact
    assert output.would_change == (
        "The verdict turns at a rate of 9.70 %: below it the NPV is positive.",
        "If everything that comes in were 3.0 % less, the NPV would be zero.",
    )
    assert [str(figure) for figure in output.figures[:2]] == ["30.84", "9.70 %"]
    curve = [row["NPV"] for row in output.chart["data"]["values"] if row["name"] == "NPV"]
    assert curve[0] == 200
    assert curve == sorted(curve, reverse=True)
