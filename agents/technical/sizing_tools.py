"""The tools that size positions: fixed-fraction risk with a stop, and Kelly."""

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import (
    PositionPlan,
    Side,
    break_even_probability,
    expected_value,
    figure,
    percent,
    risk_of,
    size_by_atr,
    size_by_stop,
)
from trading import kelly_fraction as kelly

_USUAL_RISK = 2.0
_FAR = 10.0
"""A stop more than ten times away from its entry is another number that was taken for one."""


class PositionArguments(BaseModel):
    """The account, the trade and what it may lose."""

    account: float = argument(
        "Size of the account",
        unit=Unit.MONEY,
        cues=("account", "capital", "balance", "portfolio", "equity", "with", "have"),
    )
    entry: float = argument(
        "Entry price",
        unit=Unit.MONEY,
        cues=("entry", "enter", "buy at", "price", "long at", "short at", "at"),
    )
    stop: float | None = argument(
        "Stop price; a stop above the entry makes it a short",
        unit=Unit.MONEY,
        cues=("stop loss", "stop-loss", "stop", "sl"),
        default=None,
    )
    atr: float | None = argument(
        "Average true range, in price, for a stop two of it away; used when there is no stop price",
        unit=Unit.NUMBER,
        cues=("atr", "true range"),
        default=None,
    )
    risk_percent: float = argument(
        "Share of the account to lose at the stop, in percent, above 0 and at most 100",
        unit=Unit.PERCENT,
        cues=("risk", "risking", "lose"),
        default=_USUAL_RISK,
    )
    risk_amount: float | None = argument(
        "Money to lose at the stop, instead of the share of the account",
        unit=Unit.MONEY,
        cues=("lose at most", "at most", "lose", "risk", "risking", "max loss", "maximum loss"),
        default=None,
        gt=0,
    )
    side: Side | None = argument("long or short; long unless the stop says otherwise", default=None)
    win_rate_percent: float | None = argument(
        "How many of such trades win, in percent, for the expected value",
        unit=Unit.PERCENT,
        cues=("win rate", "winning", "wins", "hit rate"),
        default=None,
    )


def position_size(arguments: PositionArguments) -> ToolOutput:
    """Quantity, stop and targets at 1:2 and 1:3 for a set loss at the stop."""
    with refusing():
        plan = _plan(arguments)
        values = _expected(plan, arguments.win_rate_percent)
    paragraphs = [_headline(plan), _computation(plan, arguments), *([values[0]] if values else [])]
    data: dict[str, JsonValue] = {
        "side": plan.side.value,
        "entry": plan.entry,
        "stop": plan.stop,
        "quantity": plan.quantity,
        "notional": plan.notional,
        "risk_amount": plan.risk_amount,
        "risk_percent": _risk(arguments) * 100,
        "targets": [
            {"reward_to_risk": reward, "price": price}
            for reward, price in zip(plan.rewards, plan.targets, strict=True)
        ],
        "leverage": plan.leverage,
    }
    if values:
        data["expected_value"] = values[1]
    assumed = [] if arguments.stop is not None else ["The stop stands 2 x ATR from the entry."]
    if arguments.risk_amount is None and arguments.risk_percent == _USUAL_RISK:
        assumed.append(f"{_USUAL_RISK:g} % of the account may be lost at the stop.")
    return ToolOutput(
        text="\n\n".join(paragraphs),
        data=data,
        figures=(
            priced("quantity", plan.quantity, "units", digits=4),
            priced("stop", plan.stop),
            *(
                priced(f"target 1:{reward:g}", price)
                for reward, price in zip(plan.rewards, plan.targets, strict=True)
            ),
            priced("loss at the stop", plan.risk_amount),
            priced("position value", plan.notional),
        ),
        assumptions=tuple(assumed),
        would_change=("A gap through the stop loses more than planned.",),
    )


class KellyArguments(BaseModel):
    """How often a bet wins, and how much."""

    win_rate_percent: float = argument(
        "How many trades win, in percent",
        unit=Unit.PERCENT,
        cues=("win rate", "winning", "win", "wins", "probability", "hit rate"),
    )
    payoff_ratio: float | None = argument(
        "Average win over average loss",
        unit=Unit.NUMBER,
        cues=("win/loss ratio", "ratio", "payoff", "reward", "odds", "rr"),
        default=None,
    )
    average_win: float | None = argument(
        "Average gain of a winning trade",
        unit=Unit.MONEY,
        cues=("average win", "avg win", "gain"),
        default=None,
    )
    average_loss: float | None = argument(
        "Average loss of a losing trade, without sign",
        unit=Unit.MONEY,
        cues=("average loss", "avg loss", "loss"),
        default=None,
    )


def kelly_fraction(arguments: KellyArguments) -> ToolOutput:
    """The growth-optimal share of capital, its half, and the win rate that breaks even."""
    rate = arguments.win_rate_percent
    as_fraction = 0 < rate <= 1
    probability = rate if as_fraction else rate / 100
    payoff = _payoff(arguments)
    with refusing():
        share = kelly(probability, payoff)
        even = break_even_probability(payoff)
        edge = expected_value(probability, payoff)
    facts = f"a win rate of {percent(probability)} and a win/loss ratio of {figure(payoff)}"
    if share > 0:
        headline = (
            f"The Kelly fraction is {percent(share)} of capital for {facts}; half Kelly, which many use, is "
            f"{percent(share / 2)}."
        )
    else:
        headline = f"Kelly says not to take this bet: its fraction is {percent(share)} for {facts}, so there is no edge."
    notes = (
        f"f = p - (1 - p)/b with p = {probability:g} and b = {payoff:g} (Kelly, 1956). It breaks even at a win rate of "
        f"{percent(even)}; the expected value is {figure(edge)} per unit risked. Kelly takes the rates as certain and "
        "repeated without end; estimates err, and full Kelly brings deep drawdowns, so most use half or less."
    )
    if as_fraction:
        notes += f" A win rate of {rate:g} was read as the fraction {percent(rate)}."
    data: dict[str, JsonValue] = {
        "kelly_fraction": share,
        "half_kelly": share / 2,
        "break_even_win_rate": even,
        "expected_value_per_unit": edge,
        "win_probability": probability,
        "payoff_ratio": payoff,
    }
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=data,
        figures=(
            in_percent("Kelly fraction", share),
            in_percent("half Kelly", share / 2),
            in_percent("break-even win rate", even),
            priced("expected value per unit risked", edge),
        ),
        assumptions=("The win rate and the payoff stay as given.",),
        would_change=(f"At a win rate of {percent(even)} or less there is no edge and nothing to bet.",),
    )


def sizing_tools() -> tuple[BaseTool, ...]:
    """`position_size` and `kelly_fraction` as tools."""
    return (
        tool(
            "position_size",
            "Sizes a trade so that its stop costs a set share of the account; the stop is given or 2 x ATR away, the "
            "targets stand at 1:2 and 1:3.",
            PositionArguments,
            position_size,
            examples=(
                "position size for a 10k account risking 2 %, entry 50000, ATR 1200",
                "how many btc can I buy if I risk 1% of 25000, entry 60000, stop 58000",
                "where should my stop and target be for a long at 61000 with an ATR of 900 and an account of 5000",
                "how many coins if I may lose 300 dollars at most, account 10000, entry 100, stop 95",
                "size a short at 3000 with a stop at 3150, account 20000, risk 1 %",
            ),
        ),
        tool(
            "kelly_fraction",
            "The Kelly fraction of capital to risk from a win rate and the ratio of average win to average loss.",
            KellyArguments,
            kelly_fraction,
            examples=(
                "kelly fraction with a 55% win rate and win/loss ratio of 1.5",
                "kelly criterion for a win rate of 40 %, average win 300, average loss 100",
                "how much should I bet by Kelly if I win 60% of the time at a payoff of 1",
            ),
        ),
    )


def _plan(arguments: PositionArguments) -> PositionPlan:
    risk = _risk(arguments)
    if arguments.stop is not None:
        if not 1 / _FAR < arguments.stop / (arguments.entry or 1.0) < _FAR:
            raise ToolRefused(
                f"A stop at {figure(arguments.stop)} is far from the entry at {figure(arguments.entry)}. Give the stop as "
                "a price near the entry, or give the ATR as a price and no stop."
            )
        plan = size_by_stop(arguments.account, risk, arguments.entry, arguments.stop)
        if arguments.side is not None and arguments.side is not plan.side:
            raise ToolRefused(
                f"A {arguments.side} from {figure(arguments.entry)} cannot have its stop at {figure(arguments.stop)}: the "
                f"stop of a {arguments.side} is {'below' if arguments.side is Side.LONG else 'above'} its entry."
            )
        return plan
    if arguments.atr is None:
        raise ToolRefused(
            "The size follows from the stop. Give a stop price, or the average true range (ATR)."
        )
    return size_by_atr(
        arguments.account, risk, arguments.entry, arguments.atr, side=arguments.side or Side.LONG
    )


def _risk(arguments: PositionArguments) -> float:
    """The share of the account at risk: that of the money named, else the percentage."""
    if arguments.risk_amount is not None:
        return risk_of(arguments.account, arguments.risk_amount)
    return arguments.risk_percent / 100


def _headline(plan: PositionPlan) -> str:
    targets = " and ".join(
        f"{figure(price)} (1:{reward:g})" for reward, price in zip(plan.rewards, plan.targets, strict=True)
    )
    verb = "Buy" if plan.side is Side.LONG else "Sell short"
    aims = f", targets {targets}" if targets else "; no target at 1:2 is above zero"
    return (
        f"{verb} {figure(plan.quantity, 4)} units at {figure(plan.entry)} ({figure(plan.notional)} in all) with the stop at "
        f"{figure(plan.stop)}{aims}: the stop then costs {figure(plan.risk_amount)}."
    )


def _computation(plan: PositionPlan, arguments: PositionArguments) -> str:
    stop = (
        ""
        if arguments.stop is not None
        else f"Stop = 2 x ATR ({figure(arguments.atr or 0)}) from the entry. "
    )
    text = (
        f"{stop}Quantity = risk / distance to the stop = {figure(plan.risk_amount)} / {figure(plan.distance)}, with a risk "
        f"of {percent(_risk(arguments))} of {figure(arguments.account)}. Fees, slippage and gaps through the stop are "
        "left out and would add to the loss."
    )
    if plan.leverage > 1:
        most = arguments.account / plan.entry
        text += (
            f" The position is {plan.leverage:.2f} times the account and needs leverage; without it at most "
            f"{figure(most, 4)} units can be bought, which risks {figure(most * plan.distance)}."
        )
    return text


def _expected(plan: PositionPlan, win_rate: float | None) -> tuple[str, list[JsonValue]] | None:
    if win_rate is None:
        return None
    values = [expected_value(win_rate / 100, reward) * plan.risk_amount for reward in plan.rewards]
    listed = ", ".join(
        f"{figure(value)} at 1:{reward:g}" for reward, value in zip(plan.rewards, values, strict=True)
    )
    return f"Expected value per trade at a win rate of {win_rate:g} %: {listed}.", list(values)


def _payoff(arguments: KellyArguments) -> float:
    if arguments.payoff_ratio is not None:
        return arguments.payoff_ratio
    if arguments.average_win is None or not arguments.average_loss:
        raise ToolRefused("Give the win/loss ratio, or the average win and the average loss (above 0).")
    return arguments.average_win / abs(arguments.average_loss)
