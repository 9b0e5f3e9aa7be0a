"""What Slack refuses, by its own rules and names: messages, blocks, elements and views."""
