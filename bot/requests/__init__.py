"""The way of a question to its one answer, from a typed line to the reply and the audit trail.

A line is read (command_text), admitted (access, admission) as a job, run within limits (jobs,
answering), said (replies) and audited (audit); dispatcher joins them for Slack, cli/ask for the
terminal. May import: bot.deferred, domain, errors, catalogue, text, ports, settings, registry, log,
monitoring, diagnosis; never Slack: what it needs of Slack is a port in bot/ports/messages.py. To
add a way to ask, make a Place and call Dispatcher.answer; to add something that happens to every
answer, add a step to the dispatcher.
"""
