"""What happened, unalterable: the lowest office, which names actors and subjects by stable text."""
