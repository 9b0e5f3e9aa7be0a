"""Log lines of HuleEdu services as events: JSON, console and tracebacks; pure, no I/O.

`parser` is the entry, `head` recognises a line that begins an event by its `forms`, `continuation`
one that goes on with it, `codec` removes what a container runtime puts around lines, `memmem` finds
words in bytes by the C library. Imports nothing of the other sources. To add a format: what it
begins with in `forms`, its parts in `head`, its fields in `fields`, and a line of it in the tests
of `continuation`, which try it with every other.
"""
