"""What people do in the local workspace: type, press, open, submit, and set faults.

Each handler takes a /workspace/* call of the page, changes the state and sends the app the
payload that Slack would send (payloads). May import state, validation and web_api. To add an
action, add a handler here and its route in server.
"""
