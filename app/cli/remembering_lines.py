"""What is remembered, in lines for people."""

from collections.abc import Sequence
from typing import Any  # JSON

from app.cli.tables import columns, shortened

_TEXT_SHOWN = 72
_RECALLED_SHOWN = 400
_SHOWN = {
    "what": "what",
    "state": "stands",
    "why": "because",
    "alternatives": "instead of",
    "when": "when",
    "by": "blocked by",
}
"""Details of decisions and of progress, and the names that they are shown under."""


def recalled_lines(found: dict[str, Any]) -> list[str]:
    """Recalled items, best first, each with where it is from and why it came back."""
    lines = []
    for number, item in enumerate(found["items"], 1):
        who = f"{item['role']} {item['kind']}" if item["role"] else item["kind"]
        who += f" of {item['by']}" if item.get("by") else ""
        parts = [item["tier"], who, item["said_at"][:10], f"relevance {item['relevance']:.2f}"]
        parts += [f"{item['tokens']} tokens", item["id"]]
        lines += [f"{number}. {shortened(item['text'], _RECALLED_SHOWN)}", f"   {' · '.join(parts)}"]
        lines += [f"   {'; '.join(item['reasons'])}"] if item["reasons"] else []
        lines.append("")
    beside = f"{found['beside']} tokens of the conversation and " if found["beside"] else ""
    return [*lines, f"{beside}{found['tokens']} of {found['budget']} tokens, {found['took_ms']:.0f} ms"]


def record_table(records: Sequence[dict[str, Any]]) -> list[str]:
    """Records, one a line."""
    rows = [
        [one["id"], one["kind"], _state(one), one["said_at"][:10], shortened(one["text"], _TEXT_SHOWN)]
        for one in records
    ]
    return columns(["ID", "KIND", "STATE", "SAID", "TEXT"], rows)


def record_lines(found: dict[str, Any]) -> list[str]:
    """A record with everything that is known of it, and the versions of what it says."""
    record, versions = found["record"], found["versions"]
    known = {
        "id": record["id"],
        "kind": f"{record['kind']} ({record['tier']})",
        "state": _state(record),
        **_details(record["details"]),
        "says of": record["slot"],
        "said": f"{record['said_at'][:16]}, {record['evidence']} times",
        "confidence": f"{record['confidence']:.2f}",
        "recalled": f"{record['recalled']} times, cited {record['cited']}, rated {record['rating']:+.2f}",
        "supersedes": record["supersedes"],
        "contradicts": record["contests"],
        "project": record["project_id"],
        "messages": ", ".join(
            f"{one} (deleted)" if one in record["deleted_sources"] else one for one in record["sources"]
        ),
    }
    width = max(len(name) for name in known)
    lines = [record["text"], "", *(f"{name:<{width}}  {value}" for name, value in known.items() if value)]
    if len(versions) > 1:
        rows = [
            [str(one["version"]), _state(one), one["said_at"][:10], one["id"], shortened(one["text"], 60)]
            for one in versions
        ]
        lines += ["", *columns(["VERSION", "STATE", "SAID", "ID", "TEXT"], rows)]
    return lines


def forgotten_lines(found: dict[str, Any]) -> list[str]:
    """What was forgotten: records, a message with what came from it, or a conversation."""
    if "runs" in found:
        return [
            f"forgotten  {found['messages']} messages, {len(found['runs'])} runs",
            *(f"forgotten  {one}" for one in found["records"]),
            *(f"kept       {one}, which came from it" for one in found["kept"]),
        ]
    lines = [f"forgotten  {one}" for one in (*found.get("ids", ()), *found.get("messages", ()))]
    lines += [f"forgotten  {one}" for one in found.get("records", ())]
    lines += [f"kept       {one}, which other messages say too, or you" for one in found.get("kept", ())]
    return lines + [f"look at    {one}, an answer that was given it" for one in found.get("given_to", ())]


def import_lines(report: dict[str, Any]) -> list[str]:
    """What became of a history, and the first of the lines that could not be taken in."""
    line = f"{report['imported']} of {report['lines']} messages are new"
    line += f", {report['known']} were known" if report["known"] else ""
    line += f", {report['rejected']} rejected" if report["rejected"] else ""
    shown = [f"  {one}" for one in report["problems"]]
    more = report["rejected"] - len(shown)
    return [line, *shown, *([f"  and {more} more"] if more > 0 else [])]


def receipt_lines(receipt: dict[str, Any]) -> list[str]:
    """What was erased, by store, and what a search found afterwards."""
    rows = [
        [store, what, str(count)]
        for store, counts in receipt["removed"].items()
        for what, count in counts.items()
    ]
    lines = [*columns(["STORE", "WHAT", "REMOVED"], rows), ""] if rows else []
    who = f"{receipt['tenant']}/{receipt['user']}"
    lines.append(f"{receipt['total']} removed of {who} in {receipt['took_ms'] / 1000:.1f} s")
    if receipt["verified"]:
        return [*lines, "every store was searched again: nothing is left"]
    left = [
        f"  {store}: {count} {what}"
        for store, counts in receipt["left"].items()
        for what, count in counts.items()
    ]
    return [*lines, "still there, run the command again:", *left]


def status_lines(status: dict[str, Any]) -> list[str]:
    """How much is remembered."""
    counts = ", ".join(f"{status[what]} {what}" for what in ("threads", "messages", "projects"))
    lines = [
        f"{status['tenant']}/{status['user']}: {counts}",
        f"to embed {status['to_embed']}, to consolidate {status['to_consolidate']}",
    ]
    if status["records"]:
        names = ["active", "superseded", "contested", "faded", "pinned"]
        rows = [[one["tier"], one["kind"], *(str(one[name]) for name in names)] for one in status["records"]]
        lines += ["", *columns(["TIER", "KIND", *(name.upper() for name in names)], rows)]
    return lines


def artifact_lines(made: Sequence[dict[str, Any]]) -> list[str]:
    """Artifacts, one a line."""
    rows = [
        [one["id"], one["name"], str(one["version"]), one["agent"], one["by"] or "-", one["created_at"][:10]]
        for one in made
    ]
    return columns(["ID", "NAME", "VERSION", "AGENT", "BY", "MADE"], rows)


def project_lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """Projects, one a line."""
    rows = [
        [one["id"], shortened(one["name"], 40), one["state"], one["owner_id"], one["created_at"][:10]]
        for one in found
    ]
    return columns(["ID", "NAME", "STATE", "OWNER", "BEGUN"], rows)


def member_lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """Members of a project, one a line."""
    rows = [[one["user_id"], "owner" if one["is_owner"] else "member", one["added_at"][:10]] for one in found]
    return columns(["USER", "IS", "SINCE"], rows)


def audit_lines(page: dict[str, Any]) -> list[str]:
    """What was done, newest first."""
    rows = [
        [
            one["at"][:19].replace("T", " "),
            one["actor"],
            one["action"],
            one["subject"] or "-",
            ", ".join(f"{count} {what}" for what, count in one["counts"].items()),
        ]
        for one in page["items"]
    ]
    return columns(["AT (UTC)", "WHO", "WHAT", "OF", "COUNTS"], rows)


def chain_line(chain: dict[str, Any]) -> str:
    """What a check of the audit trail found."""
    entries = f"{chain['entries']} entries, {chain['removed']} removed by erasing or past their time"
    if chain["intact"]:
        last = f"\nits last hash is {chain['head']}" if chain["head"] else ""
        return f"the audit trail is as it was noted: {entries}{last}"
    where = (
        f"entry {chain['broken_at']} does not follow"
        if chain["broken_at"]
        else "entries are missing at the end"
    )
    return f"the audit trail was tampered with: {where}; {entries}"


def _details(details: dict[str, Any]) -> dict[str, str]:
    """What the details of a decision or of progress say, by the names that are shown for them."""
    shown = {name: details.get(key) for key, name in _SHOWN.items()}
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in shown.items()
        if value
    }


def _state(record: dict[str, Any]) -> str:
    marks = [name for name in ("pinned", "faded") if record[name]]
    gone = len(record["deleted_sources"])
    if gone:
        marks.append("sources deleted" if gone == len(record["sources"]) else "some sources deleted")
    return ", ".join([record["state"], *marks])
