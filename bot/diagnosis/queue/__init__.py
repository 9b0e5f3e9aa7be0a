"""Whether the LLM provider's queue moves, from Redis and from the logs."""
