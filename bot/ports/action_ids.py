"""The ids that Slack sends back: what is drawn with one of them is heard under it.

Action ids of buttons, callback ids of views and shortcuts, and the ids of a form's blocks.
"""

TRACE_SHORTCUT = "trace_this"
COMMAND_ACTION = "run"
DETAILS_ACTION = "run_details"
CANCEL_ACTION = "cancel"
SHARE_ACTION = "share"
REFRESH_ACTION = "home_refresh"
FORM_CALLBACK = "fill_in"
SHEET_CALLBACK = "sheet"
TYPED_BLOCK = "word"
PICKED_BLOCK = "pick"
FORM_ACTION = "value"
EVENTS = ("app_home_opened", "app_mention", "message.im")
EVENTS_PATH = "/slack/events"
