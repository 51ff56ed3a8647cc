"""Several specialists' answers as one, with one numbering of citations."""

from collections.abc import Mapping, Sequence

from agents import Charter
from graphs.events import Citation
from graphs.numbering import renumbered
from graphs.state import SpecialistResult


def merge(results: Sequence[SpecialistResult], charters: Mapping[str, Charter]) -> tuple[str, list[Citation]]:
    """A single answer as it stands; those of several agents under the agents' titles; with one numbering of citations.

    What one says in the very words of another, out of the same passages, is said once.
    """
    said = {
        (result.answer, tuple(c.pair_id for c in result.citations)): result for result in reversed(results)
    }
    results = [*reversed(said.values())]
    if len(results) == 1:
        return results[0].answer, list(results[0].citations)
    titled, agent = len({result.agent for result in results}) > 1, ""
    sections: list[str] = []
    citations: list[Citation] = []
    for result in results:
        numbers = {}
        for citation in result.citations:
            known = next((c.number for c in citations if c.pair_id == citation.pair_id), None)
            numbers[citation.number] = known or len(citations) + 1
            if known is None:
                citations.append(citation.model_copy(update={"number": len(citations) + 1}))
        answer = renumbered(result.answer, numbers)
        if titled and result.agent != agent:
            title = charters[result.agent].title if result.agent in charters else result.agent
            answer = f"## {title}\n\n{answer}"
        agent = result.agent
        sections.append(answer)
    return "\n\n".join(sections), citations
