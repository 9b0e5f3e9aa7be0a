"""One block of every type that a message may hold, each as large as it is likely to be."""

from typing import Any

Block = dict[str, Any]


def plain(words: str) -> Block:
    return {"type": "plain_text", "text": words}


def mark(words: str) -> Block:
    return {"type": "mrkdwn", "text": words}


def options(*words: str) -> list[Block]:
    return [{"text": plain(word), "value": word} for word in words]


def button(words: str, **more: Any) -> Block:
    return {"type": "button", "text": plain(words), "action_id": words, **more}


def rich(*pieces: Block) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [*pieces]}]}


def written(words: str, **style: bool) -> Block:
    return {"type": "text", "text": words, **({"style": style} if style else {})}


def item(words: str) -> Block:
    return {"type": "rich_text_section", "elements": [written(words)]}


def cells(*words: str) -> list[Block]:
    return [{"type": "raw_text", "text": word} for word in words]


MINUTES = [f"23:{minute}" for minute in range(40, 60, 2)]
SIZES = (3, 2, 4, 1, 1, 1, 1, 1, 1, 1)
CONFIRM = {"title": plain("Stop?"), "text": mark("It ends `1a2b3c`."), "confirm": plain("Stop"),
           "deny": plain("Keep"), "style": "danger"}  # fmt: skip


def series(name: str, values: tuple[float, ...]) -> Block:
    points = zip(MINUTES, values, strict=True)
    return {"name": name, "data": [{"label": label, "value": value} for label, value in points]}


def chart(kind: str, title: str) -> Block:
    both = [series("in the queue", SIZES), series("dispatched", tuple(map(float, SIZES[::-1])))]
    axes = {"categories": MINUTES, "x_label": "UTC", "y_label": "items"}
    drawing: Block = {"type": kind, "series": both, "axis_config": axes}
    if kind == "pie":
        parts = (("valid", 34), ("errors", 66), ("pending", 5))
        drawing = {"type": "pie", "segments": [{"label": l, "value": v} for l, v in parts]}  # noqa: E741
    return {"type": "data_visualization", "title": title, "chart": drawing}


CARD: Block = {"type": "card", "title": plain("Batch 34"), "subtitle": plain("SCORING"),
               "body": mark("Finalised *twice*."), "actions": [button("Look")]}  # fmt: skip
TASK: Block = {"type": "task_card", "task_id": "1", "title": "Read the logs", "status": "complete",
               "details": rich(written("4 containers"))}  # fmt: skip
TABLE: Block = {
    "type": "table",
    "rows": [cells("step", "at (UTC)", "where"), cells("created", "23:48:45", "cj_database"),
             cells("stored", "-", "no batch owns the comparison")],
}  # fmt: skip

EVERY_BLOCK: list[Block] = [
    {"type": "header", "text": plain("Batch 34 was finalised twice :warning:")},
    {"type": "divider"},
    {
        "type": "section",
        "text": mark("*Error:* _early_ ~no~ `code` <https://example.org|a link>\n&gt; a quote\n"
                     "```\n  code\n```<!date^1763509725^{date_short_pretty} {time_secs}|23:48>"),
        "fields": [mark("*Batch*\n34"), plain("34 of 100")],
        "accessory": {"type": "overflow", "action_id": "o", "options": options("Mute", "Export")},
    },
    {"type": "context", "elements": [mark("sources: `cj_database`, `logs`"), plain("12 s")]},
    {
        "type": "actions",
        "elements": [
            button("Acknowledge", style="primary"), button("Stop", style="danger", confirm=CONFIRM),
            {"type": "static_select", "action_id": "s", "placeholder": plain("Snooze"),
             "options": options("30 m", "2 h")},
            {"type": "radio_buttons", "action_id": "r", "options": options("here", "me")},
            {"type": "checkboxes", "action_id": "c", "options": options("logs", "rows")},
            {"type": "datepicker", "action_id": "d"},
        ],
    },
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [
                written("bold", bold=True), written(" and "), written("code", code=True),
                {"type": "emoji", "name": "warning", "unicode": "26a0-fe0f"},
                {"type": "link", "url": "https://example.org", "text": "link"},
                {"type": "date", "timestamp": 1763509725, "format": "{date_short_pretty} {time}"},
                {"type": "user", "user_id": "U0BATCHBOT"}, {"type": "team", "team_id": "T0"},
                {"type": "channel", "channel_id": "C0ALERTS00"},
                {"type": "color", "value": "#1f3a5f"}]},
            {"type": "rich_text_list", "style": "bullet", "elements": [item("one")]},
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [item("two")]},
            {"type": "rich_text_quote", "elements": [written("quoted")]},
            {"type": "rich_text_preformatted", "elements": [written("size  1\nmode  bundle " * 9)]},
        ],
    },
    TABLE,
    {"type": "data_table", "caption": "Newest batches", "page_size": 2,
     "rows": [cells("batch", "state"), *(cells(str(n), "SCORING") for n in range(30, 35))]},
    chart("line", "Queue size"), chart("bar", "By minute"), chart("area", "Load"),
    chart("pie", "Outcomes"),
    {"type": "image", "alt_text": "a chart elsewhere", "image_url": "https://example.org/x.png",
     "title": plain("Elsewhere")},
    {"type": "input", "label": plain("Which batch?"), "hint": plain("A number"),
     "element": {"type": "plain_text_input", "action_id": "t", "placeholder": plain("34")}},
    {"type": "markdown", "text": "## Title\nSome **bold** `code`\n\n- one\n- two\n\n> quoted\n\n"
     "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n---\n1. first"},
    {"type": "file", "external_id": "F1", "source": "remote"},
    CARD,
    {"type": "carousel", "elements": [CARD, CARD, CARD]},
    {"type": "container", "title": plain("More"), "is_collapsible": True,
     "child_blocks": [{"type": "section", "text": plain("inside")}, TABLE]},
    {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "f",
                                              "text": plain("Helpful")}]},
    TASK,
    {"type": "plan", "title": "Plan", "tasks": [TASK, {**TASK, "status": "in_progress"}]},
    {"type": "video", "video_url": "https://example.org/v", "alt_text": "A video",
     "thumbnail_url": "https://example.org/t.png", "title": plain("Video")},
]  # fmt: skip
