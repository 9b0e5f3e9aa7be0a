"""Callbacks of the LLM provider as facts: the message, its contract, and counts of breaches."""
