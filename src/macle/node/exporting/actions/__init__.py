"""Writes of the exporting desk: one act, one function, one transaction, one line of the audit.

The rules of this package:

- An action takes who acts and when. It asks for the permission first, locks the application, checks, writes, and adds
  its step, its line of the audit and its letter in the same transaction: all of it commits or nothing does.
- Locks are taken in this order: application, number block, the trader's balance, outbox, audit.
- Only `steps.take` changes a state, and it asks the Scheme's table of acts.
"""
