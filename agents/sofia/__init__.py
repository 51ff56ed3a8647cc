"""Sofia, the marketer."""
