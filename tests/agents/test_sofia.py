from agents.sofia.charter import charter


def test_sofia_offers_her_tools_and_sub_agents():
    sofia = charter()
    assert sofia.name == "sofia"
    assert sofia.collections == ("sofia",)
    assert {tool.name for tool in sofia.tools} == {
        "ab_test",
        "ab_sample_size",
        "seo_audit",
        "readability",
        "keyword_research",
        "campaign_metrics",
        "customer_economics",
        "budget_split",
        "ad_copy_check",
        "content_calendar",
        "campaign_plan",
    }
    assert [agent.name for agent in sofia.subagents] == [
        "copywriter",
        "seo",
        "analytics",
        "ad_manager",
        "social_media",
    ]
    assert len(sofia.utterances) >= 20


def test_every_tool_of_sofia_has_four_to_six_examples_of_its_own():
    examples = [example for tool in charter().tools for example in (tool.metadata or {})["examples"]]
    assert len(set(examples)) == len(examples)
    assert all(4 <= len((tool.metadata or {})["examples"]) <= 6 for tool in charter().tools)


def test_every_argument_of_sofias_tools_is_described():
    fields = [field for tool in charter().tools for field in tool.args.values()]
    assert all(field["description"] for field in fields)
