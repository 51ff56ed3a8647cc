"""The knowledge that ships in the package."""

import json
from importlib.resources import files


def starter_questions() -> dict[str, list[str]]:
    """The questions of the packaged pairs, by collection; what the router learns from besides utterances."""
    folder = files("knowledge").joinpath("starter")
    return {
        entry.name.removesuffix(".jsonl"): [
            str(json.loads(line)["question"])
            for line in entry.read_text(encoding="utf-8").splitlines()
            if line.strip()
        ]
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".jsonl")
    }
