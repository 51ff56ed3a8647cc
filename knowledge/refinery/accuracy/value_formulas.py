"""Formulas of on-chain valuation, performance, risk and position size; author or textbook beside each."""

from typing import Final

from knowledge.refinery.accuracy.formula_terms import (
    CAP,
    DEVIATION,
    FREE,
    GAIN,
    LOSS,
    REALISED,
    RETURN,
    THE,
    WINS,
    formula,
)

CHAIN_AND_RISK: Final = (
    formula(
        r"mvrv(?: ratio)?(?: \(mvrv\))?|market value to reali[sz]ed value(?: ratio)?(?: \(mvrv\))?",
        {"m": CAP, "r": REALISED},
        "m/r",
        unless=r"z-?score",
    ),  # Mahmudov and Puell, 2018
    formula(r"nupl|net unreali[sz]ed profit/loss(?: \(nupl\))?", {"m": CAP, "r": REALISED}, "(m-r)/m"),
    formula(
        r"nvt(?: ratio)?",
        {  # Woo, 2017
            "m": CAP,
            "t": r"(?:the )?(?:network )?(?:daily |24[- ]hour |on-chain )*(?:transaction|transfer) (?:volume|value)(?: \([a-z ]{2,20}\))?(?: in usd)?\b",
        },
        "m/t",
        unless="nvt signal",
    ),
    formula(
        r"sopr|spent output profit ratio",
        {  # Shirakashi, 2019
            "s": r"(?:the )?(?:reali[sz]ed value|price sold|selling price|sale price|value at sale|output value)\b",
            "b": r"(?:the )?(?:cost basis|original value|value at creation|price paid|purchase price|acquisition price|input value|bought price)\b",
        },
        "s/b",
    ),
    formula(
        r"(?:the )?(?:s2f|stock[- ]to[- ]flow)(?: ratio)?(?: \(s2f\))?",
        {
            "s": r"(?:the )?(?:current |existing |total |circulating )*(?:stock|supply)\b",
            "f": r"(?:the )?(?:annual |yearly |new )*(?:flow|production|issuance)\b",
        },
        "s/f",
        unless="deflection",
    ),
    formula(
        r"mayer multiple",
        {
            "m": r"(?:the )?200[- ]day (?:simple )?(?:moving average|ma|sma)\b",
            "p": rf"{THE}(?:bitcoin |btc )?price\b",
        },
        "p/m",
    ),
    formula(
        r"puell multiple",
        {
            "m": r"(?:the )?365[- ]day (?:moving average|ma|average)(?: of (?:daily )?(?:issuance|miner revenue)(?: value)?)?\b",
            "d": r"(?:the )?daily (?:coin )?(?:issuance|miner revenue)(?: value)?(?: \(usd\)| in usd)?\b",
        },
        "d/m",
    ),
    formula(
        r"market cap(?:itali[sz]ation)?",
        {
            "s": r"(?:the )?(?:total )?(?:circulating supply|coins in circulation|supply)\b",
            "p": r"(?:the )?(?:current |token |coin )*price(?: per (?:coin|token))?\b",
        },
        "p*s",
        unless="fully diluted|realized|realised",
    ),
    formula(r"sharpe(?: ratio)?", {"d": DEVIATION, "f": FREE, "r": RETURN}, "(r-f)/d"),  # Sharpe, 1994
    formula(
        r"treynor(?: ratio)?",
        {"f": FREE, "r": RETURN, "b": r"(?:portfolio |the )*(?:beta|β)(?![\w])"},
        "(r-f)/b",
    ),
    formula(
        r"sortino(?: ratio)?",
        {"d": r"(?:the )?downside (?:deviation|risk)\b", "f": FREE, "r": RETURN},
        "(r-f)/d",
    ),
    formula(
        r"(?:calmar|sterling)(?: ratio)?",
        {  # Young, 1991
            "m": r"(?:the )?max(?:imum)? drawdown\b",
            "r": RETURN,
            "d": DEVIATION,
        },
        "r/m",
        needs="r+m",
        unless="10 ?%|average (?:annual )?drawdown",
    ),
    formula(
        r"profit factor",
        {
            "p": r"(?:the )?(?:total|gross) (?:profits?|gains?|winnings)\b",
            "l": r"(?:the )?(?:total|gross) loss(?:es)?\b",
        },
        "p/l",
    ),
    formula(
        r"roi|return on investment",
        {
            "b": r"(?:the )?(?:starting|initial|beginning) (?:value|investment)\b|cost(?: of investment)?\b",
            "e": r"(?:the )?(?:ending|final|current) value\b",
        },
        "(e-b)/b*100",
        "(e-b)/b",
    ),
    formula(
        r"(?:max(?:imum)? )?drawdown|mdd",
        {
            "t": r"(?:the )?(?:trough|lowest)(?: value| price)?\b",
            "p": r"(?:the )?(?:previous )?(?:peak|highest)(?: value| price)?\b",
        },
        "(p-t)/p*100",
        "(p-t)/p",
        "(t-p)/p*100",
        "(t-p)/p",
    ),
    formula(
        r"(?:full |optimal )?kelly(?: %| fraction| criterion| percentage)?|f\*",
        {  # Kelly, 1956
            "w": WINS,
            "r": r"(?:the )?(?:win/loss ratio|payoff(?: ratio)?|reward[- /]to[- /]risk(?: ratio)?|odds)\b|r\b|b\b",
        },
        "w-(1-w)/r",
        "(w*r-(1-w))/r",
        unless="half[- ]kelly",
    ),
    formula(
        r"expected value|expectancy|ev",
        {
            "a": GAIN,
            "b": LOSS,
            "q": r"(?:the )?(?:loss(?:ing)? (?:rate|probability|percentage)|probability of (?:a )?loss)\b",
            "w": WINS,
        },
        "w*a-(1-w)*b",
        "w*a-q*b",
        needs="w+a+b",
    ),
    formula(
        r"position size|(?:position |the )?quantity|number of (?:units|coins|shares)",
        {
            "k": r"(?:the )?(?:risk amount|amount (?:at risk|risked)|dollar risk|risk per trade)\b",
            "a": r"(?:the |an )?account(?: size| balance| equity)?\b|(?:risk )?capital\b",
            "f": r"(?:the )?(?:risk (?:percent(?:age)?|fraction|%))\b",
            "e": r"(?:the |an )?entry(?: price)?\b",
            "s": r"(?:the |a )?stop(?:[- ]loss)?(?: price)?\b(?! distance)",
        },
        "k/abs(e-s)",
        "k/(e-s)",
        "a*f/(e-s)",
        "a*f/abs(e-s)",
        needs="k+e+s a+f+e+s",
    ),
    formula(
        r"impermanent loss|il",
        {  # Pintail, 2018
            "r": r"(?:the )?price ratio(?: r)?\b|r\b|k\b",
        },
        "2*sqrt(r)/(1+r)-1",
        "1-2*sqrt(r)/(1+r)",
        about="impermanent loss",
    ),
    formula(
        r"apy|effective (?:annual )?(?:rate|yield)",
        {
            "n": r"(?:the )?(?:number of )?compounding periods(?: per year| a year)?\b|n\b",
            "r": r"(?:the )?(?:apr|nominal rate|interest rate|periodic rate)\b|r\b",
        },
        "(1+r/n)**n-1",
    ),
    formula(
        r"(?:the )?(?:annuali[sz]ed|yearly) funding(?: rate)?|funding apr",
        {
            "f": r"(?:the )?(?:8[- ]hour |eight-hour )?funding rate\b",
        },
        "f*3*365",
        "f*1095",
    ),
)
