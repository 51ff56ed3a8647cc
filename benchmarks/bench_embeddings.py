"""The default embedder beside sentence-transformers: the same weights, texts and threads, in one run.

`python -m benchmarks.bench_embeddings` prints JSON: milliseconds a question and documents a second for both, taken
turn about, and their ratios; how far the vectors agree; and, for each of several ways to set up OpenVINO, the
load time, speed and resident memory of a fresh process. Texts are those of the shared export where it lies beside
the repository, else the packaged pairs.
"""

import argparse
import asyncio
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # JSON, and a peer without types

import numpy as np

from knowledge.corpus import packaged_topics
from models.embeddings import DEFAULT_MODEL, OpenVinoEmbedder
from models.embeddings.openvino_embedder import compiled, open_tokenizer
from models.embeddings.weights import GRAPH, TOKENIZER, wheel_folder

ROOT = Path(__file__).parents[1]
EXPORT = ROOT.parent / "shared" / "data" / "knowledge" / "rag_export.json.gz"
SETUPS: dict[str, dict[str, str | int]] = {
    "as shipped": {},
    "in float32": {"INFERENCE_PRECISION_HINT": "f32"},
    "for throughput": {"PERFORMANCE_HINT": "THROUGHPUT"},
    "one thread": {"threads": 1},
}


@dataclass
class Timings:
    """Wall times, and the processor time of all threads, which a busy machine does not blur as much."""

    question_ms: list[float] = field(default_factory=list)
    documents_per_s: list[float] = field(default_factory=list)
    question_cpu_ms: list[float] = field(default_factory=list)
    document_cpu_ms: list[float] = field(default_factory=list)

    def report(self) -> dict[str, float]:
        """Quantiles over all questions, and over the rounds."""
        return {
            "question_cpu_ms": round(statistics.median(self.question_cpu_ms), 2),
            "document_cpu_ms": round(statistics.median(self.document_cpu_ms), 2),
            "question_ms_p10": round(float(np.percentile(self.question_ms, 10)), 2),
            "question_ms_p50": round(statistics.median(self.question_ms), 2),
            "question_ms_p90": round(float(np.percentile(self.question_ms, 90)), 2),
            "documents_per_s_median": round(statistics.median(self.documents_per_s), 1),
            "documents_per_s_best": round(max(self.documents_per_s), 1),
        }


def read_texts(count: int, characters: int | None) -> tuple[list[str], list[str]]:
    """Questions, and the first so many characters of answers, spread over the whole source."""
    if EXPORT.is_file():
        with gzip.open(EXPORT, "rt", encoding="utf-8") as file:
            pairs = [pair for session in json.load(file)["sessions"] for pair in session["qa_pairs"]]
    else:
        pairs = [
            {"question": pair.question, "answer": pair.answer}
            for topics in packaged_topics().values()
            for topic in topics
            for pair in topic.pairs
        ]
    chosen = pairs[:: max(1, len(pairs) // count)][:count]
    return [pair["question"] for pair in chosen], [pair["answer"][:characters] for pair in chosen]


async def compare(data: Path, given: argparse.Namespace) -> dict[str, Any]:
    import torch
    from sentence_transformers import SentenceTransformer

    questions, documents = read_texts(given.texts, given.characters)
    torch.set_num_threads(given.threads)
    peer = SentenceTransformer(str(wheel_folder()), device="cpu")
    ours = await OpenVinoEmbedder.load(data, threads=given.threads)

    async def embed(texts: list[str]) -> Any:
        return await ours.embed(texts)

    async def encode(texts: list[str]) -> Any:
        return await asyncio.to_thread(peer.encode, texts, normalize_embeddings=True)

    both = questions[: given.texts // 2] + documents[: given.texts - given.texts // 2]
    cosines = (await embed(both) * await encode(both)).sum(axis=1)
    timings = {"freya": Timings(), "sentence-transformers": Timings()}
    for number in range(given.rounds):
        turns = [("freya", embed), ("sentence-transformers", encode)]
        for name, call in turns if number % 2 else reversed(turns):
            await _measure(timings[name], call, questions, documents, given)
    await ours.close()
    freya, theirs = (timing.report() for timing in timings.values())
    return {
        "texts": len(both),
        "characters_a_document": round(statistics.mean(map(len, documents))),
        "cosine_min": float(cosines.min()),
        "freya": freya,
        "sentence-transformers": theirs,
        "ratio": {
            "question_p10": round(theirs["question_ms_p10"] / freya["question_ms_p10"], 2),
            "question_p50": round(theirs["question_ms_p50"] / freya["question_ms_p50"], 2),
            "documents_median": round(freya["documents_per_s_median"] / theirs["documents_per_s_median"], 2),
            "documents_best": round(freya["documents_per_s_best"] / theirs["documents_per_s_best"], 2),
            "question_cpu": round(theirs["question_cpu_ms"] / freya["question_cpu_ms"], 2),
            "document_cpu": round(theirs["document_cpu_ms"] / freya["document_cpu_ms"], 2),
        },
    }


async def _measure(
    timings: Timings,
    call: Callable[[list[str]], Any],
    questions: list[str],
    documents: list[str],
    given: argparse.Namespace,
) -> None:
    asked = questions[: given.questions]
    cpu = time.process_time()
    for question in asked:
        started = time.perf_counter()
        await call([question])
        timings.question_ms.append(1000 * (time.perf_counter() - started))
    timings.question_cpu_ms.append(1000 * (time.process_time() - cpu) / len(asked))
    batch = documents[: given.documents]
    cpu, started = time.process_time(), time.perf_counter()
    await call(batch)
    timings.documents_per_s.append(len(batch) / (time.perf_counter() - started))
    timings.document_cpu_ms.append(1000 * (time.process_time() - cpu) / len(batch))


async def one_process(data: Path, setup: dict[str, str | int], given: argparse.Namespace) -> dict[str, Any]:
    """What a process that does nothing but embed takes, set up in one way."""
    before = _resident_mb()
    started = time.perf_counter()
    folder = data / "models" / DEFAULT_MODEL
    model = compiled(folder / GRAPH, **{"threads": given.threads, **setup})
    embedder = OpenVinoEmbedder(open_tokenizer(folder / TOKENIZER), model)
    loaded_s, loaded_mb = time.perf_counter() - started, _resident_mb()
    questions, documents = read_texts(given.texts, given.characters)
    with_texts = _resident_mb()
    timings = Timings()
    await _measure(timings, embedder.embed, questions, documents, given)
    await embedder.close()
    return {
        "import_and_load_s": round(loaded_s, 3),
        "resident_mb": {
            "interpreter and numpy": round(before),
            "loaded": round(loaded_mb),
            "added by use": round(_resident_mb() - with_texts),
        },
        "torch_loaded": "torch" in sys.modules,
        **timings.report(),
    }


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _in_a_process_of_its_own(
    data: Path, setup: dict[str, str | int], given: argparse.Namespace
) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_embeddings", "--data", str(data)]
    for name in ("threads", "rounds", "texts", "questions", "documents"):
        command += [f"--{name}", str(getattr(given, name))]
    if given.characters is not None:
        command += ["--characters", str(given.characters)]
    done = subprocess.run(
        [*command, "--setup", json.dumps(setup)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--questions", type=int, default=50, help="asked one by one in a round")
    parser.add_argument("--documents", type=int, default=64, help="embedded at once in a round")
    parser.add_argument("--characters", type=int, help="of a document; 500 are some 100 tokens; default all")
    parser.add_argument(
        "--data", type=Path, help="a folder that has the model laid out; by default a new one"
    )
    parser.add_argument("--setup", type=json.loads, help="measure this process alone, set up this way")
    given = parser.parse_args()
    if given.setup is not None:
        print(json.dumps(asyncio.run(one_process(given.data, given.setup, given))))
        return
    with tempfile.TemporaryDirectory() as name:
        data = given.data or Path(name)
        report = asyncio.run(compare(data, given))
        report["threads"] = given.threads
        report["load_average"] = os.getloadavg()[0]
        report["setups"] = {
            name: _in_a_process_of_its_own(data, setup, given) for name, setup in SETUPS.items()
        }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
