"""Detectors of services: containers, databases, the outbox and the model provider."""
