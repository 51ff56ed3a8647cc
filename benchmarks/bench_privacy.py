"""How much personal data is found in labelled texts, and how much is altered where there is none; prints JSON.

Recall: a labelled span counts as found when a finding covers it. Precision by type: of the findings, those
that overlap a span labelled so. False alarms: generated lines of logs, market data, hashes, code and configuration
without anything personal in them, and how many of them redaction alters. Speed: megabytes a second of both.
"""

import argparse
import base64
import hashlib
import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # a JSON document

from memory.privacy import DataKind, Finding, Redactor, find

LABELLED = Path(__file__).parents[2] / "shared" / "data" / "privacy" / "pii_labelled.jsonl"
KINDS_OF_LABELS = {
    "EMAIL_ADDRESS": DataKind.EMAIL,
    "PHONE_NUMBER": DataKind.PHONE,
    "CREDIT_CARD": DataKind.CARD,
    "IBAN_CODE": DataKind.IBAN,
    "IP_ADDRESS": DataKind.IP,
    "DOMAIN_NAME": DataKind.URL,
    "US_SSN": DataKind.SSN,
}
"""What the labels of the data are called here. Its domain names are URLs."""
BARS = dict.fromkeys(KINDS_OF_LABELS.values(), 0.97) | {DataKind.PHONE: 0.92}
LARGEST_SHARE_ALTERED = 0.01


def recall_by_kind(path: Path) -> dict[DataKind, dict[str, Any]]:
    """For each kind: labelled spans, those found, recall, findings, precision, and what was missed."""
    counts: dict[DataKind, dict[str, Any]] = {
        kind: {"labelled": 0, "found": 0, "findings": 0, "right": 0, "missed": [], "false": []}
        for kind in BARS
    }
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        _count(counts, document["text"], document["spans"])
    for count in counts.values():
        count["recall"] = round(count["found"] / max(1, count["labelled"]), 4)
        count["precision"] = round(count["right"] / max(1, count["findings"]), 4)
    return counts


def _count(counts: dict[DataKind, dict[str, Any]], text: str, labels: list[dict[str, Any]]) -> None:
    findings = find(text)
    spans: dict[DataKind, list[tuple[int, int]]] = defaultdict(list)
    for label in labels:
        if label["type"] in KINDS_OF_LABELS:
            spans[KINDS_OF_LABELS[label["type"]]].append((label["start"], label["end"]))
    for kind, start, end in ((kind, *span) for kind, labelled in spans.items() for span in labelled):
        covered = any(finding.start <= start and finding.end >= end for finding in findings)
        counts[kind]["labelled"] += 1
        counts[kind]["found"] += covered
        if not covered:
            counts[kind]["missed"].append(text[start:end])
    for finding in (finding for finding in findings if finding.kind in counts):
        right = any(finding.start < end and start < finding.end for start, end in spans[finding.kind])
        counts[finding.kind]["findings"] += 1
        counts[finding.kind]["right"] += right
        if not right:
            counts[finding.kind]["false"].append(_cut(text, finding))


def plain_lines(count: int = 2000, seed: int = 7) -> Iterator[tuple[str, str]]:
    """Lines with nothing personal in them, each with the sort of thing it is; the same ones for a seed."""
    chance = random.Random(seed)
    makers = list(_MAKERS.items())
    for number in range(count):
        sort, make = makers[number % len(makers)]
        yield sort, make(chance)


def altered(lines: list[tuple[str, str]]) -> dict[str, Any]:
    """How many of the lines redaction changes, by sort, with what was found in them."""
    redactor = Redactor()
    changed: dict[str, int] = defaultdict(int)
    found: list[tuple[str, str]] = []
    for sort, line in lines:
        redacted = redactor.redact(line)
        if redacted.text != line:
            changed[sort] += 1
            found += [(finding.kind, _cut(line, finding)) for finding in redacted.findings]
    total = sum(changed.values())
    return {
        "lines": len(lines),
        "altered": total,
        "share": total / len(lines),
        "by_sort": dict(changed),
        "found": found[:50],
    }


def _cut(line: str, finding: Finding) -> str:
    return line[finding.start : finding.end]


def _at(chance: random.Random) -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(
        microseconds=chance.randrange(6 * 365 * 86400 * 10**6)
    )


def _hex(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _application_log(chance: random.Random) -> str:
    at = _at(chance)
    event = chance.choice(
        (
            f"run finished run_id=run_{_hex(chance, 20)} latency_ms={chance.uniform(1, 9000):.3f} tokens={chance.randrange(9000)}",
            f"GET /v1/threads/thr_{_hex(chance, 24)}/messages?limit=50 200 {chance.randrange(99999)} {chance.random():.4f}",
            f"worker {chance.randrange(64)} pid={chance.randrange(4_000_000)} picked job {_uuid(chance)}",
            f"connected to postgresql://localhost:5432/freya in {chance.randrange(900)} ms",
            f"listening on http://127.0.0.1:{chance.randrange(1024, 65535)} (press CTRL+C to quit)",
            f"cache miss key=embedding:{_hex(chance, 32)} size={chance.randrange(10**9)}",
            f"token_limit=8000 prompt_tokens={chance.randrange(8000)} next_token={chance.randrange(50257)}",
            f"retry {chance.randrange(9)}/10 after {chance.randrange(60_000)} ms: password authentication failed",
            f"snowflake id {chance.randrange(10**17, 2 * 10**18)} shard {chance.randrange(1024)}",
            f"offset {chance.randrange(10**12)}-{chance.randrange(10**12)} lag {chance.randrange(10**7)}",
        )
    )
    return f"{at.isoformat()} {chance.choice(('INFO', 'WARN', 'ERROR', 'DEBUG'))} {event}"


def _system_log(chance: random.Random) -> str:
    at = _at(chance)
    return chance.choice(
        (
            f"{at:%b %d %H:%M:%S} host kernel: [{chance.uniform(0, 99999):12.6f}] mem 0x{_hex(chance, 16)}-0x{_hex(chance, 16)}",
            f"{at:%b %d %H:%M:%S} host systemd[{chance.randrange(99999)}]: Started unit {chance.randrange(10**6)}.",
            f"I{at:%m%d %H:%M:%S.%f} {chance.randrange(10**7)} main.cc:{chance.randrange(999)}] step {chance.randrange(10**8)}",
            f"{int(at.timestamp())} {int(at.timestamp() * 1e3)} {int(at.timestamp() * 1e6)} {int(at.timestamp() * 1e9)}",
            f"-rw-r--r-- 1 root root {chance.randrange(10**10)} {at:%Y-%m-%d %H:%M} part-{chance.randrange(10**5):05d}.parquet",
            f"GC pause {chance.random() * 50:.3f}ms heap {chance.randrange(10**10)}->{chance.randrange(10**10)}({2**34})",
            f"eth0 RX packets {chance.randrange(10**10)} bytes {chance.randrange(10**13)} mac 02:42:{':'.join(_hex(chance, 2) for _ in range(4))}",
        )
    )


def _bar(chance: random.Random) -> str:
    at, price = _at(chance), chance.uniform(0.01, 70_000)
    values = [price * chance.uniform(0.98, 1.02) for _ in range(4)]
    volume = chance.randrange(10**9)
    return chance.choice(
        (
            f"{at:%Y-%m-%d},{','.join(f'{value:.2f}' for value in values)},{volume}",
            f"{at:%Y-%m-%d %H:%M:%S},{','.join(f'{value:.8f}' for value in values)},{volume / 1e4:.4f}",
            f"{int(at.timestamp() * 1000)},{','.join(repr(value) for value in values)},{volume}",
            f"{at:%Y%m%d} {' '.join(f'{value:9.3f}' for value in values)} {volume:>12}",
            "\t".join((f"{at:%d/%m/%Y}", *(f"{value:,.2f}" for value in values), f"{volume:,}")),
            f'[{int(at.timestamp() * 1000)},"{values[0]:.8f}","{values[1]:.8f}","{volume}.{volume:08d}",{int(at.timestamp() * 1000) + 59999}]',
        )
    )


def _price(chance: random.Random) -> str:
    value = chance.uniform(1, 10**7)
    return chance.choice(
        (
            f"BTCUSDT bid {value:.2f} ask {value * 1.0001:.2f} size {chance.random() * 9:.6f} spread 0.01%",
            f"Revenue rose to ${value:,.0f} (+{chance.random() * 40:.1f} %) against €{value * 0.9:,.2f} in {chance.randrange(1990, 2026)}-{chance.randrange(10, 27)}.",
            f"stop {value:.4f}, target {value * 1.03:.4f}, R {chance.uniform(-2, 5):.2f}, {chance.randrange(10**6)} shares",
            f"order {chance.randrange(10**10)} filled {chance.randrange(10**6)}/{chance.randrange(10**6)} @ {value:.5f}",
            f"PnL: {value:+.2f} | {value / 3:+.2f} | {-value:.2f} | Sharpe {chance.uniform(-1, 4):.3f}",
            f"ISIN US{chance.randrange(10**9):09d}{chance.randrange(10)} CUSIP {chance.randrange(10**9):09d} lot {chance.randrange(100)}",
            f"1.{chance.randrange(10**5):05d} 1.{chance.randrange(10**5):05d} 0.{chance.randrange(10**12):012d} 2e-{chance.randrange(10, 40)}",
        )
    )


def _hash(chance: random.Random) -> str:
    return chance.choice(
        (
            _hex(chance, 32),
            _hex(chance, 40),
            f"sha256:{_hex(chance, 64)}",
            _uuid(chance),
            f"{_uuid(chance).replace('-', '')}  model-{chance.randrange(99):05d}.safetensors",
            f"commit {_hex(chance, 40)} ({_hex(chance, 7)}..{_hex(chance, 8)})",
            f"index {_hex(chance, 7)}..{_hex(chance, 7)} 100644",
            f"sha512-{base64.b64encode(hashlib.sha512(chance.randbytes(8)).digest()).decode()}",
            f'etag W/"{_hex(chance, 16)}-{_hex(chance, 8)}" crc32 {_hex(chance, 8)} tx 0x{_hex(chance, 64)}',
            " ".join(_hex(chance, 2) for _ in range(16)),
            f"{chance.randrange(2**63)} {chance.randrange(2**64)} {chance.getrandbits(128)}",
        )
    )


def _time(chance: random.Random) -> str:
    at = _at(chance)
    return chance.choice(
        (
            f"{at:%Y-%m-%dT%H:%M:%S.%f}Z..{at + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}+00:00",
            f"{at:%d.%m.%Y %H:%M} to {at:%m/%d/%y %I:%M:%S}",
            f"{at:%Y%m%d%H%M%S} {at:%Y%m%dT%H%M%S} {at:%Y-%j} week {at:%G-W%V-%u}",
            f"took {chance.randrange(24):02d}:{at:%M:%S}.{chance.randrange(10**6):06d} at {at:%a, %d %b %Y %H:%M:%S} GMT",
            f"from {at:%Y-%m-%d} on {at:%Y/%m/%d}, epoch {int(at.timestamp())}",
        )
    )


def _version(chance: random.Random) -> str:
    numbers = ".".join(str(chance.randrange(30)) for _ in range(chance.choice((2, 3, 4))))
    return chance.choice(
        (
            f"numpy=={chance.randrange(3)}.{chance.randrange(30)}.{chance.randrange(20)}",
            f"version {numbers}",
            f"package-{numbers}-py3-none-any.whl ({chance.randrange(10**8)} bytes)",
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{chance.randrange(80, 150)}.0.0.0 Safari/537.36",
            f"v{numbers} -> v{chance.randrange(9)}.0.0-rc.{chance.randrange(9)}+{chance.randrange(20200000, 20269999)}",
            f'"lodash@{chance.randrange(5)}.{chance.randrange(30)}.{chance.randrange(30)}", uses: actions/checkout@v{chance.randrange(1, 6)}',
            f"ghcr.io/freya/service:{chance.randrange(9)}.{chance.randrange(9)}@sha256:{_hex(chance, 64)}",
            f"section {chance.randrange(9)}.{chance.randrange(20)}.{chance.randrange(9)}, p. {chance.randrange(900)}-{chance.randrange(900)}",
        )
    )


_CODE = (
    "password = os.environ['DB_PASSWORD']",
    "token = tokens[position + {a}]",
    "async def login(user: str, password: str) -> Token:",
    "if not secrets.compare_digest(token, expected_token_{b}): raise Forbidden",
    "api_key: SecretStr | None = None  # read from FREYA_API_KEY",
    "self._token = token or self._settings.api_token_{b}",
    "values = series[{a}::2] + series[1::{b}]",
    "std::vector<ace::Fade> dead::beef(abc::def x, size_t n = {a});",
    "@app.get('/v1/threads/{{thread_id}}') # see docs/api.md:{a}",
    "y = x@weights.T + bias@np.ones({b})",
    "for i in range({a}, {a} + 10_000_000): total += prices[i] * {c}",
    "SELECT id::text, count(*) FROM messages WHERE id > {a} LIMIT {b};",
    "const re = /^[\\w.+-]+@[\\w-]+\\.[a-z]{{2,}}$/; // {a}",
    "assert hash_of(message) == 0x{h}, 'secret is missing'",
    "return (x - {c}) / {a} if y else -{b}e-{b}",
    "PASSWORD_MIN_LENGTH = {b}; TOKEN_TTL_S = {a}; SECRET_NAME = 'freya-secret'",
    "#define MAGIC 0x{h}u /* {a}-{b}-{a} */",
    "pattern = re.compile(r'(?<!\\d)\\d{{3}}-\\d{{2}}-\\d{{4}}(?!\\d)')",
    "matrix = [[{a}, {b}, {a}], [{b}, {a}, {b}], [{a} {b} {a} {b}]]",
    "x = [0.{a}, 0.{b}, {c}, {c}] # id {a}{a}",
    "git checkout {h} -- src/{b}.py && git push origin HEAD~{b}",
    "color: #{h}; width: calc({b}% - {a}px); flex: 1 1 {a}px;",
    'Authorization: Bearer ${{TOKEN}}" -H "X-Request: {a}',
    "call_at = loop.call_later({c}, callback_{a}) # call on {a} {b}",
)
_CONFIG = (
    "  port: {a}\n",
    "password: ${{POSTGRES_PASSWORD}}",
    'api_key = "<your key>"',
    "max_tokens: {a}",
    "token: null",
    "secret_name: freya-tls",
    "image: postgres:{b}.{b}-alpine",
    "hidden_size: {a}, intermediate_size: {a}{b}, rope_theta: {a}.0",
    'pad_token: "<|endoftext|>", eos_token_id: {a}',
    "url: http://localhost:{a}/v1",
    "redis: redis://redis:6379/{b}",
    "bind = 0.0.0.0:{a}",
    'password_file = "/run/secrets/password"',
    "learning_rate = {c}e-{b}; seed = {a}{a}; batch = {b}",
    "[tool.ruff]\nline-length = {b}\ntarget-version = 'py311'",
    'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {a} {b}"',
    "netmask 255.255.255.0 mtu {a}",
    "cron: '{b} 3 * * 1-5'",
    "memory: {a}Mi, cpu: {b}00m, replicas: {b}",
)


def _filled(chance: random.Random, forms: tuple[str, ...]) -> str:
    return chance.choice(forms).format(
        a=chance.randrange(100, 10 ** chance.randrange(3, 9)),
        b=chance.randrange(1, 99),
        c=round(chance.uniform(0, 100), 6),
        h=_hex(chance, 8),
    )


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "application log": _application_log,
    "system log": _system_log,
    "ohlcv": _bar,
    "price": _price,
    "hash": _hash,
    "time": _time,
    "version": _version,
    "code": lambda chance: _filled(chance, _CODE),
    "configuration": lambda chance: _filled(chance, _CONFIG),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    lines = list(plain_lines(options.lines, options.seed))
    report: dict[str, Any] = {"false_alarms": altered(lines) | {"bar": LARGEST_SHARE_ALTERED}}
    joined = "\n".join(line for _, line in lines)
    if LABELLED.is_file():
        report["recall"] = {
            kind: count | {"bar": BARS[kind]} for kind, count in recall_by_kind(LABELLED).items()
        }
        joined += LABELLED.read_text(encoding="utf-8")
    began = time.perf_counter()
    find(joined)
    report["mb_per_s"] = round(len(joined.encode()) / 1e6 / (time.perf_counter() - began), 2)
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
