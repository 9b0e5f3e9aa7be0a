"""What Redis' addresses, errors and items mean; the queue itself is read in llm_queue."""
