"""The indicators a request can name, in the words people use for them."""

import re
from enum import StrEnum

from trading import INDICATORS, Indicator, UnknownIndicator, find_indicator


class IndicatorName(StrEnum):
    """The table's names; what else people call them is in ALIASES."""

    SMA = "SMA"
    EMA = "EMA"
    WMA = "WMA"
    DEMA = "DEMA"
    TEMA = "TEMA"
    KAMA = "KAMA"
    BBANDS = "BBANDS"
    SAR = "SAR"
    LINEARREG = "LINEARREG"
    HMA = "HMA"
    VWMA = "VWMA"
    ZLEMA = "ZLEMA"
    T3 = "T3"
    TRIMA = "TRIMA"
    RMA = "RMA"
    VWAP = "VWAP"
    MIDPOINT = "MIDPOINT"
    MIDPRICE = "MIDPRICE"
    TSF = "TSF"
    SUPERTREND = "SUPERTREND"
    ICHIMOKU = "ICHIMOKU"
    HEIKIN_ASHI = "HEIKIN_ASHI"
    KELTNER = "KELTNER"
    DONCHIAN = "DONCHIAN"
    ACCBANDS = "ACCBANDS"
    RSI = "RSI"
    STOCHRSI = "STOCHRSI"
    STOCH = "STOCH"
    WILLR = "WILLR"
    MFI = "MFI"
    ULTOSC = "ULTOSC"
    CMO = "CMO"
    CCI = "CCI"
    AROON = "AROON"
    AROONOSC = "AROONOSC"
    ADX = "ADX"
    PLUS_DI = "PLUS_DI"
    MINUS_DI = "MINUS_DI"
    STOCHF = "STOCHF"
    KDJ = "KDJ"
    SMI = "SMI"
    DX = "DX"
    ADXR = "ADXR"
    VORTEX = "VORTEX"
    EFFICIENCY_RATIO = "EFFICIENCY_RATIO"
    VHF = "VHF"
    IMI = "IMI"
    RVI = "RVI"
    BOP = "BOP"
    PERCENT_RANK = "PERCENT_RANK"
    MACD = "MACD"
    PPO = "PPO"
    APO = "APO"
    ROC = "ROC"
    MOM = "MOM"
    TRIX = "TRIX"
    AO = "AO"
    ACCELERATOR = "ACCELERATOR"
    COPPOCK = "COPPOCK"
    DPO = "DPO"
    TSI = "TSI"
    KST = "KST"
    QSTICK = "QSTICK"
    FOSC = "FOSC"
    LINEARREG_SLOPE = "LINEARREG_SLOPE"
    ELDER_RAY = "ELDER_RAY"
    ATR = "ATR"
    NATR = "NATR"
    TRANGE = "TRANGE"
    STDDEV = "STDDEV"
    OBV = "OBV"
    AD = "AD"
    ADOSC = "ADOSC"
    VARIANCE = "VARIANCE"
    AVGDEV = "AVGDEV"
    ADR = "ADR"
    CHAIKIN_VOLATILITY = "CHAIKIN_VOLATILITY"
    MASS_INDEX = "MASS_INDEX"
    CMF = "CMF"
    FORCE_INDEX = "FORCE_INDEX"
    NVI = "NVI"
    PVI = "PVI"
    PVT = "PVT"
    PVO = "PVO"
    RELATIVE_VOLUME = "RELATIVE_VOLUME"
    MARKET_FACILITATION = "MARKET_FACILITATION"
    WAD = "WAD"

    @classmethod
    def _missing_(cls, value: object) -> "IndicatorName | None":
        """Any other spelling or alias of the table: `rsi`, `Bollinger Band`, `psar`."""
        if not isinstance(value, str):
            return None
        try:
            return cls(find_indicator(value).name)
        except UnknownIndicator:
            return None

    @property
    def indicator(self) -> Indicator:
        """The table's row."""
        return find_indicator(self.value)


ALIASES: dict[str, tuple[str, ...]] = {
    indicator.name: tuple(
        name
        for name in (indicator.title, *indicator.aliases)
        if sum(map(str.isalnum, name)) > 1
        and not name.endswith("di")  # "%r", "+di": too short to tell in a text
    )
    for indicator in INDICATORS
}
"""The words people use for each indicator, by its name."""


def settings_after_name(text: str, indicator: Indicator) -> tuple[float, ...]:
    """The numbers right after an indicator's name in a text: `MACD(12, 26, 9)`, `Bollinger bands 20, 2`, `RSI-14`.

    Empty when there are none, or more than the indicator has settings: those are prices.
    """
    most = len({each.name for each in indicator.parameters})
    for name in sorted((indicator.name, indicator.title, *indicator.aliases), key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(name)}[\s(\-:]*((?:\d+(?:\.\d+)?(?:\s*[,/]\s*|\s+)?)+)"
        match = re.search(pattern, text, re.IGNORECASE)
        if match is None:
            continue
        numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", match.group(1))]
        return tuple(numbers) if len(numbers) <= most else ()
    return ()
