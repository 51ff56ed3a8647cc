"""What the models of tests are made of."""

from training.llama import LlamaShape, Recipe

SHAPE = LlamaShape(layers=2, width=64, heads=4, kv_heads=2, hidden=128, context=2048)
VOCABULARY = 512
RECIPE = Recipe(shape=SHAPE, vocabulary=VOCABULARY, steps=60, documents=200)
"""Some seconds of training."""
