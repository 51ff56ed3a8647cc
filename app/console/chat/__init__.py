"""The chat: a thread's turns, what goes on in them, and what a person does with them."""
