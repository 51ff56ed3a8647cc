"""The tools that come to a view: the verdict over several timeframes, and a trade signal with reasons for and against."""

from langchain_core.tools import BaseTool
from pydantic import JsonValue

from agents.figures import table
from agents.measures import priced
from agents.technical.charts import flat, price_chart
from agents.technical.prices import PriceArguments, Prices, computed
from agents.tools import Figure, Resources, ToolOutput, tool
from models import Unit, argument
from trading import (
    Evidence,
    Side,
    Signal,
    TimeframeVerdict,
    Trend,
    Verdict,
    figure,
    find_signal,
    judge,
    size_by_stop,
)

_BARS = 700
_FACTORS: dict[str | None, tuple[int, ...]] = {
    "1m": (1, 5, 15), "5m": (1, 3, 12), "15m": (1, 4, 16), "30m": (1, 8, 48), "1h": (1, 4, 24), "4h": (1, 6, 18),
    "1d": (1, 7, 14), None: (1, 4, 16),
}  # fmt: skip
_WORDS = {Trend.UP: "up", Trend.DOWN: "down", Trend.MIXED: "mixed"}


async def multi_timeframe(arguments: PriceArguments, resources: Resources) -> ToolOutput:
    """What several timeframes say, with the evidence of each."""
    return await computed(_timeframes, arguments, resources, count=_BARS)


class SignalArguments(PriceArguments):
    """The prices, and the account to size the trade for."""

    account: float | None = argument(
        "Size of the account, for the quantity",
        unit=Unit.MONEY,
        cues=("account", "capital", "balance"),
        default=None,
        gt=0,
    )
    risk_percent: float = argument(
        "Share of the account to lose at the stop, in percent",
        unit=Unit.PERCENT,
        cues=("risk", "risking"),
        default=2.0,
        gt=0,
        le=100,
    )


async def trade_signal(arguments: SignalArguments, resources: Resources) -> ToolOutput:
    """A set-up on the newest bar, or why there is none."""
    return await computed(lambda prices: _signal(prices, arguments), arguments, resources)


def verdict_tools() -> tuple[BaseTool, ...]:
    """`multi_timeframe` and `trade_signal` as tools."""
    return (
        tool(
            "multi_timeframe",
            "Says whether a market is up, down or mixed on several timeframes, with the evidence of each.",
            PriceArguments,
            multi_timeframe,
            examples=(
                "give me a multi timeframe summary of ETH",
                "is btc bullish or bearish on the 4h chart",
                "is eth bullish on the 4h",
                "chart analysis of SOL please",
                "what is the trend in this csv over several timeframes",
            ),
        ),
        tool(
            "trade_signal",
            "Looks for a trade set-up on the newest bar: side, entry, stop, targets, reasons for and against; or says that "
            "there is no signal.",
            SignalArguments,
            trade_signal,
            examples=(
                "give me a buy or sell signal for BTC/USDT",
                "is there a long or short signal in my csv",
                "any trade setup on ETHUSDT 4h for an account of 5000",
                "find a trade setup in these candles",
            ),
        ),
    )


def _timeframes(prices: Prices) -> ToolOutput:
    verdict = judge(prices.bars, _FACTORS.get(prices.timeframe, _FACTORS[None]))
    agreement = (
        "all timeframes agree"
        if verdict.agree and len(verdict.timeframes) > 1
        else "only one timeframe has bars enough"
        if len(verdict.timeframes) == 1
        else "the timeframes disagree"
    )
    listed = ", ".join(f"{_named(each, prices)} {_WORDS[each.trend]}" for each in verdict.timeframes)
    headline = f"The verdict is {_WORDS[verdict.trend]} (score {verdict.score:.2f} on a scale from -1 to 1): {listed}; {agreement}."
    blocks = [_timeframe(each, prices) for each in verdict.timeframes]
    short = [
        f"{factor} bars to one: {count} bars, too few for a verdict." for factor, count in verdict.left_out
    ]
    notes = (
        f"From {prices.source}. Longer bars are made of shorter ones, counted from the newest backwards. Each observation votes up, "
        "down or neither; a timeframe's score is the mean vote, beyond 0.4 it is a trend; the longer the timeframe, the more it "
        "weighs in the whole. The observations are of one price and lean on each other: eight votes are not eight proofs."
    )
    return ToolOutput(
        text="\n\n".join([headline, *blocks, *([" ".join(short)] if short else []), notes]),
        data={
            "trend": verdict.trend.value,
            "score": verdict.score,
            "agree": verdict.agree,
            "timeframes": [_timeframe_data(each, prices) for each in verdict.timeframes],
        },
        figures=(
            Figure(name="score over all timeframes", value=verdict.score),
            *(
                Figure(name=f"score of {_named(each, prices)}", value=each.score)
                for each in verdict.timeframes
            ),
        ),
        would_change=_turning(verdict),
        chart=price_chart(prices.bars, "The market on the shortest timeframe"),
    )


def _named(verdict: TimeframeVerdict, prices: Prices) -> str:
    if prices.timeframe is None:
        return "the given bars" if verdict.factor == 1 else f"bars of {verdict.factor}"
    return prices.timeframe if verdict.factor == 1 else f"{verdict.factor} x {prices.timeframe}"


def _timeframe(verdict: TimeframeVerdict, prices: Prices) -> str:
    rows = [
        (
            each.name,
            figure(each.value),
            "" if each.against is None else figure(each.against),
            each.said,
            {1: "up", -1: "down", 0: "neither"}[each.vote],
        )
        for each in verdict.evidence
    ]
    name = _named(verdict, prices)
    title = f"**{name[0].upper()}{name[1:]}: {_WORDS[verdict.trend]}** ({verdict.bars} bars, score {verdict.score:.2f})"
    return f"{title}\n\n{table(('observation', 'value', 'against', 'is', 'votes'), rows)}"


def _timeframe_data(verdict: TimeframeVerdict, prices: Prices) -> JsonValue:
    return {
        "timeframe": _named(verdict, prices),
        "factor": verdict.factor,
        "bars": verdict.bars,
        "trend": verdict.trend.value,
        "score": verdict.score,
        "evidence": [_evidence_data(each) for each in verdict.evidence],
    }


def _evidence_data(evidence: Evidence) -> JsonValue:
    return {
        "name": evidence.name,
        "value": evidence.value,
        "against": evidence.against,
        "said": evidence.said,
        "vote": evidence.vote,
    }


def _turning(verdict: Verdict) -> tuple[str, ...]:
    """The averages on the other side of the price, whose crossing would change votes."""
    found = []
    for each in verdict.timeframes[-1:]:
        first = each.evidence[0]
        if first.against is not None and first.vote:
            way = "below" if first.vote > 0 else "above"
            found.append(
                f"A close {way} {figure(first.against)}, the EMA(20) of the longest timeframe, turns its first vote."
            )
    return tuple(found)


def _signal(prices: Prices, arguments: SignalArguments) -> ToolOutput:
    signal = find_signal(prices.bars)
    data: dict[str, JsonValue] = {
        "signal": None if signal.side is None else signal.side.value,
        "setup": None if signal.setup is None else signal.setup.value,
        "entry": signal.entry,
        "stop": signal.stop,
        "targets": list(signal.targets),
        "atr": signal.atr,
        "confidence": signal.confidence,
        "reasons": list(signal.reasons),
        "against": list(signal.against),
        "score": signal.verdict.score,
    }
    if signal.side is None or signal.stop is None:
        return _no_signal(prices, signal, data)
    targets = " and ".join(figure(target) for target in signal.targets)
    headline = (
        f"There is a {signal.side.value} set-up ({_SETUPS[signal.setup.value if signal.setup else '']}): entry near "
        f"{figure(signal.entry)}, stop {figure(signal.stop)}, targets {targets}; {signal.confidence} % of the evidence is for it."
    )
    figures = [
        priced("entry", signal.entry),
        priced("stop", signal.stop),
        *(priced(f"target 1:{place}", target) for place, target in enumerate(signal.targets, start=2)),
        Figure(name="share of the evidence for it", value=signal.confidence, unit="%", decimals=0),
    ]
    sized = ""
    if arguments.account is not None:
        plan = size_by_stop(arguments.account, arguments.risk_percent / 100, signal.entry, signal.stop)
        sized = (
            f"With {arguments.risk_percent:g} % of {figure(arguments.account)} at risk the quantity is {figure(plan.quantity, 4)} "
            f"({figure(plan.notional)}), and the stop costs {figure(plan.risk_amount)}."
        )
        figures += [priced("quantity", plan.quantity), priced("loss at the stop", plan.risk_amount)]
        data["quantity"] = plan.quantity
    notes = (
        f"From {prices.source}. The stop stands 2 average true ranges ({figure(signal.atr)} each) from the last close, the targets "
        "at 1:2 and 1:3. The share of evidence is no probability of gain: random walks show such a set-up on three bars in ten. The rules see prices only, no news and no costs. Test "
        "them on this market with a backtest before relying on them."
    )
    against = _listed("Against it", signal.against) or "Nothing of what is looked at speaks against it."
    parts = [headline, sized, _listed("For it", signal.reasons), against, notes]
    beyond = "below" if signal.side is Side.LONG else "above"
    return ToolOutput(
        text="\n\n".join(part for part in parts if part),
        data=data,
        figures=tuple(figures),
        assumptions=("The entry is the last close; a real fill comes later and elsewhere.",),
        would_change=(f"A close {beyond} {figure(signal.stop)} proves the set-up wrong.",),
        chart=price_chart(
            prices.bars,
            "Signal",
            lines=[
                flat(price, len(prices.bars), label)
                for label, price in (
                    ("entry", signal.entry),
                    ("stop", signal.stop),
                    *(("target", target) for target in signal.targets),
                )
            ],
        ),
    )


_SETUPS = {
    "breakout": "a breakout from the range of 20 bars",
    "pullback": "a pullback to the EMA(20) within a trend",
    "reversion": "an extreme without a trend",
    "": "",
}


def _no_signal(prices: Prices, signal: Signal, data: dict[str, JsonValue]) -> ToolOutput:
    text = "\n\n".join(
        [
            f"There is no signal on the last bar. {signal.against[0]}",
            _listed("Observed", signal.against[1:]),
            (
                f"From {prices.source}, with the last close at {figure(signal.entry)}. Three set-ups are looked for: a breakout from "
                "the range of 20 bars with the trend, a pullback to the EMA(20) within a trend, and an extreme outside of the "
                "Bollinger bands without a trend by ADX(14). Most bars have none of them, and staying out is a position too."
            ),
        ]
    )
    bars = prices.bars
    highs, lows = (bars.high or bars.close)[-20:], (bars.low or bars.close)[-20:]
    return ToolOutput(
        text="\n\n".join(part for part in text.split("\n\n") if part),
        data={**data, "signal": None},
        figures=(priced("last close", signal.entry),),
        would_change=(
            f"A close above {figure(max(highs))} or below {figure(min(lows))}, the range of the last 20 bars, would be a breakout.",
        ),
    )


def _listed(title: str, lines: tuple[str, ...]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {line}" for line in lines)]) if lines else ""
