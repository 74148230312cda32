"""What a row tells when a flight is due to leave: its schedule, its plane, and the weather.

A feature is a named Polars expression over the columns of one row. The same expressions are
computed in training and in the server. Left out: the month and the day of the year, since a
model that has seen only winter cannot know what they mean in summer.
"""

from math import pi

import polars as pl


def features() -> dict[str, pl.Expr]:
    """Return the features by name."""
    departure = _minute_of_day("sched_dep_time")
    arrival = _minute_of_day("sched_arr_time")
    wind, angle = pl.col("wind_speed"), pl.col("wind_dir") * (pi / 180)
    return {
        # the schedule
        "carrier": pl.col("carrier"),
        "origin": pl.col("origin"),
        "dest": pl.col("dest"),
        "dep_minute": departure,
        "arr_minute": arrival,
        "sched_block": (arrival - departure) % 1440,
        "day_of_week": pl.date("year", "month", "day").dt.weekday(),
        "distance": pl.col("distance"),
        # the weather at the airport in the hour of departure
        "temp": pl.col("temp"),
        "dewp": pl.col("dewp"),
        "humid": pl.col("humid"),
        "wind_speed": wind,
        "wind_north": wind * angle.cos(),
        "wind_east": wind * angle.sin(),
        "wind_gust": pl.when(wind.is_not_null()).then(pl.col("wind_gust").fill_null(0.0)),
        "precip": pl.col("precip"),
        "pressure": pl.col("pressure"),
        "visib": pl.col("visib"),
        # the plane
        "plane_seats": pl.col("seats"),
        "plane_age": pl.col("year") - pl.col("year_plane"),
    }


def landed() -> pl.Expr:
    """Return when the plane reached its gate, by New York's clock: then the label is known.

    The file has the arrival by the clock of the destination, without the day. The flight took
    the difference of the two clocks, less what the destination's clock is ahead of New York's.
    """
    scheduled = pl.datetime("year", "month", "day", "hour", "minute", time_zone="UTC")
    left = scheduled + pl.duration(minutes="dep_delay")
    by_clocks = _minute_of_day("arr_time") - _minute_of_day("dep_time")
    return left + pl.duration(minutes=(by_clocks - _minutes_ahead()) % 1440)


def _minute_of_day(column: str) -> pl.Expr:
    """Return the minute of the day of a clock time such as 1345."""
    return pl.col(column) // 100 * 60 + pl.col(column) % 100


# Destinations outside New York's time zone
CENTRAL = [
    "AUS", "BHM", "BNA", "DFW", "DSM", "HOU", "IAH", "MCI", "MDW", "MEM", "MKE",
    "MSN", "MSP", "MSY", "OKC", "OMA", "ORD", "SAT", "STL", "TUL", "XNA",
]  # fmt: skip
MOUNTAIN = ["ABQ", "BZN", "DEN", "EGE", "HDN", "JAC", "MTJ", "SLC"]
PACIFIC = [
    "BUR", "LAS", "LAX", "LGB", "OAK", "PDX", "PSP", "SAN", "SEA", "SFO", "SJC", "SMF", "SNA",
]  # fmt: skip
CARIBBEAN = ["BQN", "PSE", "SJU", "STT"]  # no summer time there, nor in Phoenix and Honolulu
PHOENIX, HONOLULU, ANCHORAGE = "PHX", "HNL", "ANC"


def _minutes_ahead() -> pl.Expr:
    """Return how far the destination's clock is ahead of New York's on the day of the flight."""
    summer = pl.date("year", "month", "day").is_between(
        pl.date(2013, 3, 10), pl.date(2013, 11, 3), closed="left"
    )
    hour = summer.cast(pl.Int64)
    dest = pl.col("dest")
    return 60 * (
        pl.when(dest.is_in(CENTRAL)).then(-1)
        .when(dest.is_in(MOUNTAIN)).then(-2)
        .when(dest.is_in(PACIFIC)).then(-3)
        .when(dest.is_in(CARIBBEAN)).then(1 - hour)
        .when(dest == PHOENIX).then(-2 - hour)
        .when(dest == HONOLULU).then(-5 - hour)
        .when(dest == ANCHORAGE).then(-4)
        .otherwise(0)
    )  # fmt: skip
