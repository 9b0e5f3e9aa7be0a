"""Messages and views as Block Kit; pure."""
