"""Davina, the business analyst."""
