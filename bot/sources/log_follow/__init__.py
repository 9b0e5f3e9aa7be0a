"""Following log files line by line, without losing or repeating any.

`follow` watches files through rotation, `tail` reads one, `prefilter` drops what no detector
needs before it is parsed, `buffer` keeps events until a tick takes them. May import log_format
and log_search. To add a source of files, pass their paths and a codec to FileFollow.
"""
