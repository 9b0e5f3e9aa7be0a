"""batchbot as a Model Context Protocol server, for coding agents: what `ask` answers, read-only.

`server` speaks the protocol by the official SDK, the only room that imports it; `tools` says which
commands are tools, with their parameters; `report_schema` describes an answer; `texts` holds the
prompt and the catalogue's pages. A new tool is one row of TOOLS: it appears once its command does.
"""
