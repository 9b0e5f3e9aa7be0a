r"""What the help of each subcommand says below its options: examples, exit codes, settings.

A paragraph that begins with \b keeps its line breaks.
"""

from bot.domain.evidence import LOG_SETTINGS

ASK = f"""\b
Examples:
  batchbot ask /batch status 34
  batchbot ask /queue --watch
  batchbot ask /batch status 34 --format json | jq .verdict
  batchbot ask /alerts export 3 --files .

\b
Exit codes:
  0  verdict ok or warning        2  wrong words, or nothing found
  1  verdict error                3  unknown: a needed source was unreadable
With --watch, Ctrl-C ends with the code of the last answer.

\b
Settings (environment or .env; the names are in .env.example):
  CJ_DATABASE_URL, LLM_QUEUE_REDIS_URL, KAFKA_BOOTSTRAP_SERVERS, CJ_URL,
  LLM_PROVIDER_URL, and LOG_SOURCE with what it needs:
  {LOG_SETTINGS}.
  BOT_DATABASE_URL or BOT_DATA_DIR for /alerts and run labels.
  NO_COLOR=1 switches colours off.
"""
RUN = """\b
Examples:
  batchbot doctor && batchbot run
  batchbot run 2>>batchbot.log

\b
Exit codes:
  0  ended by Ctrl-C or SIGTERM   2  a setting is missing or wrong: starting
  69 Slack or its own database       again does not help
     is away, or its port taken:    70 something broke inside: a bug
     starting again helps

\b
Settings (environment or .env; the names are in .env.example):
  SLACK_BOT_TOKEN, and SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET
  (HTTP); SLACK_ALERT_CHANNEL, SLACK_OPERATORS, SLACK_ALLOWED_USERS; and the
  sources that `batchbot ask --help` lists. `batchbot doctor` checks them all.
"""
FILES = """\b
Examples:
  batchbot files
  batchbot files readonly_role.sql | psql "$OWNERS_DATABASE_URL"
  batchbot files .env.example > .env
"""
HEALTH = """\b
Examples:
  batchbot health
  docker exec batchbot-batchbot-1 batchbot health

\b
Exit codes:
  0  ready    1  not ready, or no answer    2  a setting is wrong

It asks /readyz on HTTP_PORT: a leader's ticks are on time, its database answers,
Slack takes alerts. The image's HEALTHCHECK is this command.
"""
DEMO = """\b
Examples:
  batchbot demo
  batchbot demo --port 8766

It needs no settings, and prints how to ask it from a second terminal.
Exit code 0 after Ctrl-C, 2 when the port is taken.
"""
REPLAY = """\b
Examples:
  mkdir logs; docker logs --timestamps NAME > logs/NAME.log 2>&1
  batchbot replay --logs logs
  batchbot replay --logs alert-17-stuck_queue.zip --format json | jq .title

What was read, and what could not be, is told on stderr at the end. Where nothing was
told, one line says so with what was read; in JSON its "event" is "none".

\b
Exit codes:
  0  everything was read          2  there is nothing to read
  3  a file was not read to its end

\b
Settings: LOG_TIMEZONE for times without a zone, SERVICES, DETECTOR_<NAME>_*.
"""
DOCTOR = """\b
Examples:
  batchbot doctor || echo "not ready"
  batchbot doctor --logs      which log texts occur in the logs at hand

Exit code 1 when something needed is broken, else 0. It reads every setting,
changes nothing, and shows no value that could be a secret.
"""
MCP = """\b
For a coding agent, which starts it by itself; its tools only read:
  claude mcp add batchbot -- batchbot --env-file /path/to/.env mcp
or in its list of servers:
  {"mcpServers": {"batchbot": {"command": "batchbot",
    "args": ["--env-file", "/path/to/.env", "mcp"]}}}
The settings are those of `batchbot ask`.
"""
MANIFEST = """\b
Examples:
  batchbot manifest > slack-manifest.yaml
  SLACK_COMMAND_PREFIX=hule- batchbot manifest

\b
Settings: SLACK_COMMAND_PREFIX; HTTP mode when SLACK_SIGNING_SECRET is set and
SLACK_APP_TOKEN is not, with HTTP_PUBLIC_URL as the address that Slack calls.
"""

# pipx and uv keep what they install apart from pip's packages.
EXTRA = (
    "Install batchbot with its extra. A wheel: pipx install --force or uv tool install --force"
    " 'batchbot-….whl[{0}]'. Otherwise: pip install 'batchbot[{0}]'"
)
