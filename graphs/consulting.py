"""Bounded consultation: a specialist may ask one other specialist one question, and no question asks further."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from agents import Charter
from graphs.routing.interfaces import Task
from graphs.state import Question, SpecialistResult

_ASK = re.compile(
    r"^[ \t>*_-]*ASK[ \t]+`?(?P<of>[a-z][a-z0-9_]{1,30})`?[ \t]*:[ \t]*(?P<question>\S.*?)[ \t*_]*$",
    re.MULTILINE,
)
_LONGEST = 500


def may_ask(charter: Charter, charters: Mapping[str, Charter]) -> Charter:
    """The charter, with how to ask a colleague at the end of its persona."""
    others = [each for each in charters.values() if each.name != charter.name]
    if not others:
        return charter
    listed = "\n".join(f"- {each.name}: {each.description}" for each in others)
    return replace(
        charter,
        persona=f"{charter.persona.strip()}\n\nWhere you cannot answer without one fact or figure of a colleague's field, write "
        f"one line `ASK name: question` and nothing else; you get the answer. Your colleagues are:\n{listed}",
    )


def asked_for(result: SpecialistResult, task: Task, charters: Mapping[str, Charter]) -> Question | None:
    """What a result asks another specialist: in so many words, or by finding nothing where somebody else may.

    Consulted steps, and those that are done again, ask nothing.
    """
    if task.asked_by or task.again:
        return None
    for match in _ASK.finditer(result.answer):
        of, question = match["of"], match["question"][:_LONGEST]
        if of in charters and of != task.agent:
            return Question(of=of, request=question)
    if result.outcome == "declined" and task.second in charters and task.second != task.agent:
        return Question(of=task.second, request=task.request, redo=False)
    return None


def without_questions(answer: str, charters: Mapping[str, Charter]) -> str:
    """The answer without its lines that ask a colleague."""

    def cut(match: re.Match[str]) -> str:
        return "" if match["of"] in charters else match[0]

    return _ASK.sub(cut, answer).strip() if "ASK" in answer else answer


def steps_for(question: Question, asker: Task, plan: Sequence[Task]) -> list[Task]:
    """The question as a step, and, where it is wanted, the asker's own step once more behind it."""
    number = max(task.id for task in plan) + 1
    asked = Task(
        id=number,
        agent=question.of,
        request=question.request,
        about=asker.about,
        asked_by=asker.id,
        priority=asker.priority,
        confidence=asker.confidence,
    )
    if not question.redo:
        return [asked]
    again = asker.model_copy(
        update={
            "id": number + 1,
            "again": asker.id,
            "needs": (*asker.needs, number),
            "context": asker.context,
        }
    )
    return [asked, again]


def waits(task: Task, asking: Iterable[int], plan: Sequence[Task]) -> Task:
    """The task, which needs the later, informed answers of those that it needs and that ask first."""
    later = {each.again: each.id for each in plan if each.again in set(asking)}
    needs = tuple(later.get(need, need) for need in task.needs) if not task.again else task.needs
    return task.model_copy(update={"needs": needs})


def standing(results: Sequence[SpecialistResult], plan: Sequence[Task]) -> list[SpecialistResult]:
    """The results that an answer is made of, in the order of the message.

    What was done again takes the place of its first try, whose question then is no answer of its own; what a step
    that found nothing asked somebody else takes that step's place.
    """
    by_id = {task.id: task for task in plan}
    at = {result.position: result for result in results}
    replaced = {
        task.again for task in plan if task.again and task.id in at and at[task.id].outcome != "declined"
    }
    dropped = set(replaced)
    for task in plan:
        if not task.asked_by or task.id not in at:
            continue
        redone = any(each.again == task.asked_by for each in plan)
        if redone or at[task.id].outcome == "declined":
            dropped.add(task.id)
        else:
            dropped.add(task.asked_by)
    dropped |= {task.id for task in plan if task.again and task.again not in replaced}

    def place(result: SpecialistResult) -> tuple[int, int]:
        task = by_id.get(result.position)
        return ((task.again or task.asked_by or task.id) if task else result.position, result.position)

    return sorted((result for result in results if result.position not in dropped), key=place)
