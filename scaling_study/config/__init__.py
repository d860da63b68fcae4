"""The configuration: its keys, types, ranges and combinations, and what the user's arguments become."""
