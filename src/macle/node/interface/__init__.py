"""What machines meet at every office: tokens, problems, lists by the page, keys that make a write happen once."""
