"""Users, their roles for a time, their deputies, and how they sign in."""
