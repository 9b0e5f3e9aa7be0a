"""The Docker Engine: containers, their logs and their events.

`engine` is the only client, `http` the raw stream beside it, `errors` the only translation of
failures. `containers` implements ContainerSource; `logs` implements LogSource, with `search` and
`follow` over the Engine's files (json_files) or its API (lines). May import log_format,
log_search and log_follow. A further call to the Engine is a method of Engine.
"""
