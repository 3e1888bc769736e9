"""What the machines' side of every office shares: tokens, problems, pages of lists, keys that make a write happen once."""
