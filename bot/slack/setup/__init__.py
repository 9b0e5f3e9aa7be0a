"""What is settled before the first message: manifest, identity, names."""
