"""What Slack refuses, by its own rules and error names: messages, blocks, elements and views.

Pure; raises Refusal of state. To allow a further block or element, describe its fields with
`schema` in blocks or elements. Imports bot.demo.workspace.state alone.
"""
