"""Room 1: data comes in, is versioned, described, and held against what it should be.

A guide, in the order a row meets them:

- `sources` reads a file (`files`, `text`, `text_types`), a data frame, a database query or a data
  set inside a package; `types` says what a stored column can be.
- `time` turns whatever dates a row into one UTC event time, and cuts time into windows.
- `intake` sorts rows into those to keep and those to set aside, and refuses clashing keys;
  `fingerprint` names content by a hash that no file name or clock has a part in.
- `tables` adds rows to Delta tables, or mends them (`mended_rows`); each makes a *dataset version*
  (`flights@7`). `table_reader` reads them back, `quarantine` holds what was set aside,
  `version_facts` what is kept of a version in the log that `delta_log` opens.
- `describable` opens rows for the next three, and keeps a column that no table can hold from
  costing the others.
- `profile` describes tables in one pass over `batches`, whole and by `groups`, and adds parts up.
  `column_profile` says what is known of a column, `column_facts` gathers it (`number_facts`,
  `text_facts`, `levels`, `known_levels`, `vector_profile`; `column_notes` says what is odd),
  `column_merge` adds, `profile_file`
  keeps it.
- `schema` is the reviewed file of what a table should look like (`schema_column`,
  `schema_links`, `schema_file`; `conditions` reads its SQL); `infer` drafts it, `schema_diff`
  compares two of them (`schema_demands`: what is asked now and was not; `unit_change`: years that
  became months; `scale_change`: Celsius that became Fahrenheit).
- `checks` holds rows against a schema in one scan: `row_checks`, `column_checks`,
  `table_checks`, `distribution_checks`, and those that need another table: `foreign_keys`,
  `reference_checks`.
- `quality` scores a table on four dimensions from the rules (`quality_rules`), what is missing
  (`quality_markers`, `quality_gaps`) and the age of its rows (`quality_age`); `quality_history`
  keeps the figures of each dataset version.
- `drift` compares two sets of rows (`drift_sides`, `drift_plan`): rows as independent
  (`row_drift`, `count_drift`, `joint_drift`), from stored profiles (`profile_drift`,
  `cell_drift`), or against blocks of the same kind (`block_drift`, `block_counts`). `drift_tests`
  says what a test is, `built_in_tests` which there are, `drift_verdict` which findings are drift,
  `drift_report` what comes of them, `effect_words` by how much.
- `report` draws all of these as pages (`report_words`, `report_pictures`, `templates/`).

`deltalake` is imported by `delta_log` alone, the ADBC drivers by `sources` alone.
"""
