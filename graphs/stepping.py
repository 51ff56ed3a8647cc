"""One step of a plan: the specialist's subgraph looked up by its charter and run within what is left of the budget."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from langchain_core.runnables.config import merge_configs
from langgraph.config import get_config
from langgraph.runtime import Runtime

from agents import Charter, UnknownAgent
from graphs.consulting import asked_for, may_ask, without_questions
from graphs.events import RunEvent, StepFinished, StepStarted
from graphs.guarding import guarded, in_own_words
from graphs.planning import Counting, Ledger, NamedFigure, seconds_left
from graphs.settings import GraphSettings
from graphs.specialist import SpecialistGraph, build_specialist
from graphs.state import FreyaState, RunContext, SpecialistResult, SpecialistState, StepState

_MOST_KEPT = 256


@dataclass
class Workshop:
    """The compiled subgraphs of charters, made when a charter is first worked with, and anew when it has changed."""

    settings: GraphSettings
    _made: dict[str, tuple[Charter, tuple[str, ...], SpecialistGraph]] = field(default_factory=dict)

    def graph(self, name: str, charters: Mapping[str, Charter]) -> SpecialistGraph:
        """The subgraph of a specialist. Raises UnknownAgent."""
        charter = charters.get(name)
        if charter is None:
            raise UnknownAgent(f"there is no agent {name}; there are {', '.join(charters)}")
        beside = tuple(charters)
        known = self._made.get(name)
        if known is None or known[0] is not charter or known[1] != beside:
            while len(self._made) >= _MOST_KEPT:
                self._made.pop(next(iter(self._made)))
            known = charter, beside, build_specialist(guarded(may_ask(charter, charters)), self.settings)
            self._made[name] = known
        return known[2]

    async def work(self, state: StepState, runtime: Runtime[RunContext]) -> FreyaState:
        """Carry out a step; one that the run's time ends is left undone, and the other steps keep what they found."""
        context, task, ledger = runtime.context, state["task"], Ledger()

        def emit(event: RunEvent) -> None:
            ledger.note(event)
            context.emit(event)

        graph = self.graph(task.agent, context.charters)
        given = SpecialistState(
            task=task, position=task.id, turns=state["turns"], known=state["known"], at=state["at"]
        )
        context.emit(StepStarted(agent=task.agent, step=task.id))
        counted = merge_configs(get_config(), {"callbacks": [Counting(ledger)]})
        budget = context.settings.budget
        limit = asyncio.timeout(max(0.0, seconds_left(budget, state["began"] + context.waited_s)))
        try:
            async with limit:
                with in_own_words(*state["said"]):
                    done = await graph.ainvoke(given, counted, context=replace(context, emit=emit))
        except TimeoutError:
            if not limit.expired():
                raise
            reason = f"the time of a run ({budget.seconds:g} s) was used up"
            context.emit(StepFinished(agent=task.agent, step=task.id, status="left_undone", reason=reason))
            return {"undone": {task.id: reason}, "spent": ledger.spent}
        result: SpecialistResult = done["results"][0]
        question = asked_for(result, task, context.charters)
        result = result.model_copy(update={"answer": without_questions(result.answer, context.charters)})
        if not result.answer.strip():
            result = result.model_copy(update={"outcome": "declined"})
        context.emit(StepFinished(agent=task.agent, step=task.id, status=result.outcome))
        return {
            "results": [result],
            "figures": {task.id: _named(result) + ledger.figures},
            "questions": {task.id: question} if question else {},
            "spent": ledger.spent,
        }


def _named(result: SpecialistResult) -> list[NamedFigure]:
    """The figures that its tools say matter."""
    return [
        NamedFigure(name=figure.name, value=figure.value, tool=each.tool)
        for each in result.computed
        for figure in each.figures
    ]
