"""What is said of a loss, and what flows between the rooms, as data.

Imports from no other room.
"""
