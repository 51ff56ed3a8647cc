"""The tool that computes an indicator and says what its value means."""

import csv
import io
import math
import re
from collections.abc import Mapping

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.refusals import refusing
from agents.technical.names import ALIASES, IndicatorName, settings_after_name
from agents.technical.readings import explain, how
from agents.tools import Artifact, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import Bars, Indicator, Reading, bars_from_closes, compute, figure, find_bars

_SHOWN = 30
_NO_PRICES = (
    "There are no prices to compute with. Give the closing prices, oldest first, as numbers (44.3, 44.1, 43.6 ...), "
    "or paste CSV with the columns date, open, high, low, close, volume. There is no connection to an exchange."
)


class IndicatorArguments(BaseModel):
    """What to compute, and on which prices."""

    indicator: IndicatorName = argument("The indicator", aliases=ALIASES)
    closes: list[float] = argument(
        "Closing prices, oldest first",
        unit=Unit.NUMBER,
        cues=("closes", "closing", "prices", "of", "for", "data"),
        default=[],
    )
    bars: str = argument(
        "Bars as CSV with the columns date, open, high, low, close, volume; taken instead of `closes`, and needed for "
        "indicators of highs, lows or volumes",
        unit=Unit.REQUEST,
        default="",
    )
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


def compute_indicator(arguments: IndicatorArguments) -> ToolOutput:
    """The newest value of an indicator, what it is read as, and the series as CSV when it is long."""
    indicator = arguments.indicator.indicator
    parameters = _parameters(arguments, indicator)
    with refusing():
        bars = _bars(arguments, parameters)
        reading = compute(indicator.name, bars, **parameters)
    verdict = explain(reading, bars.close[-1])
    notes = [how(reading, len(bars))]
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
        "recent": list(recent),
    }
    text = f"{verdict.headline} {verdict.meaning}\n\n{' '.join(notes)}"
    return ToolOutput(text=text, data=data, artifacts=_artifacts(reading, bars))


def indicator_tool() -> BaseTool:
    """`compute_indicator` as a tool."""
    return tool(
        "compute_indicator",
        "Computes a technical indicator (RSI, MACD, moving averages, Bollinger bands, ATR, ADX, stochastic, Ichimoku, Supertrend, VWAP and 70 more) "
        "from given prices or CSV and says what its value means.",
        IndicatorArguments,
        compute_indicator,
        examples=(
            "compute RSI 14 of 44.3, 44.1, 44.2, 43.6, 44.3, 44.8, 45.1, 45.4, 45.8, 46.1, 45.9, 46.0, 45.6, 46.3, 46.3",
            "calculate the 5 period SMA for 60000, 61000, 62000, 60500, 61500",
            "ema(10) of these closes: 10 11 12 11 13 14 15 14 16 17 18",
            "what is the MACD of my csv",
            "bollinger bands 20, 2 for these prices",
            "give me the OBV for closes 100, 102, 101 and volumes 500, 300, 400",
            "is it overbought: 100 102 101 105 107 106 108 110 109 111 112 115 113 116 118, RSI please",
        ),
    )


def _bars(arguments: IndicatorArguments, parameters: Mapping[str, float]) -> Bars:
    table = find_bars(arguments.bars) if arguments.bars else None
    if table is not None:
        return table
    if not arguments.closes or arguments.closes == list(parameters.values()):
        raise ToolRefused(_NO_PRICES)
    return bars_from_closes(arguments.closes)


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
