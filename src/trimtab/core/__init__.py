"""The words every room shares: errors, records, the project file, the workspace and its store.

Nothing here knows about data frames, models or servers. Rooms below import from here; nothing
here imports from them.
"""
