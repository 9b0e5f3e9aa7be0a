"""The incident of 2025-11-18 as data: the schema of both revisions, rows and logs.

`rows` fills the database, `write_logs` with `bundle_lines` and `log_lines` writes the logs.
Imports nothing of the bot. To change the incident, change these files and run
`python -m bot.demo.incident.write_logs`.
"""
