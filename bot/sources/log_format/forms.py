"""How the first line of an event is written as text: by HuleEdu, and by what runs beside it.

Each form is what such a line begins with, up to where its message begins. Nothing in them differs
between text and bytes, so that what is searched as bytes is taken apart as text alike.
"""

_CLOCK = r"\d\d:\d\d:\d\d"
# What follows a fraction is never one of its digits, so none is tried without.
TIME = rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?:[.,]\d{{1,9}}+)?"
ZONE = r"(?:\s?(?:Z|z|[+-]\d\d:?\d\d))?"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"({'|'.join(MONTHS)})"
_LEVEL = r"(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b"

# structlog's console, with an ISO time or a naive local one; Java's first thread is no level.
CONSOLE = rf"({TIME}{ZONE}) \[(?!main\])([A-Za-z]+)\s*\] ?"
_CODES = r"(?:\x1b\[[0-9;]*m)*"
# The same as a terminal shows it, where a code stands as structlog writes them.
COLOURED = rf"{_CODES}{TIME}{ZONE}{_CODES} {_CODES}\[{_CODES}(?!main\b)[A-Za-z]+\s*{_CODES}\]"
# An ASGI or WSGI server.
SERVER = rf"\[({TIME}{ZONE})\] \[\d+\] \[([A-Z]+)\s*\] ?"
# Java's log4j as Kafka and Elasticsearch have it, and Flask.
BRACKETED = rf"\[({TIME}{ZONE})\] ?\[?{_LEVEL}\s*\]?[\s:-]*"
# The standard library, logback, Spring, loguru, zap: behind the time perhaps a thread in brackets
# and a logger's name, then the level.
_THREAD = r"(?:\[(?!\d{4}-)[^\[\]]{0,100}\]\s*(?:- )?)?"
BEHIND_TIME = rf"\s*(?:[|-]\s*)?{_THREAD}(?:([\w.:-]{{1,200}}) - )?{_LEVEL}"
STANDARD = rf"({TIME}{ZONE}){BEHIND_TIME}[\s:|-]*"
# Postgres's `log_line_prefix` of '%m [%p] ', as its image has it, perhaps with `%u@%d` behind.
POSTGRES = (
    rf"({TIME} ?(?:UTC|GMT|[+-]\d\d(?::?\d\d)?)) "
    r"\[(\d{1,10})(?:-\d{1,9})?\] (?:[^\s:]{0,120} )?"
    r"(DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC"
    r"|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): +"
)
# A service that writes no level: its time alone begins a line, where a level's does not.
TIMED = rf"(\d{{4}}-\d\d-\d\dT{_CLOCK}(?:[.,]\d{{1,9}})?(?:[Zz]|[+-]\d\d:?\d\d)) (?=\S)"
# nginx's errors, and Go's own log, which has no level.
SLASHED = rf"(\d{{4}})/(\d\d)/(\d\d) ({_CLOCK}(?:\.\d{{1,9}})?)(?: \[([a-z]+)\])? (?=\S)"
# The role of the process stands behind its number, the level is a sign.
REDIS = rf"\d{{1,10}}:[XCSM] (\d\d) {_MONTH} (\d{{4}}) ({_CLOCK}(?:\.\d{{1,9}})?) ([.*#-]) "
# The common log format of nginx, Apache and Traefik.
ACCESS = (
    r"(?:[\da-f:.]{2,45} [^\s\[]{1,60} [^\s\[]{1,60} )?"
    rf"\[(\d\d)/{_MONTH}/(\d{{4}}):({_CLOCK}) ([+-]\d{{4}})\](?: |\Z)"
)
# Kubernetes' own programs and syslog tell no year.
KLOG = rf"([IWEF])\d{{4}} {_CLOCK}\.\d{{1,9}} +\d+ [\w.-]{{1,100}}:\d+\] "
SYSLOG = rf"{_MONTH} [ \d]\d {_CLOCK} [\w.:-]{{1,100}} (?=[\w./-]{{1,60}}(?:\[\d{{1,10}}\])?: )"
# What Go's and Grafana's programs write as pairs: the time first, or behind the level.
_EPOCH = r"\d{10}(?:\.\d{1,9})?"
_PAIR_LEVEL = r"(?:level|lvl)=([A-Za-z]{1,20})\b"
LOGFMT = (
    rf"(?:logger=[\w.-]{{1,100}} )?(?:{_PAIR_LEVEL} )?"
    rf'(?:time|ts|t)="?({TIME}{ZONE}|{_EPOCH})"?(?: {_PAIR_LEVEL})?(?= |\Z)'
)
# librdkafka's own: syslog's number of the level, seconds since 1970.
RDKAFKA = rf"%([0-7])\|({_EPOCH})\|"
# uvicorn pads the level's name, and tells no time at all.
PADDED = r"(?:(INFO|DEBUG): {5}|(ERROR): {4}|(WARNING): {2}|(CRITICAL): )(?=\S)"

# Those that surely begin an event, tried by what a line begins with: most begin with a date.
SURE = (
    rf"(?:(?=\d{{4}}-)(?:{CONSOLE}|{STANDARD}|{POSTGRES})|(?=\[)(?:{SERVER}|{BRACKETED}|{ACCESS})"
    rf"|(?=\d)(?:{SLASHED}|{REDIS}|{ACCESS})|(?=[A-Za-f:])(?:{KLOG}|{SYSLOG}|{PADDED}|{ACCESS})"
    rf"|(?=[lt]){LOGFMT}|{RDKAFKA})"
)
# What any of them begins with, an object of JSON, or a terminal code before one of them. Each way
# begins with one character, which is seen at once.
MAY_BEGIN = (
    r"(?:[\d{\[\x1b]|[IWEF]\d{4} |[JFMASOND][a-z]{2} [ \d]|[A-Z][A-Z]{3,7}: "
    r"|[a-f][\da-f]{0,3}:[\da-f:]|:[\da-f:]|t(?:ime|s)?=|l(?:ogger|evel|vl)=|%[0-7]\|)"
)
NO_DIGIT_FIRST = "IWEFJMASONDCabcdef:lt%"

# Redis's signs are those of its documentation of `loglevel`, numbers those of syslog.
SIGNS = {
    ".": "debug",
    "-": "debug",
    "*": "info",
    "#": "warning",
    "I": "info",
    "W": "warning",
    "E": "error",
    "F": "critical",
    **dict.fromkeys("012", "critical"),
    "3": "error",
    "4": "warning",
    **dict.fromkeys("56", "info"),
    "7": "debug",
}
# Where a level is named by such a sign alone, as bytes.
SIGNED = {
    "warning": rf"(?<=:\d\d\.\d{{3}}) # |^W\d{{4}} {_CLOCK}\.|^%4\|",
    "error": rf"^E\d{{4}} {_CLOCK}\.|^%3\|",
    "critical": rf"^F\d{{4}} {_CLOCK}\.|^%[0-2]\|",
    "info": rf"(?<=:\d\d\.\d{{3}}) \* |^I\d{{4}} {_CLOCK}\.|^%[56]\|",
    "debug": r"(?<=:\d\d\.\d{3}) [.-] |^%7\|",
}


def iso(year: str, month: str, day: str, clock: str, zone: str = "") -> str:
    """Return a time as ISO 8601 writes it; a month may be its name."""
    number = f"{MONTHS.index(month) + 1:02}" if month in MONTHS else month
    return f"{year}-{number}-{day}T{clock}{zone}"
