"""Logs in Loki: `source` implements LogSource.

`http` makes the requests, `paging` reads a range in pages, `layouts` reads the labels there are,
`labels` finds the streams of the services among them, `follow` polls. May import log_format,
log_search, log_follow and docker.codec: what Loki returns is searched and parsed like a file. A
further request to Loki is a method of LokiHttp.
"""
