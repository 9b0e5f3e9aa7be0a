"""What people do in the local workspace: type, press, open, submit, and set faults."""
