from agents.davina.charter import charter


def test_davina_offers_her_tools_and_sub_agents():
    davina = charter()
    assert davina.name == "davina"
    assert davina.collections == ("davina",)
    assert {tool.name for tool in davina.tools} == {
        "npv_irr",
        "xnpv_xirr",
        "simulation",
        "break_even",
        "market_size",
        "unit_economics",
        "runway",
        "revenue_projection",
        "risk_register",
        "feasibility_score",
        "swot",
        "business_model_canvas",
        "competitor_matrix",
    }
    assert [agent.name for agent in davina.subagents] == [
        "trend_analyser",
        "competitor_research",
        "financial_validator",
        "risk_assessor",
    ]
    assert len(davina.utterances) >= 20
    assert all(sub.playbook and sub.tools for sub in davina.subagents)


def test_every_tool_of_davina_has_four_to_seven_examples_of_its_own():
    examples = [example for tool in charter().tools for example in (tool.metadata or {})["examples"]]
    assert len(set(examples)) == len(examples)
    assert all(4 <= len((tool.metadata or {})["examples"]) <= 7 for tool in charter().tools)


def test_every_argument_of_davinas_tools_is_described():
    fields = [field for tool in charter().tools for field in tool.args.values()]
    assert all(field["description"] for field in fields)
