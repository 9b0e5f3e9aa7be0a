"""The local workspace's memory: channels, messages, installation, sockets and feeds."""
