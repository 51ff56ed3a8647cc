"""The tool that tests a trading rule on past prices."""

import re

from langchain_core.tools import BaseTool
from pydantic import JsonValue

from agents.figures import csv_file, table
from agents.measures import in_percent
from agents.technical.charts import series_chart
from agents.technical.performance_tool import PERIODS, Frequency
from agents.technical.prices import PriceArguments, Prices, computed
from agents.tools import Figure, Resources, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import (
    PERIODS_PER_YEAR,
    RULES,
    Backtest,
    Bars,
    Rule,
    backtest,
    halves,
    percent,
    positions,
)

_BARS = 1000
_FEW_TRADES = 30
_ALIASES = {
    "sma_cross": (
        *(
            "sma crossover",
            "sma cross",
            "moving average crossover",
            "ma crossover",
            "ma cross",
            "golden cross",
        ),
        *("death cross", "simple moving average crossover", "sma strategy"),
    ),
    "ema_cross": ("ema crossover", "ema cross", "exponential moving average crossover", "ema strategy"),
    "macd_cross": ("macd crossover", "macd cross", "macd strategy", "macd"),
    "rsi_reversion": (
        "rsi reversion",
        "rsi strategy",
        "rsi below",
        "rsi oversold",
        "rsi mean reversion",
        "rsi",
    ),
    "bollinger_reversion": (
        *("bollinger reversion", "bollinger bands mean reversion", "bollinger mean reversion"),
        *("bollinger strategy", "bollinger bands strategy"),
    ),
    "bollinger_breakout": ("bollinger breakout", "bollinger band breakout", "bollinger bands breakout"),
    "donchian_breakout": ("donchian breakout", "donchian", "turtle rules", "turtle", "channel breakout"),
    "supertrend": ("super trend", "supertrend strategy"),
    "momentum": ("momentum strategy", "time series momentum", "rate of change strategy"),
}


class BacktestArguments(PriceArguments):
    """The rule, its settings, its costs and the prices."""

    rule: Rule = argument("The trading rule", aliases=_ALIASES)
    settings: str = argument(
        "The rule's settings in the usual order: `50, 200` for averages, `14, 30, 70` for RSI (period, buy below, sell "
        "above), `20, 2` for Bollinger bands, `20, 10` for Donchian (entry, exit), `10, 3` for Supertrend",
        default="",
    )
    fee_percent: float = argument(
        "Fee of each fill, in percent",
        unit=Unit.PERCENT,
        cues=("fee", "fees", "commission"),
        default=0.1,
        ge=0,
        le=10,
    )
    slippage_percent: float = argument(
        "How much worse than the price each fill is, in percent",
        unit=Unit.PERCENT,
        cues=("slippage",),
        default=0.05,
        ge=0,
        le=10,
    )
    short: bool = argument(
        "Whether it may also sell short",
        cues=("short", "both sides", "long and short", "long short"),
        default=False,
    )
    frequency: Frequency | None = argument(
        "How far apart the bars are, for yearly figures; daily when left out", default=None
    )


async def backtest_rule(arguments: BacktestArguments, resources: Resources) -> ToolOutput:
    """What a rule would have done on the given bars, after costs, beside buying and holding."""
    return await computed(lambda prices: _tested(prices, arguments), arguments, resources, count=_BARS)


def backtest_tool() -> BaseTool:
    """`backtest_rule` as a tool."""
    return tool(
        "backtest_rule",
        "Tests a trading rule (crossings of averages or MACD, RSI, Bollinger bands, Donchian breakout, Supertrend, momentum) on "
        "past prices, with fills on the next bar and costs, beside buying and holding.",
        BacktestArguments,
        backtest_rule,
        examples=(
            "backtest a 50/200 sma crossover on my data",
            "backtest rsi below 30 buy, above 70 sell on btcusdt 1d",
            "how would a donchian breakout have done on this csv",
            "backtest SMA cross 3/5 on these closes",
            "test a supertrend strategy on ETH/USDT 4h with 0.2 % fees, long and short",
        ),
    )


def _tested(prices: Prices, arguments: BacktestArguments) -> ToolOutput:
    rule, bars = arguments.rule, prices.bars
    book = RULES[rule]
    settings = {**book.settings, **_settings(arguments)}
    wanted = positions(rule, bars, short=arguments.short, **settings)
    periods, spacing = _periods(prices, arguments)
    result = backtest(
        bars,
        wanted,
        fee=arguments.fee_percent / 100,
        slippage=arguments.slippage_percent / 100,
        periods=periods,
    )
    label = f"{rule.value.replace('_', ' ')} ({', '.join(f'{value:g}' for value in settings.values())})"
    total = result.equity[-1] - 1
    better = total - result.benchmark
    headline = (
        f"The {label} made {percent(total)} after costs with {len(result.trades)} "
        f"{'trade' if len(result.trades) == 1 else 'trades'} and a maximum drawdown of "
        f"{percent(result.measured.drawdown.depth)}; buying and holding made {percent(result.benchmark)} with "
        f"{percent(result.benchmark_drawdown)}."
    )
    first, second = halves(result, periods=periods)
    rows = [
        ("return", percent(total), percent(result.benchmark)),
        ("maximum drawdown", percent(result.measured.drawdown.depth), percent(result.benchmark_drawdown)),
        ("yearly Sharpe ratio", _ratio(result.measured.sharpe), ""),
        ("yearly Sortino ratio", _ratio(result.measured.sortino), ""),
        ("trades won", _ratio(result.win_rate, percentage=True), ""),
        ("gains over losses", _ratio(result.profit_factor), ""),
        ("time in the market", percent(result.exposure), percent(1.0)),
        ("costs, of the start", percent(result.costs), ""),
        ("first half", percent(first.total_return), ""),
        ("second half", percent(second.total_return), ""),
    ]
    sides = "long and short" if arguments.short else "long only"
    notes = (
        f"From {prices.source}; {sides}. Long while {book.entry}, until {book.exit}. Decided on each close, filled at the next bar's "
        f"{'open' if bars.open is not None else 'close (there are no opens)'}, with a fee of {arguments.fee_percent:g} % and "
        f"slippage of {arguments.slippage_percent:g} % a fill, all of the equity in every trade and no funding. Yearly figures take "
        f"the bars as {spacing}. {_warning(result)}"
    )
    return ToolOutput(
        text="\n\n".join([headline, table(("", "rule", "buy and hold"), rows), notes]),
        data=_data(result, rule, settings, arguments),
        figures=_figures(result),
        assumptions=(
            f"A fee of {arguments.fee_percent:g} % and slippage of {arguments.slippage_percent:g} % a fill.",
            f"The bars are {spacing}.",
            "Fills of any size at the next bar's price.",
        ),
        would_change=(
            (
                f"The rule {'beat' if better > 0 else 'fell short of'} buying and holding by {percent(abs(better))} on these bars; "
                "other bars, settings or costs may turn that."
            ),
        ),
        chart=_chart(result, bars, label),
        artifacts=(
            csv_file(
                "trades.csv",
                ("side", "entered", "entry", "left", "exit", "result", "closed"),
                [
                    (
                        "long" if trade.side > 0 else "short",
                        bars.label(trade.entered),
                        trade.entry,
                        bars.label(trade.left),
                        trade.exit,
                        trade.result,
                        trade.closed,
                    )
                    for trade in result.trades
                ],
            ),
        ),
    )


def _chart(result: Backtest, bars: Bars, label: str) -> dict[str, JsonValue]:
    rows: list[dict[str, JsonValue]] = [
        {"bar": at + 1, "value": value, "name": "rule"} for at, value in enumerate(result.equity)
    ]
    rows += [
        {"bar": at + 1, "value": close / bars.close[0], "name": "buy and hold"}
        for at, close in enumerate(bars.close)
    ]
    return series_chart(f"Equity of the {label}", rows, "equity, start = 1")


def _settings(arguments: BacktestArguments) -> dict[str, float]:
    """Settings given by themselves, else those that stand beside the rule in the request."""
    names = list(RULES[arguments.rule].settings)
    numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", arguments.settings)]
    if len(numbers) > len(names):
        raise ToolRefused(
            f"The rule has {len(names)} settings ({', '.join(names)}) and {len(numbers)} were given; leave some out."
        )
    if numbers:
        return dict(zip(names, numbers, strict=False))
    return _beside(arguments.rule, arguments.bars)


def _beside(rule: Rule, text: str) -> dict[str, float]:
    """`50/200 sma`, `SMA cross 3/5`, `rsi(14) below 30, above 70`."""
    names = list(RULES[rule].settings)
    words = text.split("\n", maxsplit=1)[0]
    if rule is Rule.RSI_REVERSION:
        found = {
            "period": re.search(r"\brsi[\s(-]{0,2}(\d{1,3})\b(?!\s*(?:buy|%))", words, re.IGNORECASE),
            "low": re.search(r"\b(?:below|under|<)\s*(\d{1,2}(?:\.\d+)?)\b", words, re.IGNORECASE),
            "high": re.search(r"(?:\b(?:above|over)|>)\s*(\d{1,2}(?:\.\d+)?)\b", words, re.IGNORECASE),
        }
        return {name: float(match[1]) for name, match in found.items() if match}
    key = {"sma_cross": "sma|ma|cross(?:over)?|averages?", "ema_cross": "ema|cross(?:over)?"}.get(
        rule.value, rule.value.split("_")[0]
    )
    many = r"(\d{1,4}(?:\.\d+)?(?:\s*[/,]\s*\d{1,4}(?:\.\d+)?){1,2})"
    match = re.search(rf"\b{many}[\s-]+(?:\w+[\s-]+){{0,2}}(?:{key})\b", words, re.IGNORECASE) or re.search(
        rf"\b(?:{key})\w*[\s(:-]+(?:\w+\s+){{0,2}}{many}\)?(?![\d,.]*[\s,]+\d)", words, re.IGNORECASE
    )
    numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", match[1])] if match else []
    return dict(zip(names, numbers, strict=False)) if len(numbers) <= len(names) else {}


def _periods(prices: Prices, arguments: BacktestArguments) -> tuple[float, str]:
    if arguments.frequency is not None:
        return PERIODS[arguments.frequency], arguments.frequency.value
    if prices.timeframe is not None:
        return PERIODS_PER_YEAR[prices.timeframe], f"{prices.timeframe} bars"
    return PERIODS[Frequency.DAILY], "daily, as nothing else was said"


def _ratio(value: float | None, *, percentage: bool = False) -> str:
    if value is None:
        return "not defined"
    return percent(value) if percentage else f"{value:.2f}"


def _warning(result: Backtest) -> str:
    few = (
        f"{len(result.trades)} trades are too few to tell skill from luck. "
        if len(result.trades) < _FEW_TRADES
        else ""
    )
    return (
        f"{few}Settings that were chosen on these very bars look better than they are: test them on others."
    )


def _figures(result: Backtest) -> tuple[Figure, ...]:
    found = [
        in_percent("return after costs", result.equity[-1] - 1),
        in_percent("return of buying and holding", result.benchmark),
        in_percent("maximum drawdown", result.measured.drawdown.depth),
        Figure(name="trades", value=len(result.trades), decimals=0),
    ]
    if result.measured.sharpe is not None:
        found.append(Figure(name="yearly Sharpe ratio", value=result.measured.sharpe))
    if result.win_rate is not None:
        found.append(in_percent("trades won", result.win_rate))
    return tuple(found)


def _data(
    result: Backtest, rule: Rule, settings: dict[str, float], arguments: BacktestArguments
) -> dict[str, JsonValue]:
    return {
        "rule": rule.value,
        "settings": dict(settings),
        "short": arguments.short,
        "fee_percent": arguments.fee_percent,
        "slippage_percent": arguments.slippage_percent,
        "total_return": result.equity[-1] - 1,
        "benchmark_return": result.benchmark,
        "maximum_drawdown": result.measured.drawdown.depth,
        "benchmark_drawdown": result.benchmark_drawdown,
        "sharpe": result.measured.sharpe,
        "sortino": result.measured.sortino,
        "win_rate": result.win_rate,
        "profit_factor": result.profit_factor,
        "exposure": result.exposure,
        "costs": result.costs,
        "trades": len(result.trades),
    }
