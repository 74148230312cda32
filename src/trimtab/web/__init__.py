"""The pages: what a project's models did and why, drawn from the store and the registry.

`app.py` answers requests, `facts.py` reads, `view.py` and `charts.py` shape what was read for
the templates, `export.py` writes one page to one file. Nothing here computes a statistic and
nothing here writes to the store. No page loads anything from another host.
"""
