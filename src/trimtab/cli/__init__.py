"""The command line: verbs grouped by room, one file a room.

A command parses, calls one function of its room, and prints: no logic lives here. Rooms are
imported inside the commands, so that `trimtab --help` is quick.
"""
