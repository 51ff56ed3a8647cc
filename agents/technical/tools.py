"""The technical analyst's tools."""

from langchain_core.tools import BaseTool

from agents.technical.backtest_tool import backtest_tool
from agents.technical.chart_pattern_tool import chart_pattern_tool
from agents.technical.indicator_tool import indicator_tool
from agents.technical.level_tools import level_tools
from agents.technical.pattern_tool import pattern_tool
from agents.technical.performance_tool import performance_tool
from agents.technical.sizing_tools import sizing_tools
from agents.technical.structure_tools import structure_tools
from agents.technical.tail_risk_tool import tail_risk_tool
from agents.technical.verdict_tools import verdict_tools


def technical_tools() -> tuple[BaseTool, ...]:
    """Every tool of the technical analyst."""
    return (
        indicator_tool(),
        pattern_tool(),
        *structure_tools(),
        chart_pattern_tool(),
        *verdict_tools(),
        backtest_tool(),
        *sizing_tools(),
        *level_tools(),
        performance_tool(),
        tail_risk_tool(),
    )
