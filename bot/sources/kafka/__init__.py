"""Kafka: the callback topic and how far consumers came."""
