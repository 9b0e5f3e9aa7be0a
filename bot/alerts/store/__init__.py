"""The bot's own database: alerts, silences, commands and labels, in Postgres.

postgres.py is the store of one environment (lead, ticks, outbox), commands.py what commands ask
for, database.py the pool and its errors, sql.py and outbox_sql.py every statement,
serialization.py rows and JSON. The only place that imports asyncpg for this database. To change a
table, append to MIGRATIONS; names that stand in running databases stay.
"""
