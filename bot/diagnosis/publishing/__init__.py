"""Whether a callback really reached Kafka: the provider logs success before it knows."""
