"""Days and cases whose truth is known, and what the bot says of them."""
