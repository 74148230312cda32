"""Room 1: data comes in, is versioned, described, and held against what it should be.

A guide, in the order a row meets them:

- `sources` reads a file, a data frame, a database query or a data set inside a package.
- `time` turns whatever dates a row into one UTC event time, and cuts time into windows.
- `fingerprint` names content by a hash that no file name or clock has a part in.
- `tables` appends rows to Delta tables; each append is a *dataset version* (`flights@7`).
- `profile` describes columns; `schema` is the reviewed file of what they should look like.
- `checks` holds rows against a schema; `drift` compares two sets of rows.

`deltalake` is imported by `tables` alone, the ADBC drivers by `sources` alone.
"""
