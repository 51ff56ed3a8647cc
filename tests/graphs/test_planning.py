"""Plans: which steps wait for which, what one hands to the next, and what a run may take."""

import asyncio
from dataclasses import replace

from graphs import GraphSettings, Route
from graphs.planning import GIVEN, NamedFigure, Spent, before, figures_of, handed, planned, ready, used_up
from graphs.routing.dividing import Reading, divide
from graphs.routing.interfaces import Task
from graphs.routing.parts import split_parts
from graphs.settings import BudgetSettings, RouterSettings
from tests.fakes.scripted_model import Step
from tests.graphs.conversation import FixedRouter

NPV = ("npv_irr", {"rate_percent": 8, "cash_flows": [-1000, 400, 400, 400]})
SALONS = (
    "Size the market for a salon booking app: 200,000 salons paying 600 a year, serviceable 25 %, obtainable 4 %, "
    "then break-even for it with fixed costs of 90,000 and variable cost of 150, then an agent that sells it"
)


def task(agent="davina", request="NPV", **more):
    return Task(agent=agent, request=request, confidence=0.9, **more)


def chain(*agents):
    tasks = tuple(
        task(agent, f"ask {agent}", needs=(number,) if number else ()) for number, agent in enumerate(agents)
    )
    return FixedRouter(Route(kind="tasks", tasks=tasks))


def test_steps_are_numbered_and_needs_that_name_nothing_earlier_are_dropped():
    first, second, third = planned([task(), task(needs=(1, 3)), task(needs=(2,))])
    assert [step.id for step in (first, second, third)] == [1, 2, 3]
    assert (second.needs, third.needs) == ((1,), (2,))
    assert before(third, [first, second, third]) == [1, 2]


def test_what_others_build_on_and_what_is_urgent_is_done_first():
    plan = planned([task(request="a"), task(request="urgent: b"), task(request="c"), task(needs=(3,))])
    assert min(plan, key=lambda step: step.priority).request == "c"
    assert [step.id for step in ready(plan, [], most=2)] == [3, 2]
    assert [step.id for step in ready(plan, [1, 2, 3], most=2)] == [4]


def test_the_figures_of_a_tool_are_named_by_its_data_and_arguments():
    found = figures_of(
        "market_size", {"sizes": {"tam": 12.5}, "ok": True, "name": "x", "bad": float("nan")}, {"price": 600}
    )
    assert [(figure.text, figure.made) for figure in found] == [
        ("sizes tam 12.5", True),
        ("price 600", False),
    ]


def test_a_step_is_given_the_values_its_tools_have_an_argument_for_and_no_others(charters):
    plan = planned(
        [
            task(request="Size the market for a booking app: 200 salons at 600"),
            task(request="break-even for it", needs=(1,)),
        ]
    )
    figures = {
        1: [
            NamedFigure(name="price", value=600, tool="market_size", made=False),
            NamedFigure(name="tam", value=120_000, tool="market_size"),
        ]
    }
    given = handed(plan[1], plan, figures, charters["davina"])
    assert given.given == f"{GIVEN} price 600."
    assert given.text == f"Size the market for a booking app break-even for it {GIVEN} price 600."
    named = plan[1].model_copy(update={"request": "break-even for it at a price of 20"})
    assert handed(named, plan, figures, charters["davina"]).given == ""


def test_a_budget_says_which_part_of_it_is_used_up():
    budget, now = BudgetSettings(calls=3, tokens=100), 4e9
    assert used_up(budget, Spent(calls=2, tokens=99), now) == ""
    assert "calls" in used_up(budget, Spent(calls=3), now)
    assert "tokens" in used_up(budget, Spent(tokens=100), now)
    assert "time" in used_up(budget, Spent(), 0.0)


async def test_a_step_waits_for_those_it_needs_and_reads_what_they_found(play):
    talk, script = play(
        Step(calls=[NPV], to="ask davina"),
        Step(text="It is worth 30.84.", to="ask davina"),
        Step(text="A plan.", to="ask sofia"),
        router=chain("davina", "sofia"),
    )
    state = await talk.say("NPV, then a plan for it")
    (plan,) = talk.of("plan")
    assert [(step.id, step.agent, step.needs) for step in plan.steps] == [
        (1, "davina", []),
        (2, "sofia", [1]),
    ]
    order = [(event.type, event.step) for event in talk.events if event.type.startswith("step.")]
    assert order == [("step.started", 1), ("step.finished", 1), ("step.started", 2), ("step.finished", 2)]
    assert "npv 30.838795" in script.asked[2].text
    assert "It is worth 30.84." in script.asked[2].text
    assert state["answer"].index("30.84") < state["answer"].index("A plan.")


async def test_independent_steps_run_at_once(play):
    together = asyncio.Barrier(2)
    tasks = (task("davina", "ask davina"), task("sofia", "ask sofia"))
    talk, _ = play(
        Step(text="One.", to="ask davina", meets=together),
        Step(text="Two.", to="ask sofia", meets=together),
        router=FixedRouter(Route(kind="tasks", tasks=tasks)),
    )
    async with asyncio.timeout(60):
        await talk.say("both")


async def test_no_more_steps_run_at_once_than_the_budget_allows(play):
    tasks = (task("davina", "ask davina"), task("sofia", "ask sofia"))
    talk, _ = play(
        Step(text="One.", to="ask davina"),
        Step(text="Two.", to="ask sofia"),
        router=FixedRouter(Route(kind="tasks", tasks=tasks)),
        settings=GraphSettings(budget=BudgetSettings(side_by_side=1)),
    )
    await talk.say("both")
    order = [event.step for event in talk.events if event.type.startswith("step.")]
    assert order == [1, 1, 2, 2]


async def test_steps_beyond_the_budget_are_left_undone_and_named(play):
    talk, _ = play(
        Step(calls=[NPV], to="ask davina"),
        Step(text="It is worth 30.84.", to="ask davina"),
        router=chain("davina", "sofia"),
        settings=GraphSettings(budget=BudgetSettings(calls=2)),
    )
    state = await talk.say("NPV, then a plan for it")
    assert "It is worth 30.84." in state["answer"]
    assert "I did not get to “ask sofia”: the calls of a run (2) was used up." in state["answer"]
    assert [event.status for event in talk.of("step.finished")] == ["answered", "left_undone"]


async def test_a_step_that_the_time_of_the_run_ends_leaves_what_others_found(play):
    tasks = (task("davina", "ask davina"), task("sofia", "ask sofia"))
    talk, _ = play(
        Step(text="One.", to="ask davina"),
        Step(hangs=True, to="ask sofia"),
        router=FixedRouter(Route(kind="tasks", tasks=tasks)),
        settings=GraphSettings(budget=BudgetSettings(seconds=4)),
    )
    state = await talk.say("both")
    assert state["answer"].startswith("One.")
    assert "I did not get to “ask sofia”: the time of a run (4 s) was used up." in state["answer"]


async def test_a_specialist_may_ask_another_one_and_answers_with_what_it_learns(play):
    talk, script = play(
        Step(text="ASK davina: what is the NPV?", to="ask sofia"),
        Step(text="It is positive.", to="what is the NPV?"),
        Step(text="Spend it on ads.", to="It is positive."),
        router=FixedRouter(Route(kind="tasks", tasks=(task("sofia", "ask sofia"),))),
    )
    state = await talk.say("how much may ads cost?")
    assert state["answer"] == "Spend it on ads."
    (asked,) = talk.of("consulted")
    assert (asked.agent, asked.of, asked.step, asked.question) == ("sofia", "davina", 1, "what is the NPV?")
    assert [step.needs for step in talk.of("plan")[-1].steps] == [[], [], [2]]
    assert "Your colleagues are" in script.asked[0].text


async def test_a_consulted_specialist_asks_nobody_and_a_run_consults_as_often_as_allowed(play):
    tasks = (task("sofia", "ask sofia"), task("technical", "ask technical"))
    talk, _ = play(
        Step(text="ASK davina: what is the NPV?", to="ask sofia"),
        Step(text="Up.\nASK davina: and the IRR?", to="ask technical"),
        Step(text="ASK rebecca: what now?\nIt is positive.", to="what is the NPV?"),
        Step(text="Spend it.", to="It is positive."),
        router=FixedRouter(Route(kind="tasks", tasks=tasks)),
        settings=GraphSettings(budget=BudgetSettings(consultations=1)),
    )
    state = await talk.say("both")
    assert len(talk.of("consulted")) == 1
    assert "ASK" not in state["answer"]
    assert "Up." in state["answer"]


async def test_the_runner_up_is_asked_where_the_first_finds_nothing(play):
    talk, _ = play(
        Step(text="Nothing.", reason="declined", to="ask sofia"),
        Step(text="It is a ratio."),
        router=FixedRouter(Route(kind="tasks", tasks=(task("sofia", "ask sofia", second="davina"),))),
    )
    state = await talk.say("what is it?")
    assert (state["answer"], state["outcome"]) == ("It is a ratio.", "answered")


async def test_a_specialist_that_comes_later_works_without_compiling_the_graph_again(play):
    talk, _ = play(
        Step(text="Open at nine."),
        router=FixedRouter(Route(kind="tasks", tasks=(task("salon", "when do you open?"),))),
    )
    salon = replace(talk.charters["rebecca"], name="salon", title="Salon", subagents=())
    talk.charters = {**talk.charters, "salon": salon}
    state = await talk.say("when do you open?")
    assert state["answer"] == "Open at nine."


async def test_two_specialists_who_disagree_are_both_shown_with_their_evidence(play):
    tasks = (task("davina", "is it worth it?"), task("sofia", "is it worth it?"))
    talk, _ = play(
        Step(calls=[NPV], to="Davina"),
        Step(text="The project is viable.", to="30.84"),
        Step(text="It is not viable."),
        router=FixedRouter(Route(kind="tasks", tasks=tasks)),
        settings=GraphSettings(budget=BudgetSettings(side_by_side=1)),
    )
    state = await talk.say("is it worth it?")
    section = state["answer"].split("## They disagree")[1]
    davina, sofia = (talk.charters[name].title for name in ("davina", "sofia"))
    assert f"**{davina}** says viable (computed by `npv_irr`)" in section
    assert f"**{sofia}** says not viable (no evidence given)" in section
    assert f"The evidence of {davina} weighs more." in section


def three_parts(charters):
    """A router that divides the message as the real one does whose readings were these."""
    read = [
        Reading(label, p, label, p) for label, p in (("davina", 0.86), ("davina", 1.0), ("rebecca", 0.91))
    ]
    divided = divide(split_parts(SALONS), read, charters, RouterSettings(), whole=["rebecca"])
    assert divided is not None
    return FixedRouter(divided)


async def test_a_dependent_request_of_three_parts_is_planned_done_in_order_and_answered_as_one(
    play, charters, extractive
):
    talk, _ = play(router=three_parts(charters))
    talk.chat, talk.shelf.hits = extractive, ()
    state = await talk.say(SALONS)
    plan = talk.of("plan")[0]
    assert [(step.agent, step.needs) for step in plan.steps] == [
        ("davina", []),
        ("davina", [1]),
        ("rebecca", [2]),
    ]
    calls = [(use.name, use.arguments) for result in state["results"] for use in result.tool_uses]
    assert calls[0][0] == "market_size"
    assert {"customers": 200_000, "price": 600}.items() <= calls[0][1].items()
    assert calls[1] == ("break_even", {"fixed_costs": 90_000, "price": 600, "variable_cost": 150})
    assert "salon booking app" in calls[2][1]["request"]
    assert state["outcome"] == "answered"
    answer, rebecca = state["answer"], talk.charters["rebecca"].title
    assert answer.index("TAM is") < answer.index("200 units") < answer.index(f"## {rebecca}")
    assert [event.step for event in talk.of("step.finished")] == [1, 2, 3]


async def test_the_router_divides_such_a_request_into_steps_that_need_each_other(router):
    route = await router.route(SALONS, [])
    assert [(task.agent, task.needs) for task in route.tasks] == [
        ("davina", ()),
        ("davina", (1,)),
        ("rebecca", (2,)),
    ]
