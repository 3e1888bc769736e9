"""Writes of the importing desk: one act, one function, one transaction, one line of the audit.

Locks are taken in this order: shipment, presentation, the trader's balance, outbox, audit.
"""
