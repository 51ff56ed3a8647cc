"""Words by which the measures of quality recognise what a text does."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

STOPWORDS = frozenset(
    "a about an and any are as at be by can could do does for from has have how i in into is it its me my of on or should so such than that the "
    "their them then there these this those to use used using was what when where which who why will with would you your".split()
)

_GENERIC = (
    "overview role use used uses using usage application apply impact effect influence analysis analyze analyse strategy technique approach method "
    "understanding relationship related relation introduction guide best practice key importance significance based comprehensive detailed explain "
    "describe various different potential crypto cryptocurrency market trading trade trader context implication consideration aspect within case "
    "between among across towards through via over platform tool initiative framework solution process way work works mean means define "
    "definition"
)

FIELD = frozenset(
    "bitcoin btc ethereum eth ether crypto cryptocurrency cryptocurrencies altcoin altcoins blockchain on-chain onchain defi token tokens stablecoin "
    "stablecoins usdt usdc binance coinbase exchange exchanges wallet wallets mining miner miners staking staked validator validators halving hash hashrate "
    "perpetual perpetuals funding liquidation liquidations leverage nft nfts dex cex gas satoshi satoshis utxo utxos airdrop ledger coin coins hodl solana "
    "tvl amm mempool smart-contract rollup rollups layer-2 web3 dao".split()
)

ASPECTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(pattern, re.IGNORECASE)
        for name, pattern in {
            "definition": r"\b(?:is|are) (?:a|an|the|one|defined|known|called|measured)\b|\brefers? to\b|\bmeans\b|\bmeasures?\b|\bdescribes?\b",
            "calculation": r"\bformula|\bcalculat|\bcomput|\bdivid|\bmultipl|\bsubtract|\bsum of|[=÷×]",
            "reading": r"\bsignals?\b|\bindicat(?:es|ing)\b|\binterpret|\bsuggests?\b|\babove\b|\bbelow\b|\bbullish\b|\bbearish\b|\boverbought|\boversold",
            "settings": r"\bperiods?\b|\bparameters?\b|\bsettings?\b|\bthresholds?\b|\bdefault|\btimeframes?\b|\blevels?\b",
            "use": r"\bstrateg|\bentry|\bentries|\bexit|\bstop[- ]loss|\bposition|\buse (?:it|the|this|a)\b|\bapply|\bsteps?\b|\bbest practice",
            "limits": r"\blimit(?:s|ed|ation)|\brisks?\b|\bhowever\b|\bdrawback|\bfalse\b|\bpitfall|\bfails?\b|\bmislead|\bchalleng|\bcaution",
            "comparison": r"\bcompared? (?:to|with)\b|\bunlike\b|\bwhereas\b|\bversus\b|\bvs\b|\bdiffer|\brather than\b",
        }.items()
    }
)

EXAMPLES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(pattern, re.IGNORECASE | re.MULTILINE)
        for name, pattern in {
            "an example": r"\bfor (?:example|instance)\b|\be\.g\.|\bsuppose\b|\bconsider\b|\bexample:|\bcase study|\bscenario",
            "figures": r"[$€£]\s?\d|\d(?:\.\d+)?\s?%|\b\d[\d,.]*\s?(?:btc|eth|usd|usdt|billion|million|days?|weeks?|periods?|bars?|candles?|x)\b",
            "a worked sum": r"\d\s*[-+*/x×÷]\s*\d[\d,.]*\s*(?:=|≈)\s*[$€]?\d",
            "steps": r"^\s*(?:step\s)?\d{1,2}[.):]\s+\S",
            "code": r"```|\bdef \w+\(|\bimport \w+",
        }.items()
    }
)

_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly", "s")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending, so that "trading" and "trades" agree; at least four letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:  # noqa: PLR2004  # as the docstring says
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 4 and word[-1] in "ey" else word  # noqa: PLR2004


GENERIC = frozenset(stem(word) for word in _GENERIC.split())
"""Stems of words that nearly every question of a crypto corpus may have without asking for anything else by them."""
