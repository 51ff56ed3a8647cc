"""A topic for sources that name none."""

import re


def topic_of(name: str) -> str:
    """A topic out of a file name: `research_report_x_y_20251101.txt` gives `x y`."""
    stem = re.sub(r"(\.(txt|jsonl?|ndjson|gz|md|markdown|csv|tsv|parquet))+$", "", name)
    stem = re.sub(r"^research_report_", "", stem)
    stem = re.sub(r"_\d{8}(_\d{6})?$", "", stem)
    return re.sub(r"[_\-]+", " ", stem).strip() or name
