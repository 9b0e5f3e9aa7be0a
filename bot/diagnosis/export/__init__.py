"""Reports and alerts as files: a page, a bundle, samples that replay.

May import bot.catalogue, domain and text, no other room of bot.diagnosis. To add a file to an
export, add it to `bundle` or `alert`; what leaves is let out as everywhere.
"""
