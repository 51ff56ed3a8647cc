"""Whether questions in German, Spanish and Russian, and misspelled ones, find what ships in the package; prints JSON.

`python -m benchmarks.bench_languages` starts `freya serve` on a folder of its own (`--data` keeps it for the next time),
waits until all is indexed, and asks `/v1/knowledge/search` for five pairs a question. Found: one of them is on a topic that the
question is about (`questions_languages.jsonl`, whose misses words were added for; `questions_languages_held_out.jsonl`,
looked at once before words were added for its misses as well; `questions_languages_fresh.jsonl`, for whose misses nothing was
added). Misspelled: the packaged questions of every seventh topic, the longest word of each without one letter, beside the
same as they are. Refused: the requests of routing's sets in these languages that belong to nobody find nothing.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any  # JSON

import httpx

from benchmarks.serving import free_port, serving
from knowledge.corpus import packaged_topics

_HERE = Path(__file__).parent
_SETS = ("questions_languages", "questions_languages_held_out", "questions_languages_fresh")
_ROUTING = ("languages", "unseen", "fresh", "held_out", "final")
_FIRST = 5
_EVERY = 7
_INDEXED_S = 1800


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, help="data folder, made where it is missing; else one for the moment"
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        data = options.data or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="freya-languages-"))
        )
        url = stack.enter_context(serving(data, free_port())).url
        client = stack.enter_context(httpx.Client(base_url=url, timeout=60))
        _until_indexed(client)
        print(json.dumps(measured(client), indent=1, ensure_ascii=False))


def measured(client: httpx.Client) -> dict[str, Any]:
    report: dict[str, Any] = {name: _by_language(client, _read(_HERE / f"{name}.jsonl")) for name in _SETS}
    report["misspelled"] = _misspelled(client)
    foreign = [row for name in _ROUTING for row in _read(_HERE / f"routing_{name}.jsonl") if _is_foreign(row)]
    refused = [not _topics(client, row["request"]) for row in foreign]
    return report | {"refused": {"of": len(refused), "find_nothing": sum(refused)}}


def _by_language(client: httpx.Client, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    of, found, missed = Counter[str](), Counter[str](), []
    for row in rows:
        topics = _topics(client, row["question"])
        of[row["language"]] += 1
        if topics & set(row["topics"]):
            found[row["language"]] += 1
        else:
            missed.append({"question": row["question"], "found": sorted(topics)})
    return {
        "found": round(found.total() / of.total(), 3),
        "by_language": {language: round(found[language] / count, 3) for language, count in of.items()},
        "missed": missed,
    }


def _misspelled(client: httpx.Client) -> dict[str, float]:
    asked = [
        (topic.slug, pair.question)
        for topics in packaged_topics().values()
        for topic in topics[::_EVERY]
        for pair in topic.pairs[:2]
    ]
    spelt = [slug in _topics(client, question) for slug, question in asked]
    wrong = [slug in _topics(client, _without_a_letter(question)) for slug, question in asked]
    return {"of": len(asked), "as_they_are": sum(spelt) / len(spelt), "misspelled": sum(wrong) / len(wrong)}


def _without_a_letter(question: str) -> str:
    longest = max(question.strip("?").split(), key=len)
    at = len(longest) // 2
    return question.replace(longest, longest[:at] + longest[at + 1 :], 1)


def _topics(client: httpx.Client, question: str) -> set[str]:
    answer = client.get("/v1/knowledge/search", params={"q": question, "limit": _FIRST}).raise_for_status()
    return {hit["slug"] for hit in answer.json()["items"]}


def _is_foreign(row: Mapping[str, Any]) -> bool:
    return row["labels"] == ["out_of_scope"] and (
        row.get("language", "en") != "en" or not row["request"].isascii()
    )


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _until_indexed(client: httpx.Client) -> None:
    until = time.monotonic() + _INDEXED_S
    while True:
        items = client.get("/v1/knowledge").raise_for_status().json()["items"]
        if items and all(held >= one["indexable"] for one in items for held in one["indexed"].values()):
            return
        if time.monotonic() > until:
            raise SystemExit("the packaged pairs were not indexed in half an hour")
        time.sleep(1)


if __name__ == "__main__":
    main()
