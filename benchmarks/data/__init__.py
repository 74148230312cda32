"""Profiles, drift, checks and MMD beside their peers: `make bench-data`.

`workload.py` makes the data, `environments.py` an environment for each peer, `tasks.py` says
what is run and which goals it has, `measure.py` runs one tool in a process of its own,
`report.py` writes the table. The tools are `ours.py`, `bare_scan.py` and the files in `peers/`.
"""
