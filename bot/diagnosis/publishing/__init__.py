"""Whether a callback really reached Kafka: the provider logs success before it knows.

Pure; imports no other room of bot.diagnosis. To add a sign, add it to `signs` and what it changes
to `memory`.
"""
