"""A chat model without weights: it chooses tools, reads arguments, and quotes what it was given."""
