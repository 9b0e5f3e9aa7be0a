"""`batchbot demo`: the bot on simulated services and in a local Slack workspace.

`services` simulates HuleEdu's services, `incident/` holds the data, `workspace/` is the local
Slack, `page/` its web page, `run` starts everything. May import every other room; only bot.cli
starts it. To add an incident, add its rows and logs to incident/ and its script to `services`.
"""
