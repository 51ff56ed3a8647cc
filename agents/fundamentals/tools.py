"""The fundamentals analyst's tools."""

from langchain_core.tools import BaseTool

from agents.fundamentals.drift_tool import drift_tool
from agents.fundamentals.leverage_tools import leverage_tools
from agents.fundamentals.pool_tools import pool_tools
from agents.fundamentals.portfolio_tool import portfolio_tool
from agents.fundamentals.purchase_tool import purchase_tool
from agents.fundamentals.sentiment_tool import sentiment_tool
from agents.fundamentals.snapshot_tool import snapshot_tool
from agents.fundamentals.supply_tools import supply_tools
from agents.fundamentals.valuation_tools import valuation_tools
from agents.fundamentals.vesting_tool import vesting_tool


def fundamentals_tools() -> tuple[BaseTool, ...]:
    """Every tool of the fundamentals analyst."""
    return (
        *pool_tools(),
        *leverage_tools(),
        *supply_tools(),
        *valuation_tools(),
        vesting_tool(),
        portfolio_tool(),
        drift_tool(),
        snapshot_tool(),
        sentiment_tool(),
        purchase_tool(),
    )
