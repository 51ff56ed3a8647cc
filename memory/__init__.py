"""Conversations that are remembered: short-term, persisted, and logged."""
