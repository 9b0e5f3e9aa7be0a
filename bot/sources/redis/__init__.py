"""What Redis' addresses and errors mean; the queue itself is read in llm_queue."""
