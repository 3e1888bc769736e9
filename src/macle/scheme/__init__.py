"""The Scheme: what is true and what is allowed. Pure: no clock, no network, no framework."""
