"""From logged interactions to what may be learned from them."""

from training.rewards import Judgement, Lesson, lesson, reward

__all__ = ["Judgement", "Lesson", "lesson", "reward"]
