"""The bot's own state: vitals, metrics, health over HTTP, and calls of sources."""
