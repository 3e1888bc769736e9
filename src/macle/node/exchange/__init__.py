"""Letters between authorities: what goes out, by which carrier, and what became of it."""
