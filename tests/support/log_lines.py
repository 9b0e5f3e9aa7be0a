"""One event in every format of a log, and lines of which any bytes may be made."""

from hypothesis import strategies as st

ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"

ISO = (
    "2025-11-18T23:48:23.771020Z [info     ] serial_bundle_dispatch         "
    "[llm_provider_service.queue_processor] extra={'bundle_size': 8, 'provider': 'anthropic', "
    "'model_override': None, 'hint': {'a': [1, 'x y']}} filename=queue_processor_impl.py "
    "func_name=_process lineno=431"
)
COLOUR = (
    "\x1b[2m2025-11-18T23:48:23.771020Z\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] "
    "\x1b[1mserial_bundle_dispatch        \x1b[0m [\x1b[0m\x1b[1m\x1b[34mllm_provider_service."
    "queue_processor\x1b[0m]\x1b[0m \x1b[36mextra\x1b[0m=\x1b[35m{'bundle_size': 8}\x1b[0m "
    "\x1b[36mfilename\x1b[0m=\x1b[35mqueue_processor_impl.py\x1b[0m \x1b[36mlineno\x1b[0m=431"
)
JSON = (
    '{"logger_name": "llm_provider_service.queue_processor", "extra": {"bundle_size": 8, "id": '
    f'"UUID(\'{ID}\')"}}, "event": "serial_bundle_dispatch", "timestamp": '
    '"2025-11-18T23:48:23.771020Z", "level": "info", "filename": "queue_processor_impl.py", '
    '"func_name": "_process", "lineno": 431, "service.name": "llm_provider_service"}'
)

PIECES = st.sampled_from(
    [
        ISO.encode(), COLOUR.encode(), JSON.encode(), JSON.encode()[:99], b"{", b'{"event":', b"[",
        "│ x │".encode(), "╭─ Traceback (most recent call last) ─╮".encode(), b"ValueError: x",
        b"Traceback (most recent call last):", b"2025-13-40T99:99:99Z [info ] x",
        b"0001-01-01 00:00:00 [info     ] x", b"9999-12-31T23:59:59-14:00 [info] x",
        b"2025-11-18T23:48:23Z ", b'{"event": 5, "timestamp": true, "positional_args": 3}',
        b'{"event": null, "extra": [], "level": {}}', b"1 [error ] extra={'a': ((((", b"[a] k=",
        b'{"event": "%s %d", "positional_args": ["a", "b"], "exception": [{"exc_type": "E"}]}',
    ]
)  # fmt: skip
LINES = st.lists(
    st.one_of(PIECES, st.binary(max_size=60), st.builds(lambda a, b: a + b, PIECES, st.binary()))
)
