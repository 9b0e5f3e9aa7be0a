"""What Redis' addresses, errors and items mean; the queue itself is read in llm_queue.

May import bot.domain, border, drivers and errors. To explain a further refusal, add a row to the
table of errors.
"""
