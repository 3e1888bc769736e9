"""A Participant's node: a Django project, one app per office.

The command line imports it only for commands of a node, and nothing here is imported without ``macle[node]``.
"""
