"""What requests in users' words lead to, with all tools of a specialist bound and the real embeddings."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agents.charter import Charter
from agents.registry import discover
from models.chat.extractive.model import ExtractiveChatModel
from models.embeddings import OpenVinoEmbedder

RSI_CLOSES = [
    44.34,
    44.09,
    44.15,
    43.61,
    44.33,
    44.83,
    45.10,
    45.42,
    45.84,
    46.08,
    45.89,
    46.03,
    45.61,
    46.28,
    46.28,
]
RSI_TEXT = ", ".join(map(str, RSI_CLOSES))
CSV = "date,open,high,low,close,volume\n2024-01-01,10,12,9,11,100\n2024-01-02,11,13,10,12,120\n2024-01-03,12,14,11,13,90"
PAGE = "<html><head><title>Hi</title></head><body><p>x</p></body></html>"

Expected = tuple[str, str, str, dict[str, Any]]

# specialist, request, tool, arguments without those that are the request itself
CALLS: list[Expected] = [
    ("technical", f"compute RSI 14 of {RSI_TEXT}", "compute_indicator", {"indicator": "RSI", "closes": RSI_CLOSES, "period": 14}),
    ("technical", f"rsi(14) {RSI_TEXT.replace(',', '')}", "compute_indicator", {"indicator": "RSI", "closes": RSI_CLOSES, "period": 14}),
    ("technical", "calculate the 5 period SMA for 60000, 61000, 62000, 60500, 61500", "compute_indicator", {"indicator": "SMA", "period": 5, "closes": [60000, 61000, 62000, 60500, 61500]}),
    ("technical", "whats the sma 3 of these closes 10 20 30 40", "compute_indicator", {"indicator": "SMA", "period": 3, "closes": [10, 20, 30, 40]}),
    ("technical", "macd 12, 26, 9 for 100,101,102,103,104,105,106", "compute_indicator", {"indicator": "MACD", "closes": [100, 101, 102, 103, 104, 105, 106]}),
    ("technical", f"compute the ATR with period 2\n{CSV}", "compute_indicator", {"indicator": "ATR", "period": 2}),
    ("technical", f"{CSV}\nwhat is the relative strength index of this data?", "compute_indicator", {"indicator": "RSI"}),
    ("technical", "is this a doji: open 10 high 11 low 9 close 10.01", "candlestick_patterns", {}),
    ("technical", "any candlestick patterns here?\n```csv\nopen,high,low,close\n10,11,9,10.01\n10,12,9,11\n```", "candlestick_patterns", {}),
    ("technical", "what is the RSI of BTCUSDT", "compute_indicator", {"indicator": "RSI", "symbol": "BTCUSDT"}),
    ("technical", "what is the ATR of SOL/USDT right now?", "compute_indicator", {"indicator": "ATR", "symbol": "SOL/USDT"}),
    ("technical", "is the uptrend line of BTC/USDT 4h broken", "trend_lines", {"symbol": "BTC/USDT"}),
    ("davina", "Which blocks of my business model canvas are missing? Customers: dentists. Revenue: licence", "business_model_canvas", {}),
    ("rebecca", "What capabilities should a hotel concierge agent have?", "generate_capabilities", {}),
    ("technical", "position size for a 10k account risking 2 %, entry 50000, ATR 1200", "position_size", {"account": 10000, "entry": 50000, "atr": 1200, "risk_percent": 2}),
    ("technical", "entry 50000 account 10k atr 1200 risk 2%", "position_size", {"account": 10000, "entry": 50000, "atr": 1200, "risk_percent": 2}),
    ("technical", "i have 25k and want to risk 1.5 percent, long at 60,000, stop loss 58,500. how big?", "position_size", {"account": 25000, "entry": 60000, "stop": 58500, "risk_percent": 1.5, "side": "long"}),
    ("technical", "size a short at 3000 with a stop at 3150, account 20000, risk 1 %", "position_size", {"account": 20000, "entry": 3000, "stop": 3150, "risk_percent": 1, "side": "short"}),
    ("technical", "kelly criterion for a win rate of 40 %, average win 300, average loss 100", "kelly_fraction", {"win_rate_percent": 40, "average_win": 300, "average_loss": 100}),
    ("technical", "pivots h 110 l 100 c 105", "pivot_points", {"high": 110, "low": 100, "close": 105}),
    ("technical", "close 105, high 110, low 100: camarilla pivots please", "pivot_points", {"high": 110, "low": 100, "close": 105, "method": "camarilla"}),
    ("technical", "fibonacci between 1.20 and 1.55", "fibonacci_levels", {"start": 1.2, "end": 1.55}),
    ("technical", "max drawdown of 100, 120, 90, 110, 80, 130", "drawdown_and_sharpe", {"values": [100, 120, 90, 110, 80, 130]}),
    ("technical", "sharpe of monthly returns 1%, -2%, 3%, 0.5%", "drawdown_and_sharpe", {"values": [0.01, -0.02, 0.03, 0.005], "kind": "returns", "frequency": "monthly"}),
    ("fundamentals", "Liquidation price of a 10x long from 60000", "liquidation_price", {"entry_price": 60000, "leverage": 10, "side": "long"}),
    ("fundamentals", "60000 entry, 10x, short", "liquidation_price", {"entry_price": 60000, "leverage": 10, "side": "short"}),
    ("fundamentals", "liq price short 3,000 20x", "liquidation_price", {"entry_price": 3000, "leverage": 20, "side": "short"}),
    ("fundamentals", "liquidation price of a 5x long at $2,500 with 0.4 % maintenance margin", "liquidation_price", {"entry_price": 2500, "leverage": 5, "side": "long", "maintenance_margin_percent": 0.4}),
    ("fundamentals", "impermanent loss if ETH doubles", "impermanent_loss", {"price_ratio": 2}),
    ("fundamentals", "impermanent loss if the price drops by 50 percent", "impermanent_loss", {"change_percent": -50, "move": "down"}),
    ("fundamentals", "impermanent loss of a 10000 dollar ETH/USDC pool if ETH falls 40 %", "impermanent_loss", {"change_percent": -40, "deposit": 10000, "move": "down"}),
    ("fundamentals", "IL when the price goes from 2000 to 3000", "impermanent_loss", {"start_price": 2000, "end_price": 3000}),
    ("fundamentals", "stake 100 ETH at 4 % for 6 months", "staking_yield", {"apr_percent": 4, "amount": 100, "months": 6}),
    ("fundamentals", "apy of 10% apr compounded weekly", "staking_yield", {"apr_percent": 10, "compounding": "weekly"}),
    ("fundamentals", "funding on a 100k short, 1 bps every 8 hours, 30 days", "funding_cost", {"notional": 100000, "rate_percent": 0.01, "days": 30, "side": "short", "hours_between_payments": 8}),
    ("fundamentals", "bitcoin supply at the end of 2027", "supply_schedule", {"year": 2027}),
    ("fundamentals", "when is the next bitcoin halving", "supply_schedule", {}),
    ("fundamentals", "stock to flow with a stock of 190000 and a flow of 3300 a year", "stock_to_flow", {"stock": 190000, "yearly_flow": 3300}),
    ("fundamentals", "FDV with price $0.05 and total supply 10bn", "fully_diluted_valuation", {"price": 0.05, "max_supply": 1e10}),
    ("fundamentals", "mvrv: market cap 900bn, realized cap 450bn", "valuation_ratios", {"market_cap": 9e11, "realised_cap": 4.5e11}),
    ("fundamentals", "check my portfolio: 60% BTC, 30% ETH, 10% SOL", "portfolio_allocation_check", {}),
    ("fundamentals", "I bought 0.5 BTC at 60000 and 0.3 at 50000, what is my average price?", "average_price", {}),
    ("fundamentals", "my average entry: 10 SOL at 150, 5 at 120", "average_price", {}),
    ("davina", "NPV of -1000, 400, 400, 400 at 8 %", "npv_irr", {"cash_flows": [-1000, 400, 400, 400], "rate_percent": 8}),
    ("davina", "npv at 10%: -5k, 2k, 2k, 2k", "npv_irr", {"cash_flows": [-5000, 2000, 2000, 2000], "rate_percent": 10}),
    ("davina", "npv of -$1,000, $600 and $700 with a discount rate of 9 percent", "npv_irr", {"cash_flows": [-1000, 600, 700], "rate_percent": 9}),
    ("davina", "break-even with fixed costs 12,000, price 49, variable cost 19", "break_even", {"fixed_costs": 12000, "price": 49, "variable_cost": 19}),
    ("davina", "break even if rent is 3000, we sell at 12 and unit cost is 5", "break_even", {"fixed_costs": 3000, "price": 12, "variable_cost": 5}),
    ("davina", "How many units must I sell to cover 5000 rent if each sells for 40 and costs 22 to make?", "break_even", {"fixed_costs": 5000, "price": 40, "variable_cost": 22}),
    ("davina", "what's our runway with $1.2m in the bank burning 80k per month", "runway", {"cash": 1200000, "monthly_burn": 80000}),
    ("davina", "8 % monthly growth from 15k MRR for 2 years", "revenue_projection", {"start": 15000, "growth_percent": 8, "months": 24}),
    ("davina", "unit economics price 100 cogs 40 cac 50", "unit_economics", {"price": 100, "variable_cost": 40, "acquisition_cost": 50}),
    ("davina", "TAM SAM SOM for 200000 companies paying 600 a year, serviceable 25 %, obtainable 4 %", "market_size", {"customers": 200000, "price": 600, "serviceable_percent": 25, "obtainable_percent": 4}),
    ("davina", "tam for 30k restaurants paying 99 each", "market_size", {"customers": 30000, "price": 99}),
    ("davina", "SWOT for my bakery. Strengths: sourdough, location. Weaknesses: small oven", "swot", {}),
    ("davina", "Which risk is worst? Currency swings (4, 4), strike (2, 5), new competitor (3, 3)", "risk_register", {}),
    ("davina", "feasibility: market 4, tech 3, legal 5", "feasibility_score", {"market": 4, "technical": 3, "legal": 5}),
    ("sofia", "Conversions 120 of 2400 against 156 of 2380, is B better?", "ab_test", {"conversions_a": 120, "visitors_a": 2400, "conversions_b": 156, "visitors_b": 2380}),
    ("sofia", "ab test: 120/2400 vs 156/2380", "ab_test", {"conversions_a": 120, "visitors_a": 2400, "conversions_b": 156, "visitors_b": 2380}),
    ("sofia", "Variant A had 30 conversions from 900 visitors and B 41 from 880, which one wins?", "ab_test", {"conversions_a": 30, "visitors_a": 900, "conversions_b": 41, "visitors_b": 880}),
    ("sofia", "A: 50 out of 1,000. B: 70 out of 1,000. significant?", "ab_test", {"conversions_a": 50, "visitors_a": 1000, "conversions_b": 70, "visitors_b": 1000}),
    ("sofia", "sample size to detect 5% lift from a 2% baseline", "ab_sample_size", {"baseline_percent": 2, "effect_percent": 5}),
    ("sofia", "ctr for 300 clicks and 12k impressions", "campaign_metrics", {"clicks": 300, "impressions": 12000}),
    ("sofia", "Compute the CPM for 90 euros and 30000 impressions", "campaign_metrics", {"spend": 90, "impressions": 30000}),
    ("sofia", "our cac: spent 15,000, won 120 customers", "customer_economics", {"acquisition_spend": 15000, "new_customers": 120}),
    ("sofia", "split 10k between google 60, meta 40", "budget_split", {"budget": 10000}),
    ("sofia", f"audit the seo of this: ```html\n{PAGE}\n```", "seo_audit", {"html": PAGE}),
    ("sofia", f"can google index this page? {PAGE}", "seo_audit", {"html": PAGE}),
    ("sofia", 'How readable is this text: "Our product helps teams. It is simple."', "readability", {"text": "Our product helps teams. It is simple."}),
    ("sofia", "keywords in 'fresh roasted coffee beans from Ethiopia, roasted daily'", "keyword_research", {"text": "fresh roasted coffee beans from Ethiopia, roasted daily"}),
    ("sofia", "content calendar about yoga, running and swimming, 2 posts a week", "content_calendar", {"topics": "yoga, running and swimming", "posts_per_week": 2}),
    ("sofia", "Make a content calendar for 4 weeks starting 2026-03-02, topics: origins, brewing", "content_calendar", {"topics": "origins, brewing", "days": 28, "start": "2026-03-02"}),
    ("sofia", "Give me a marketing strategy with a budget of 5000", "campaign_plan", {"budget": 5000}),
    ("sofia", "Marketing strategy for a bakery with a budget of 5000", "campaign_plan", {"budget": 5000}),
    ("sofia", "plan a campaign with 5k over 6 weeks at 0.75 cpc", "campaign_plan", {"budget": 5000, "days": 42, "cost_per_click": 0.75}),
]  # fmt: skip

DESIGNS = [
    ("Design an agent for a nail salon with Telegram booking", ["analyze_domain", "generate_api_spec", "generate_db_schema"]),
    ("design a booking bot for a barbershop on WhatsApp in Spanish", ["analyze_domain", "generate_api_spec", "generate_db_schema"]),
    ("I need an assistant for my dental practice", ["analyze_domain", "generate_api_spec", "generate_db_schema"]),
    ("only the SQL schema for a bookshop agent", ["generate_db_schema"]),
    ("just the openapi for a taxi app", ["generate_api_spec"]),
    ("create API spec, SQL schema and test cases for a bakery", ["generate_api_spec", "generate_db_schema", "generate_test_cases"]),
    ("system prompt for a pirate-themed pizza bot", ["write_system_prompt"]),
    ("test cases for my hotel bot", ["generate_test_cases"]),
    ("A bot for my bicycle repair shop that takes bookings", ["analyze_domain", "generate_api_spec", "generate_db_schema"]),
    ("generate training data, 50 examples, for a gym bot", ["prepare_training_data"]),
]  # fmt: skip

KNOWLEDGE = [
    ("sofia", "Why do people unsubscribe from newsletters?"),
    ("davina", "How do investors judge a founder?"),
    ("technical", "What is the RSI indicator and when should I use it for Bitcoin trading?"),
    ("technical", "What does an RSI above 70 mean?"),
    ("technical", "Is 14 the best period for RSI?"),
    ("technical", "How do I calculate the RSI?"),
    ("technical", "explain bollinger bands"),
    ("technical", "when should I use a 200 day moving average?"),
    ("technical", "What are pivot points?"),
    ("fundamentals", "what is impermanent loss?"),
    ("fundamentals", "what is stock to flow?"),
    ("fundamentals", "how are liquidation prices calculated?"),
    ("fundamentals", "Why do bitcoin halvings matter?"),
    ("davina", "how is NPV computed?"),
    ("davina", "What is a SWOT analysis?"),
    ("davina", "what is a good runway for a startup?"),
    ("davina", "is a coffee shop a good idea?"),
    ("sofia", "what is a good CTR?"),
    ("sofia", "What is the difference between CPC and CPM?"),
    ("sofia", "How do I run an A/B test?"),
    ("rebecca", "What is an AI agent?"),
    ("rebecca", "what is the difference between a tool and a sub-agent?"),
    ("rebecca", "When should I use RAG and when fine-tuning?"),
]

LACKING = [
    ("sofia", "Write a Facebook ad for my bakery", "product"),
    ("sofia", "create a Facebook ad", "product"),
    ("davina", "what will our revenue be?", "start"),
    ("davina", "when do we run out of cash?", "monthly burn"),
    ("sofia", "keyword density please", "text"),
    ("technical", "sharpe of 100", "values"),
    ("fundamentals", "Liquidation price of a long from 60000", "leverage"),
    ("technical", "position size for a 10k account", "entry"),
    ("davina", "calculate my NPV", "cash flows"),
    ("davina", "runway: cash 200k", "monthly burn"),
    ("sofia", "Check the readability of my text", "text"),
    ("sofia", "check my ad copy", "ad"),
    ("sofia", "What is wrong with the on-page SEO of this HTML?", "html"),
]


@pytest.fixture(scope="module")
async def model(embedding_data: Path) -> AsyncIterator[ExtractiveChatModel]:
    embedder = await OpenVinoEmbedder.load(embedding_data, threads=1)
    yield ExtractiveChatModel(embedder=embedder)
    await embedder.close()


@pytest.fixture(scope="module")
def charters() -> Mapping[str, Charter]:
    return discover()


async def ask(
    model: ExtractiveChatModel, charter: Charter, *messages: HumanMessage | AIMessage | ToolMessage
) -> AIMessage:
    return await model.bind_tools(charter.tools).ainvoke(list(messages))


def own_arguments(reply: AIMessage, request: str) -> dict[str, Any]:
    (call,) = reply.tool_calls
    return {name: value for name, value in call["args"].items() if value != request}


@pytest.mark.parametrize(
    ("agent", "request_", "tool", "arguments"), CALLS, ids=[case[1][:50] for case in CALLS]
)
async def test_a_request_leads_to_its_tool_with_its_arguments(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], agent: str, request_: str, tool: str, arguments: dict[str, Any]
):  # fmt: skip
    reply = await ask(model, charters[agent], HumanMessage(request_))
    assert [call["name"] for call in reply.tool_calls] == [tool], reply.text
    assert own_arguments(reply, request_) == arguments
    assert reply.response_metadata["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(("request_", "tools"), DESIGNS)
async def test_a_design_leads_to_the_tools_it_takes_in_their_order(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], request_: str, tools: list[str]
):
    reply = await ask(model, charters["rebecca"], HumanMessage(request_))
    assert [call["name"] for call in reply.tool_calls] == tools
    assert all(call["args"]["request"] == request_ for call in reply.tool_calls)


async def test_channels_languages_and_counts_are_read_beside_the_request(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    salon = await ask(
        model, charters["rebecca"], HumanMessage("Design a nail salon agent; Telegram, Russian, $100")
    )
    assert salon.tool_calls[0]["args"]["channels"] == ["Telegram"]
    assert salon.tool_calls[0]["args"]["languages"] == ["Russian"]
    gym = await ask(
        model, charters["rebecca"], HumanMessage("generate training data, 50 examples, for a gym bot")
    )
    assert gym.tool_calls[0]["args"]["examples"] == 50
    hotel = await ask(
        model, charters["rebecca"], HumanMessage("Prepare training data for a hotel with 40 rooms")
    )
    assert "examples" not in hotel.tool_calls[0]["args"]
    for request, cases in (
        ("Create 5 test cases for this prompt: You are the assistant of a nail salon", 5),
        ("Generate test cases for a hotel with 40 rooms, open from 9 to 18", None),
    ):
        reply = await ask(model, charters["rebecca"], HumanMessage(request))
        (call,) = [call for call in reply.tool_calls if call["name"] == "generate_test_cases"]
        assert call["args"].get("cases") == cases


@pytest.mark.parametrize(("agent", "question"), KNOWLEDGE)
async def test_a_knowledge_question_calls_no_tool(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], agent: str, question: str
):
    reply = await ask(model, charters[agent], HumanMessage(question))
    assert reply.tool_calls == []
    assert reply.response_metadata["finish_reason"] == "declined"


@pytest.mark.parametrize(("agent", "request_", "missing"), LACKING)
async def test_what_is_missing_is_asked_for_by_name(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], agent: str, request_: str, missing: str
):
    reply = await ask(model, charters[agent], HumanMessage(request_))
    assert reply.tool_calls == []
    assert reply.response_metadata["finish_reason"] == "needs_input"
    assert f"**{missing}**" in reply.text


@pytest.mark.slow
@pytest.mark.parametrize("agent", sorted(discover()))
@pytest.mark.uncounted
async def test_every_example_of_a_tool_leads_to_it_or_asks_for_what_it_lacks(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], agent: str
):
    charter, astray = charters[agent], []
    for tool in charter.tools:
        for example in (tool.metadata or {})["examples"]:
            reply = await ask(model, charter, HumanMessage(example))
            names = [call["name"] for call in reply.tool_calls]
            asks = reply.response_metadata["finish_reason"] == "needs_input" and f"“{example}”" in reply.text
            if tool.name not in names and not asks:
                astray.append((tool.name, example, names))
    assert astray == []


async def test_a_bare_answer_completes_what_was_asked_for(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    begun = HumanMessage("Liquidation price of a long from 60000")
    asked = await ask(model, charters["fundamentals"], begun)
    reply = await ask(model, charters["fundamentals"], begun, asked, HumanMessage("10x"))
    assert own_arguments(reply, "") == {"entry_price": 60000, "leverage": 10, "side": "long"}


async def test_two_things_are_asked_for_one_after_the_other(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    said: list[HumanMessage | AIMessage] = [HumanMessage("what is my liquidation price?")]
    said.append(await ask(model, charters["fundamentals"], *said))
    said.append(HumanMessage("entry 60000"))
    said.append(await ask(model, charters["fundamentals"], *said))
    assert "**leverage**" in said[-1].text
    assert "entry price**" not in said[-1].text
    reply = await ask(model, charters["fundamentals"], *said, HumanMessage("10x short"))
    assert own_arguments(reply, "") == {"entry_price": 60000, "leverage": 10, "side": "short"}


@pytest.mark.parametrize(
    ("request_", "called"),
    [
        ("Compute the 5 period SMA and EMA of 10, 11, 12, 13, 14, 15, 16, 17", [("SMA", 5), ("EMA", 5)]),
        ("compute RSI, MACD and ATR of 10 11 12 13 14", [("RSI", None), ("MACD", None), ("ATR", None)]),
        ("compute the stochastic rsi of 10 11 12 13 14", [("STOCHRSI", None)]),
        ("compute rsi 3 and ema 4 of 10 11 12 13 14 15", [("RSI", 3)]),
    ],
)
async def test_a_series_of_choices_is_a_call_of_each_in_its_order(
    model: ExtractiveChatModel,
    charters: Mapping[str, Charter],
    request_: str,
    called: list[tuple[str, int | None]],
):
    reply = await ask(model, charters["technical"], HumanMessage(request_))
    assert [(call["args"]["indicator"], call["args"].get("period")) for call in reply.tool_calls] == called


async def test_a_question_after_an_unanswered_one_is_taken_for_itself(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    begun = HumanMessage("Liquidation price of a long from 60000")
    asked = await ask(model, charters["fundamentals"], begun)
    reply = await ask(model, charters["fundamentals"], begun, asked, HumanMessage("What is leverage?"))
    assert reply.tool_calls == []
    assert reply.response_metadata["finish_reason"] == "declined"


def called(
    request: str, name: str, arguments: dict[str, Any]
) -> list[HumanMessage | AIMessage | ToolMessage]:
    call = {"name": name, "args": arguments, "id": "c1", "type": "tool_call"}
    return [
        HumanMessage(request),
        AIMessage("", tool_calls=[call]),
        ToolMessage("The value is 50.", tool_call_id="c1", name=name),
        AIMessage("The value is 50."),
    ]


@pytest.mark.parametrize(
    "follow_up", ["and for 14 days?", "what about period 14", "with 14", "now 14 periods"]
)
async def test_a_follow_up_repeats_the_call_with_what_it_changes(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], follow_up: str
):
    request = f"compute RSI 10 of {RSI_TEXT}"
    earlier = {"indicator": "RSI", "closes": RSI_CLOSES, "bars": request, "period": 10}
    before = called(request, "compute_indicator", earlier)
    reply = await ask(model, charters["technical"], *before, HumanMessage(follow_up))
    assert reply.tool_calls[0]["name"] == "compute_indicator"
    assert reply.tool_calls[0]["args"] == {"indicator": "RSI", "closes": RSI_CLOSES, "period": 14}


async def test_a_follow_up_on_a_table_keeps_the_table(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    request = f"compute the ATR with period 2\n{CSV}"
    before = called(request, "compute_indicator", {"indicator": "ATR", "bars": request, "period": 2})
    reply = await ask(model, charters["technical"], *before, HumanMessage("and with period 3?"))
    assert reply.tool_calls[0]["args"] == {"indicator": "ATR", "bars": CSV, "period": 3}


async def test_a_bare_value_changes_the_call_before(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    before = called(
        "long 10x from 60000", "liquidation_price", {"entry_price": 60000, "leverage": 10, "side": "long"}
    )
    reply = await ask(model, charters["fundamentals"], *before, HumanMessage("20x"))
    assert reply.tool_calls[0]["args"] == {"entry_price": 60000, "leverage": 20, "side": "long"}


@pytest.mark.parametrize(
    "remark", ["thanks!", "ok", "and why?", "great, thank you", "so what does that mean?"]
)
async def test_a_remark_after_a_call_calls_nothing(
    model: ExtractiveChatModel, charters: Mapping[str, Charter], remark: str
):
    before = called(
        "long 10x from 60000", "liquidation_price", {"entry_price": 60000, "leverage": 10, "side": "long"}
    )
    reply = await ask(model, charters["fundamentals"], *before, HumanMessage(remark))
    assert reply.tool_calls == []


async def test_prices_sent_after_a_refused_call_complete_it(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    before = called("compute RSI", "compute_indicator", {"indicator": "RSI", "bars": "compute RSI"})
    reply = await ask(model, charters["technical"], *before, HumanMessage(RSI_TEXT))
    assert reply.tool_calls[0]["name"] == "compute_indicator"
    assert reply.tool_calls[0]["args"] == {"indicator": "RSI", "closes": RSI_CLOSES}


async def test_a_follow_up_on_several_calls_changes_them_all(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    begun = HumanMessage("Design an agent for a nail salon with Telegram booking")
    first = await ask(model, charters["rebecca"], begun)
    results = [
        ToolMessage("done", tool_call_id=str(call["id"]), name=call["name"]) for call in first.tool_calls
    ]
    reply = await ask(
        model, charters["rebecca"], begun, first, *results, AIMessage("Done."), HumanMessage("and in Spanish")
    )
    assert [call["name"] for call in reply.tool_calls] == [call["name"] for call in first.tool_calls]
    assert all(call["args"]["languages"] == ["Spanish"] for call in reply.tool_calls)
    assert all(call["args"]["request"] == begun.content for call in reply.tool_calls)


async def test_a_question_after_a_call_is_no_follow_up(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    before = called(
        "long 10x from 60000", "liquidation_price", {"entry_price": 60000, "leverage": 10, "side": "long"}
    )
    reply = await ask(model, charters["fundamentals"], *before, HumanMessage("What is leverage?"))
    assert reply.tool_calls == []


async def test_a_wanted_tool_is_called_however_weakly_it_fits(
    model: ExtractiveChatModel, charters: Mapping[str, Charter]
):
    bound = model.bind_tools(charters["fundamentals"].tools, tool_choice="liquidation_price")
    reply = await bound.ainvoke("60000 and 10x")
    assert reply.tool_calls[0]["args"] == {"entry_price": 60000, "leverage": 10}
    none = await model.bind_tools(charters["fundamentals"].tools, tool_choice="none").ainvoke(
        "10x long from 60000"
    )
    assert none.tool_calls == []
