"""Everything that speaks Slack: blocks, text, threads, connections."""
