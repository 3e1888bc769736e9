"""Offices, officials with their keys, and the authorities of partners."""
