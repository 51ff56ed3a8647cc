"""The router beside nearest centroid, nearest neighbours and plain logistic regression, in one run.

`python benchmarks/bench_routing.py` prints JSON. Cross-validation: five folds over the labelled utterances, everything
else (tool examples, scope, starter questions) always on the training side; each method is scored on the same folds,
and every method's scores are scaled by the one temperature that suits it best. Held out: the whole router answers each
request, earlier turns included. `routing_held_out.jsonl`, `routing_final.jsonl` and `routing_languages.jsonl` were written
before any of their errors was looked at; their errors have led to changes since, so they are no longer untouched.
`routing_fresh.jsonl` (English, Russian, Spanish and German; plain, terse, chatty, misspelled) was written before the router
was changed for them, and measured once; the suite of routing requests of `freya evaluate` has been measured often, and its
errors were never read. `routing_several.jsonl` (requests for several, and for one that sound like it) was worked on. `routing_unseen.jsonl` is for measuring alone: with `--sums` no request is shown that was routed wrongly, so that
a set stays unseen. Requests that are also a training text are counted, and left out of `without_copies`. `time` sets the
routing of a request beside the encoding of the same text, a text at a time.
"""

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON

import numpy as np
from numpy.typing import NDArray

from agents import Charter, discover
from app.evaluation.cases import read_cases, suite_files
from graphs import CalibratedRouter, Route
from graphs.routing.classifier import Examples, learn
from graphs.routing.router import read_examples
from graphs.settings import RouterSettings
from knowledge import starter_questions
from memory import Turn
from models import english_words
from models.chat import ChatSettings, ConfiguredChatModels
from models.embeddings import CachedEmbedder, OpenVinoEmbedder
from models.glossary import gloss

HERE = Path(__file__).parent
HELD_OUT = (
    "routing_held_out.jsonl",
    "routing_final.jsonl",
    "routing_languages.jsonl",
    "routing_fresh.jsonl",
    "routing_several.jsonl",
    "routing_unseen.jsonl",
    "suite",
)
FOLDS = 5
NEIGHBOURS = 5
BINS = 10
NAMES_REQUESTS = {"wrong", "two_answers_where_one_was_asked_for"}
Scores = NDArray[np.float64]
Method = Callable[[Examples, Examples, Sequence[str]], Scores]


def packaged_questions(charters: Mapping[str, Charter], each: int) -> dict[str, list[str]]:
    """The first questions on `each` topic of each agent's collections, as the service takes them."""
    questions = starter_questions(each=each)
    return {
        name: [text for collection in charter.collections for text in questions.get(collection, ())]
        for name, charter in charters.items()
    }


def freya(seen: Examples, unseen: Examples, labels: Sequence[str]) -> Scores:
    learned = learn(seen)
    order = [learned.labels.index(label) for label in labels]
    return learned.scores(unseen.texts, unseen.vectors)[:, order] * learned.temperature


def centroid(seen: Examples, unseen: Examples, labels: Sequence[str]) -> Scores:
    owners = np.array(seen.labels)
    centres = np.stack([seen.vectors[owners == label].mean(axis=0) for label in labels])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(unseen.vectors @ centres.T, dtype=np.float64)


def nearest_neighbours(seen: Examples, unseen: Examples, labels: Sequence[str]) -> Scores:
    """As semantic-router does by default: the five nearest utterances, their cosines averaged by route."""
    owners, cosines = np.array(seen.labels), unseen.vectors @ seen.vectors.T
    scores = np.zeros((len(cosines), len(labels)))
    for row, line in enumerate(cosines):
        best = np.argsort(line)[::-1][:NEIGHBOURS]
        for column, label in enumerate(labels):
            mine = line[best][owners[best] == label]
            scores[row, column] = mine.mean() if mine.size else 0.0
    return scores


def logistic_regression(seen: Examples, unseen: Examples, labels: Sequence[str]) -> Scores:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0, max_iter=300, class_weight="balanced").fit(seen.vectors, seen.labels)
    order = [list(model.classes_).index(label) for label in labels]
    return np.asarray(model.decision_function(unseen.vectors)[:, order], dtype=np.float64)


METHODS: dict[str, Method] = {
    "freya": freya,
    "nearest_centroid": centroid,
    "nearest_neighbours": nearest_neighbours,
    "logistic_regression": logistic_regression,
}


def softmax(scores: Scores) -> Scores:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def cross_validated(method: Method, examples: Examples, labels: Sequence[str]) -> dict[str, Any]:
    requests, background = np.flatnonzero(examples.requests), np.flatnonzero(~examples.requests)
    fold = np.random.default_rng(1).permutation(len(requests)) % FOLDS
    scores = np.zeros((len(requests), len(labels)))
    for number in range(FOLDS):
        seen = examples.rows(np.concatenate([requests[fold != number], background]))
        scores[fold == number] = method(seen, examples.rows(requests[fold == number]), labels)
    truth = np.array([labels.index(examples.labels[row]) for row in requests])
    return quality(scores, truth, labels)


def quality(scores: Scores, truth: NDArray[np.int64], labels: Sequence[str]) -> dict[str, Any]:
    rows = np.arange(len(truth))
    temperatures = np.geomspace(0.2, 60, 150)
    losses = [float(-np.log(softmax(scores * t)[rows, truth] + 1e-12).mean()) for t in temperatures]
    table = softmax(scores * temperatures[int(np.argmin(losses))])
    chosen, sure = table.argmax(axis=1), table.max(axis=1)
    right = chosen == truth
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        abs(right[bins == n].mean() - sure[bins == n].mean()) * (bins == n).mean() for n in np.unique(bins)
    ]
    return {
        "accuracy": round(float(right.mean()), 4),
        "recall": {
            label: round(float(right[truth == n].mean()), 3)
            for n, label in enumerate(labels)
            if (truth == n).any()
        },
        "log_loss": round(min(losses), 4),
        "expected_calibration_error": round(float(sum(gaps)), 4),
    }


def chosen_by(route: Route) -> list[str]:
    return sorted({task.agent for task in route.tasks}) if route.kind == "tasks" else [route.kind]


def is_right(row: dict[str, Any], route: Route) -> bool:
    accepted = [sorted(labels) for labels in row.get("accepted", [row["labels"]])]
    return chosen_by(route) in accepted and (not row.get("left_out") or bool(route.left_out))


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


async def route_all(
    router: CalibratedRouter, rows: Sequence[dict[str, Any]]
) -> tuple[list[Route], list[float]]:
    """The routes, and how many milliseconds each took."""
    routes, took = [], []
    for row in rows:
        turns = [earlier(**row["after"])] if "after" in row else []
        began = time.perf_counter()
        routes.append(await router.route(row["request"], turns))
        took.append((time.perf_counter() - began) * 1000)
    return routes, took


def earlier(request: str, agents: Sequence[str]) -> Turn:
    return Turn(run_id="run", request=request, answer="…", agents=tuple(agents), at=datetime.now(UTC))


def judge(
    rows: Sequence[dict[str, Any]],
    routes: Sequence[Route],
    took: Sequence[float],
    known: Sequence[str],
    specialists: Sequence[str],
) -> dict[str, Any]:
    right = [is_right(row, route) for row, route in zip(rows, routes, strict=True)]
    known_plain = {plain(text) for text in known}
    fresh = [ok for ok, row in zip(right, rows, strict=True) if plain(row["request"]) not in known_plain]
    both = list(zip(rows, routes, right, strict=True))
    kinds = Counter(row["kind"] for row in rows)
    return {
        "requests": len(rows),
        "accuracy": round(sum(right) / len(right), 4),
        "without_copies": {"requests": len(fresh), "accuracy": round(sum(fresh) / len(fresh), 4)},
        "by_kind": {
            kind: f"{sum(ok for row, _, ok in both if row['kind'] == kind)}/{count}"
            for kind, count in kinds.items()
        },
        "out_of_scope_sent_to_a_specialist_with_confidence": [
            max(round(task.confidence, 2) for task in route.tasks)
            for row, route, _ in both
            if row["labels"] == ["out_of_scope"] and route.kind == "tasks"
        ],
        "two_answers_where_one_was_asked_for": [
            row["request"][:100]
            for row, route, _ in both
            if len(row["labels"]) == 1 and row["labels"][0] in specialists and len(route.tasks) > 1
        ],
        "ms_p50": round(statistics.median(took), 2),
        "ms_p95": percentile(took, 0.95),
        **bars(both, specialists),
        "wrong": [
            {"request": row["request"][:100], "expected": row["labels"], "got": chosen_by(route)}
            for row, route, ok in both
            if not ok
        ],
    }


def sums(judged: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in judged.items() if name not in NAMES_REQUESTS}


def bars(both: Sequence[tuple[dict[str, Any], Route, bool]], specialists: Sequence[str]) -> dict[str, Any]:
    """What is asked of a router, each as right/all: one specialist, the exact set of several, and refusals; by language."""
    one = [(row, ok) for row, _, ok in both if len(row["labels"]) == 1 and row["labels"][0] in specialists]
    several = [ok for row, _, ok in both if len(row["labels"]) > 1]
    foreign = [(row, route, ok) for row, route, ok in both if row["labels"] == ["out_of_scope"]]
    inside = [route for row, route, _ in both if all(label in specialists for label in row["labels"])]
    languages = sorted({row.get("language", "en") for row, _, _ in both})
    return {
        "single_agent": share([ok for _, ok in one]),
        "exact_set_of_several": share(several),
        "out_of_scope_refused": share([route.kind != "tasks" for _, route, _ in foreign]),
        "in_scope_refused": share(
            [route.kind in {"out_of_scope", "unclear", "protected"} for route in inside]
        ),
        "by_language": {
            language: {
                "all": share([ok for row, _, ok in both if row.get("language", "en") == language]),
                "single_agent": share([ok for row, ok in one if row.get("language", "en") == language]),
                "exact_set_of_several": share(
                    [
                        ok
                        for row, _, ok in both
                        if row.get("language", "en") == language and len(row["labels"]) > 1
                    ]
                ),
                "out_of_scope_refused": share(
                    [
                        route.kind != "tasks"
                        for row, route, _ in foreign
                        if row.get("language", "en") == language
                    ]
                ),
                "in_scope_refused": share(
                    [
                        route.kind in {"out_of_scope", "unclear", "protected"}
                        for row, route, _ in both
                        if row.get("language", "en") == language
                        and all(label in specialists for label in row["labels"])
                    ]
                ),
            }
            for language in languages
        },
        "by_style": {
            style: share([ok for row, _, ok in both if row["style"] == style])
            for style in sorted({row["style"] for row, _, _ in both if "style" in row})
        },
    }


def share(found: Sequence[bool]) -> str:
    return f"{sum(found)}/{len(found)}" + (f" = {sum(found) / len(found):.3f}" if found else "")


def percentile(took: Sequence[float], part: float) -> float:
    return round(sorted(took)[min(len(took) - 1, int(part * len(took)))], 2)


async def parts_of_the_time(
    router: CalibratedRouter, embedder: CachedEmbedder, rows: Sequence[dict[str, Any]]
) -> dict[str, float]:
    """Milliseconds of the embedding of a request alone, and of all else that `route` does with it once it is embedded."""
    embedding, rest = [], []
    for row in rows:
        english = english_words(row["request"])
        began = time.perf_counter()
        await embedder.embed([f"{english} "])  # a text of its own, so that the cache does not know it
        embedding.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        await router.route(row["request"], [])  # embedded before, and in the cache
        rest.append((time.perf_counter() - began) * 1000)
    return {
        "embedding_ms_p50": percentile(embedding, 0.5),
        "embedding_ms_p95": percentile(embedding, 0.95),
        "rest_ms_p50": percentile(rest, 0.5),
        "rest_ms_p95": percentile(rest, 0.95),
    }


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def rows_of(name: str) -> list[dict[str, Any]]:
    """The requests of a file, or of the suite: who must work on it, `out_of_scope` where nobody must."""
    if name != "suite":
        return read_rows(HERE / name)
    return [
        {
            "request": case.request,
            "labels": list(case.agents or ()) or ["out_of_scope"],
            "accepted": [list(case.agents or ())]
            if case.agents
            else [["out_of_scope"], ["small_talk"], ["recap"], ["protected"], ["unclear"]],
            "kind": "suite",
            "language": gloss(case.request).language,
        }
        for case in read_cases(suite_files(["routing"])[0])
    ]


async def measure(folder: Path, each: int, names: Sequence[str], *, compare: bool) -> dict[str, Any]:
    charters = discover()
    questions = packaged_questions(charters, each)
    embedder = CachedEmbedder(await OpenVinoEmbedder.load(folder), None, hot_vectors=8000)
    examples = await read_examples(embedder, charters, questions)
    labels = tuple(sorted(set(examples.labels)))
    began = time.perf_counter()
    chat = ConfiguredChatModels(ChatSettings(), embedder)
    router = await CalibratedRouter.open(
        embedder, charters, chat, RouterSettings(), data=folder, questions=questions
    )
    opened = time.perf_counter() - began
    judged = {}
    for name in names:
        rows = await asyncio.to_thread(rows_of, name)
        judged[name] = judge(rows, *await route_all(router, rows), examples.texts, tuple(charters))
    time_taken = await parts_of_the_time(router, embedder, rows)
    await embedder.close()
    return {
        "examples": {"requests": int(examples.requests.sum()), "background": int((~examples.requests).sum())},
        "learning_s": round(opened, 2),
        "cross_validation": {
            name: cross_validated(method, examples, labels) for name, method in METHODS.items() if compare
        },
        "time": time_taken,
        "held_out": judged,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a data folder to keep the embedding model in")
    parser.add_argument(
        "--each", type=int, default=2, help="packaged questions on a topic that are learned from"
    )
    parser.add_argument(
        "--held-out", action="store_true", help="leave the cross-validation and its peers out"
    )
    parser.add_argument("--sums", action="store_true", help="show no request that was routed wrongly")
    parser.add_argument("--sets", nargs="+", choices=HELD_OUT, default=HELD_OUT, help="what to route")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        report = asyncio.run(
            measure(
                arguments.data or Path(temporary),
                arguments.each,
                arguments.sets,
                compare=not arguments.held_out,
            )
        )
    if arguments.sums:
        report["held_out"] = {name: sums(judged) for name, judged in report["held_out"].items()}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
