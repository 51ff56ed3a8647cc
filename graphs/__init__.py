"""LangGraph graphs: the orchestrator and the one shape every specialist runs in."""
