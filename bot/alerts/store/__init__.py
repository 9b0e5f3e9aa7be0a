"""The bot's own database: alerts, silences, commands and labels, in Postgres."""
