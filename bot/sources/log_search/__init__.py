"""Searching log files at the speed of grep, within bounds on bytes, events and time.

`search` runs a query over a `segment` (one log over its rotated `file`s), `scan` finds words in
it (log_format.memmem), `merge` joins the results of several logs. May import log_format.
To add a source of files, open a Segment for each and call search_segment.
"""
