"""What is work worth: can it work, what to clean, whom to ask, which model is best today.

==================  ======================================================================
`feasibility`       whether an accuracy is realistic, before anyone trains
`cleaning`          `cleaning_order`: which row to clean first, and when to stop (CPClean)
`cleaning_table`    the same for a table with unsure cells: repairs, a file, a session
`cleaning_file`     a session in one SQLite file, written before each fix is used
`cleaning_handoff`  rows to people as CSV; `cleaning_import` takes their answers back
`cleaning_finish`   the cleaned table, and where it came from
`cleaning_report`   what cleaning was worth so far, and what going on may bring
`active_cleaning`   `ActiveClean`: which rows to clean for a linear model, which learns meanwhile
`active_start`      the same for a table: features, a file, a session that others go on with
`cleaning_open`     opens a session of either kind
`repairs`           what an unsure cell may hold; `suspects` finds cells that may be wrong
`labelling`         labelling functions: rules that vote on rows
`vote_tables`       tables of votes: a column a source
`label_tables`      `label_model` on them: labels, how far each rule is right, rows to train on
`label_errors`      labels that are probably wrong
`picking`           `ModelPicker`: the best of several models, asking for few labels
`pick_rows`         `pick_model`: the same for a table of predictions
==================  ======================================================================

Parts of these carry their name: `cleaning_scores` keeps up to date what is certain and what each
row would settle, `cleaning_answers` holds what a session answers, `cleaning_store` lays out the
file of a session of either kind, `cleaning_levels` names values that are new to a column,
`active_*` are of `active_cleaning`, and each `*_page` is an answer as HTML.
"""
