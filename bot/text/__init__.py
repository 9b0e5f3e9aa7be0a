"""Outside text made presentable, and the words that every renderer shares."""
