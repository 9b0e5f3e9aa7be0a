"""How `/batch` is called."""

from bot.registry import Usage

USAGES = (
    Usage(
        "status <id>",
        "what a batch's rows, logs and queue say, and what is wrong",
        "/batch status 34",
    ),
    Usage(
        "investigate <id> [--export]",
        "the whole story: funnel, causes in order, hypotheses, timeline; --export as a page, "
        "--about begins with an alert's rule",
        "/batch investigate 34",
    ),
    Usage(
        "bundle <id>",
        "its evidence as a zip for a bug report, with a folder for batchbot replay",
        "/batch bundle 34",
    ),
    Usage(
        "compare <id> <id>",
        "two batches side by side: the first step where they part, errors, latency and cost",
        "/batch compare 33 34",
    ),
    Usage(
        "compare mode:<mode> mode:<mode> --since 7d [--until 1d]",
        "the same for all batches of two batching modes; an unknown mode is counted as unknown",
        "/batch compare mode:per_request mode:serial_bundle --since 7d",
    ),
    Usage(
        "watch <id>",
        "one message that follows it to its end; `watch list`, `watch stop <id>`",
        "/batch watch 34",
    ),
    Usage(
        "list [state] [number] [--since 10:15] [--until 11:00]",
        "the newest batches, with a mark for those that need a look; `list stuck`, `list faulty`, "
        "`list unanswered` and `list open` show those alone",
        "/batch list",
    ),
    Usage(
        "trends [--since 7d] [--until 1d] [--by mode|model|provider]",
        "how batches did over a time: ended well, failures by cause, answer times and cost",
        "/batch trends --since 7d --by mode",
    ),
    Usage(
        "alias <label> <id>",
        "remember which batch a run label stands for",
        "/batch alias serial-bundle-20251119-0018 33",
    ),
)
