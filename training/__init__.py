"""From logged interactions to rewards."""
