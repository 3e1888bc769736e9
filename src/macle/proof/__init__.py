"""The bytes that prove: encode, sign, verify, trust. No database, no web, no clock."""
