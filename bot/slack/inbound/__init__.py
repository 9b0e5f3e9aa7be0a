"""What Slack sends: listeners, payloads and the Socket Mode connection."""
