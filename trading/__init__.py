"""Pure functions on prices and positions."""
