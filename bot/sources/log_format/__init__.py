"""Log lines of HuleEdu services as events: JSON, console and tracebacks; pure, no I/O.

`parser` is the entry, `head` recognises a line that begins an event, `codec` removes what a
container runtime puts around lines, `memmem` finds words in bytes by the C library. Imports nothing
of the other sources. To add a format: a shape in `head`, its fields in `fields`, and lines of it in
the tests.
"""
