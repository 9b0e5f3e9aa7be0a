"""What goes to Slack: posts, replies, views, with a fallback for what it refuses."""
