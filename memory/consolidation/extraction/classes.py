"""Things of one class, of which somebody chooses one, and the frame of a statement that another choice leaves alone."""

import re
from typing import Final

from memory.consolidation.extraction.values import NUMBER_WORD, topic

_CLASSES: Final = {
    "theme": "dark mode,light mode,dark theme,light theme",
    "units": "metric,imperial,metric units,imperial units,celsius,fahrenheit",
    "time format": "24-hour,12-hour,24-hour time,12-hour time,24h,12h",
    "programming language": "python,rust,java,javascript,typescript,go,c++,c#,kotlin,swift,ruby,scala,haskell,julia,r,php",
    "editor": "vim,neovim,emacs,vs code,vscode,pycharm,sublime text,zed",
    "database": "postgres,postgresql,mysql,sqlite,mongodb,mariadb,duckdb,clickhouse,redis,dynamodb,cassandra",
    "operating system": "linux,windows,macos,ubuntu,debian,fedora,arch,arch linux",
    "indentation": "tabs,spaces",
    "hot drink": "tea,coffee",
    "framework": "react,vue,angular,svelte,django,flask,fastapi,rails,spring,next.js",
    "cloud": "aws,azure,gcp,google cloud,hetzner",
    "seat": "aisle seat,window seat,aisle seats,window seats",
    "risk": "low risk,high risk",
    "channel": "slack,email,e-mail,whatsapp,signal,telegram,teams,discord,text,texts,sms,phone,phone calls,letters",
    "form": "bullet points,bullets,paragraphs,plain paragraphs,prose,tables,lists,numbered lists",
    "broker": "kraken,coinbase,binance,bitstamp,gemini,degiro,ibkr,etoro,robinhood,trade republic",
    "currency": "dollars,euros,pounds,francs,yen,usd,eur,gbp,chf,jpy",
    "spelling": "british,american,uk,us",
    "interval": (
        "1m,5m,15m,30m,1h,4h,minute,hourly,daily,weekly,monthly,15 minute,four hour,1-minute,5-minute,15-minute,4-hour,"
        "dailies,weeklies"
    ),
    "weekday": ",".join(f"{day}day,{day}days" for day in "mon tues wednes thurs fri satur sun".split()),
}
_CLASS_OF: Final = {name: kind for kind, names in _CLASSES.items() for name in names.split(",")}
_IN_FRAMES: Final = ("currency", "spelling", "interval", "weekday", "units", "indentation", "form")
_MEMBER: Final = re.compile(
    r"\b(?:"
    + "|".join(
        sorted(
            (re.escape(name) for kind in _IN_FRAMES for name in _CLASSES[kind].split(",")),
            key=len,
            reverse=True,
        )
    )
    + r")\b",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(rf"[$€£]?\b(?:\d[\d.,]*[km]?|{NUMBER_WORD})\b\s?%?", re.IGNORECASE)


def class_of(what: str) -> str | None:
    """The class of things that a well-known thing is a choice from, such as `database` for Postgres."""
    return _CLASS_OF.get(topic(what))


def frame(text: str) -> str:
    """A statement without its numbers and choices: "prices in euros" and "prices in dollars" have one frame."""
    chosen = _MEMBER.sub(lambda match: f"<{_CLASS_OF[match.group().casefold()]}>", text)
    return topic(_NUMBER.sub("#", chosen))
