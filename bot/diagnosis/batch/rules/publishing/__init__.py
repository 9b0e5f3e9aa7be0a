"""The rules on what was not published to Kafka: callbacks of the provider, and events of CJ.

May import what bot.diagnosis.batch.rules may. To add one, write its function and name it in RULES
there.
"""
