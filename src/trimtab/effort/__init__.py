"""What is work worth: can it work, what to clean, whom to ask, which model is best today.

==================  ======================================================================
`feasibility`       whether an accuracy is realistic, before anyone trains
`cleaning`          `cleaning_order`: which row to clean first, and when to stop (CPClean)
`cleaning_table`    the same for a table with empty cells: plain repairs, a file, a session
`cleaning_file`     a session in one SQLite file, written before each fix is used
`labelling`         labelling functions: rules that vote on rows
`vote_tables`       `label_model` on tables of votes: labels, and how far each rule is right
`picking`           `ModelPicker`: the best of several models, asking for few labels
`pick_rows`         `pick_model`: the same for a table of predictions
==================  ======================================================================

Parts of these carry their name: `cleaning_scores` keeps up to date what is certain and what each
row would settle, `cleaning_answers` holds what a session answers.
"""
