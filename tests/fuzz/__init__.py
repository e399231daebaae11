"""Run folders that somebody else has edited (`make fuzz`): each is refused in one message, or still is the run.

`edits` changes a folder's files, `folders` makes the runs, `outcomes` runs a command on an edited folder and judges
what came of it, `workers` does so by the thousand, within a limit of time and memory.
"""
