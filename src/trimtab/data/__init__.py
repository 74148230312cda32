"""Room 1: data comes in, is versioned, described, and held against what it should be.

A guide, in the order a row meets them:

- `sources` reads a file (`files`, `text`), a data frame, a database query or a data set inside
  a package; `types` says what a stored column can be.
- `time` turns whatever dates a row into one UTC event time, and cuts time into windows.
- `intake` sorts rows into those to keep and those to set aside, and refuses clashing keys;
  `fingerprint` names content by a hash that no file name or clock has a part in.
- `tables` appends rows to Delta tables; each append is a *dataset version* (`flights@7`).
- `profile` describes tables (`column_profile` their columns); `schema` is the reviewed file of
  what they should look like, and drafts it.
- `checks` holds rows against a schema (`row_checks`, `table_checks`).
- `drift` compares two sets of rows: rows as independent (`row_drift`), or against blocks of
  the same kind (`block_drift`).

`deltalake` is imported by `tables` alone, the ADBC drivers by `sources` alone.
"""
