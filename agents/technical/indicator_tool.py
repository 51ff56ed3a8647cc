"""The tool that computes an indicator and says what its value means."""

import asyncio
import csv
import io
import math
import re
from collections.abc import Mapping

from langchain_core.tools import BaseTool
from pydantic import JsonValue

from agents.measures import priced
from agents.refusals import refusing
from agents.technical.charts import MOST_SHOWN, series_chart
from agents.technical.names import ALIASES, IndicatorName, settings_after_name
from agents.technical.prices import PriceArguments, Prices, prices_of
from agents.technical.readings import explain, how
from agents.tools import Artifact, Resources, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import Bars, Indicator, Reading, Scale, compute, figure

_SHOWN = 30


class IndicatorArguments(PriceArguments):
    """What to compute, and on which prices; many indicators need highs, lows or volumes beside the closes."""

    indicator: IndicatorName = argument("The indicator", aliases=ALIASES)
    period: int | None = argument(
        "The number of bars it looks back; the usual one when left out",
        unit=Unit.COUNT,
        cues=(
            "period",
            "length",
            "window",
            "day",
            "bar",
            "rsi",
            "sma",
            "ema",
            "wma",
            "atr",
            "adx",
            "cci",
            "mfi",
            "roc",
        ),
        default=None,
    )
    settings: str = argument(
        "All settings in the usual order where there are several, such as `12, 26, 9` for MACD", default=""
    )


async def compute_indicator(arguments: IndicatorArguments, resources: Resources) -> ToolOutput:
    """The newest value of an indicator, what it is read as, and the series as CSV when it is long."""
    parameters = _parameters(arguments, arguments.indicator.indicator)
    prices = await prices_of(arguments, resources, settings=tuple(parameters.values()))
    output = await asyncio.to_thread(_explained, arguments, prices, parameters)
    return output.model_copy(update={"assumptions": (*prices.assumptions, *output.assumptions)})


def _explained(arguments: IndicatorArguments, prices: Prices, parameters: Mapping[str, float]) -> ToolOutput:
    indicator, bars = arguments.indicator.indicator, prices.bars
    with refusing():
        reading = compute(indicator.name, bars, **parameters)
    verdict = explain(reading, bars.close[-1])
    notes = [how(reading, len(bars))]
    if prices.timeframe is not None:
        notes.append(f"The prices are {prices.source}.")
    if arguments.period is not None and indicator.main_parameter is None and parameters == {}:
        notes.append(f"{indicator.name} has no single period, so {arguments.period} was left out.")
    primary = reading.values[indicator.outputs[0]]
    recent = [float(value) for value in primary[-_SHOWN:] if math.isfinite(value)]
    if len(recent) > 1:
        notes.append(f"The last values: {', '.join(figure(value) for value in recent[-5:])}.")
    data: dict[str, JsonValue] = {
        "indicator": indicator.name,
        "label": reading.label,
        "parameters": dict(reading.parameters),
        "value": reading.value,
        "last": dict(reading.last),
        "state": verdict.state,
        "bars": len(bars),
        "last_bar": bars.label(-1),
        "source": prices.source,
        "warm_up": reading.warm_up,
        "recent": list(recent),
    }
    text = f"{verdict.headline} {verdict.meaning}\n\n{' '.join(notes)}"
    usual = [
        f"{name.replace('_', ' ')} {value:g}"
        for name, value in reading.parameters.items()
        if name not in parameters
    ]
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(priced(_figure_name(reading, name), value) for name, value in reading.last.items()),
        assumptions=(f"The usual settings: {', '.join(usual)}.",) if usual else (),
        chart=_chart(reading, bars) if len(recent) > 1 else None,
        artifacts=_artifacts(reading, bars),
    )


def indicator_tool() -> BaseTool:
    """`compute_indicator` as a tool."""
    return tool(
        "compute_indicator",
        "Computes a technical indicator (RSI, MACD, moving averages, Bollinger bands, ATR, ADX, stochastic, Ichimoku, Supertrend, VWAP and 70 more) "
        "from given prices, CSV or an exchange's bars and says what its value means.",
        IndicatorArguments,
        compute_indicator,
        examples=(
            "compute RSI 14 of 44.3, 44.1, 44.2, 43.6, 44.3, 44.8, 45.1, 45.4, 45.8, 46.1, 45.9, 46.0, 45.6, 46.3, 46.3",
            "calculate the 5 period SMA for 60000, 61000, 62000, 60500, 61500",
            "ema(10) of these closes: 10 11 12 11 13 14 15 14 16 17 18",
            "what is the MACD of my csv",
            "bollinger bands 20, 2 for these prices",
            "give me the OBV for closes 100, 102, 101 and volumes 500, 300, 400",
            "compute the RSI of BTCUSDT",
            "ichimoku of BTC/USDT",
            "chaikin money flow of this csv",
            "ichimoku cloud for ETH/USDT daily",
            "is it overbought: 100 102 101 105 107 106 108 110 109 111 112 115 113 116 118, RSI please",
        ),
    )


def _figure_name(reading: Reading, output: str) -> str:
    alone = len(reading.indicator.outputs) == 1
    return reading.label if alone else f"{reading.label} {output.replace('_', ' ')}"


def _chart(reading: Reading, bars: Bars) -> dict[str, JsonValue]:
    """The indicator over the newest bars; what is measured as a price with the closes."""
    first = max(0, len(bars) - MOST_SHOWN)
    rows: list[dict[str, JsonValue]] = [
        {"bar": at + 1, "value": float(values[at]), "name": name.replace("_", " ")}
        for name, values in reading.values.items()
        for at in range(max(first, reading.warm_up), len(bars))
        if math.isfinite(values[at])
    ]
    if reading.indicator.scale is Scale.PRICE:
        rows += [{"bar": at + 1, "value": bars.close[at], "name": "close"} for at in range(first, len(bars))]
    return series_chart(reading.label, rows, reading.indicator.title)


def _parameters(arguments: IndicatorArguments, indicator: Indicator) -> dict[str, float]:
    """The settings given in any way, by name: the explicit ones, else those after the name, else the period."""
    names = list(dict.fromkeys(each.name for each in indicator.parameters))
    written = tuple(float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", arguments.settings))
    if len(written) > len(names):
        raise ToolRefused(
            f"{indicator.name} has {len(names)} settings ({', '.join(names) or 'none'}) and {len(written)} were given."
        )
    given = written or settings_after_name(arguments.bars, indicator)
    if given:
        return dict(zip(names, given, strict=False))
    if arguments.period is not None and indicator.main_parameter is not None:
        return {"period": arguments.period}
    return {}


def _artifacts(reading: Reading, bars: Bars) -> tuple[Artifact, ...]:
    """The whole series as a CSV file, when it is longer than what the answer shows."""
    if len(bars) <= _SHOWN:
        return ()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = reading.indicator.outputs
    writer.writerow(["bar", "close", *names])
    for index, close in enumerate(bars.close):
        cells = [float(reading.values[name][index]) for name in names]
        writer.writerow([bars.label(index), close, *("" if math.isnan(cell) else cell for cell in cells)])
    name = f"{reading.indicator.name.lower()}.csv"
    return (Artifact(name=name, media_type="text/csv", content=out.getvalue()),)
