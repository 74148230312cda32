"""What effort saves, on data that others published: each module is run with `python -m`.

`picking` counts the labels it takes to find the best model, `cleaning` the accuracy after each
row cleaned, `clean_pairs` follows a dirty table to its clean one, `active_cleaning` trains linear
models as rows are cleaned, `feasibility` holds verdicts against what is known. Paths of data are
arguments.
"""
