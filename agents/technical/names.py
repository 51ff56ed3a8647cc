"""The indicators a request can name, in the words people use for them."""

import re
from enum import StrEnum

from trading import Indicator, UnknownIndicator, find_indicator


class IndicatorName(StrEnum):
    """TA-Lib's names, and the common names in plain words; each is found by `trading.find_indicator`."""

    RSI = "RSI"
    SMA = "SMA"
    EMA = "EMA"
    WMA = "WMA"
    DEMA = "DEMA"
    TEMA = "TEMA"
    KAMA = "KAMA"
    MACD = "MACD"
    BBANDS = "BBANDS"
    ATR = "ATR"
    NATR = "NATR"
    TRANGE = "TRANGE"
    ADX = "ADX"
    PLUS_DI = "PLUS_DI"
    MINUS_DI = "MINUS_DI"
    CCI = "CCI"
    MFI = "MFI"
    WILLR = "WILLR"
    STOCH = "STOCH"
    STOCHRSI = "STOCHRSI"
    OBV = "OBV"
    AD = "AD"
    ADOSC = "ADOSC"
    ROC = "ROC"
    MOM = "MOM"
    AROON = "AROON"
    AROONOSC = "AROONOSC"
    SAR = "SAR"
    TRIX = "TRIX"
    ULTOSC = "ULTOSC"
    CMO = "CMO"
    PPO = "PPO"
    APO = "APO"
    STDDEV = "STDDEV"
    LINEARREG = "LINEARREG"
    RELATIVE_STRENGTH_INDEX = "relative strength index"
    SIMPLE_MOVING_AVERAGE = "simple moving average"
    EXPONENTIAL_MOVING_AVERAGE = "exponential moving average"
    WEIGHTED_MOVING_AVERAGE = "weighted moving average"
    MOVING_AVERAGE = "moving average"
    BOLLINGER_BANDS = "Bollinger bands"
    BOLLINGER = "Bollinger"
    AVERAGE_TRUE_RANGE = "average true range"
    TRUE_RANGE = "true range"
    AVERAGE_DIRECTIONAL_INDEX = "average directional index"
    COMMODITY_CHANNEL_INDEX = "commodity channel index"
    MONEY_FLOW_INDEX = "money flow index"
    WILLIAMS = "Williams %R"
    STOCHASTIC_RSI = "stochastic RSI"
    STOCHASTIC_OSCILLATOR = "stochastic oscillator"
    STOCHASTIC = "stochastic"
    ON_BALANCE_VOLUME = "on-balance volume"
    ACCUMULATION_DISTRIBUTION = "accumulation/distribution"
    CHAIKIN_OSCILLATOR = "Chaikin oscillator"
    RATE_OF_CHANGE = "rate of change"
    MOMENTUM = "momentum"
    AROON_OSCILLATOR = "Aroon oscillator"
    PARABOLIC_SAR = "parabolic SAR"
    ULTIMATE_OSCILLATOR = "ultimate oscillator"
    STANDARD_DEVIATION = "standard deviation"
    LINEAR_REGRESSION = "linear regression"

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
