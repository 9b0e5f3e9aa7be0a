"""Messages and views as Block Kit; pure, no I/O.

An alert's parent message and its thread replies are drawn in alert.py, answers in report.py, the
App Home and the modals in app_home.py and forms.py. May import: bot.domain, text, ports. Outside
text goes through mrkdwn.py, and every message stays within the limits of limits.py. To add a
block, add its builder to elements.py and check it against Slack's types in tests.
"""
