from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import Ridge

from trimtab.effort.alike_rows import alike_values, told_share
from trimtab.effort.cleaning_columns import plain_values, repaired_column
from trimtab.effort.repairs import Option, cell_options, row_candidates
from trimtab.effort.suspects import Suspect


def read(frame, doubts=()):
    """Columns, cells, and which cells are unsure, of a table and its suspects."""
    cells = {name: plain_values(frame[name]) for name in frame.columns}
    unsure = {}
    for row in range(frame.height):
        for name in frame.columns:
            doubt = next((d for d in doubts if (d.row, d.column) == (row, name)), None)
            if cells[name][row] is None or doubt is not None:
                unsure.setdefault(row, {})[name] = doubt
    columns = tuple(
        repaired_column(
            frame[name], (), np.array([(r, name) in {(d.row, d.column) for d in doubts}
                                       for r in range(frame.height)])
        )
        for name in frame.columns
    )  # fmt: skip
    return columns, cells, unsure


def numbers(n=120, holes=True):
    rng = np.random.default_rng(4)
    a = rng.normal(size=n)
    values = np.column_stack([a, 3 * a + rng.normal(size=n) / 10, rng.normal(size=n)])
    missing = rng.random(values.shape) < 0.1 if holes else np.zeros(values.shape, dtype=bool)
    missing[missing.all(axis=1), 0] = False
    return np.where(missing, np.nan, values)


def by_origin(options):
    return {option.origin: option.value for option in options}


def test_numbers_are_guessed_as_scikit_learn_does():
    values = numbers()
    frame = pl.DataFrame(values, schema=["a", "b", "c"]).fill_nan(None)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    scaled = (values - low) / (high - low)
    model = IterativeImputer(
        Ridge(), max_iter=5, tol=0, min_value=0, max_value=1, skip_complete=True
    )
    with pytest.warns(match="Early stopping"):
        wanted = model.fit(scaled).transform(scaled) * (high - low) + low
    near = KNNImputer(n_neighbors=5).fit_transform(scaled) * (high - low) + low

    columns, cells, unsure = read(frame)
    found = cell_options(columns, cells, unsure, {})

    assert len(found) > 20
    for row, options in found.items():
        for name, some in options.items():
            at = "abc".index(name)
            assert some[0].origin == "model"
            assert some[0].value == pytest.approx(wanted[row, at])
            neighbours = by_origin(some).get("neighbours", some[0].value)
            assert neighbours == pytest.approx(near[row, at], abs=2e-3 * (high - low)[at])


def test_a_model_that_sees_the_other_columns_is_nearer_the_truth_than_the_mean():
    truth, holed = numbers(holes=False), numbers()
    columns, cells, unsure = read(pl.DataFrame(holed, schema=["a", "b", "c"]).fill_nan(None))

    found = cell_options(columns, cells, unsure, {})

    rows = [row for row in found if "b" in found[row] and not np.isnan(holed[row, 0])]
    errors = [
        [abs(by_origin(found[row]["b"]).get(name, np.nan) - truth[row, 1]) for row in rows]
        for name in ("model", "mean")
    ]
    assert np.nanmean(errors[0]) < np.nanmean(errors[1]) / 5


def plainly_told(keys, values):
    """Guess each value from the other rows with its key, and count the errors, one by one."""
    known = [(k, v) for k, v in zip(keys, values, strict=True) if k is not None and v is not None]
    wrong = 0
    for at, (key, value) in enumerate(known):
        counts = Counter(v for i, (k, v) in enumerate(known) if k == key and i != at)
        best = max(counts.values(), default=0)
        wrong += [v for v, n in counts.items() if n == best] != [value]
    plain = len(known) - max(Counter(v for _, v in known).values())
    return max(0, 1 - wrong / plain)


def alike_frame(n=80):
    rng = np.random.default_rng(5)
    t = rng.integers(0, 12, n)
    row = pl.int_range(n)
    return pl.DataFrame(
        {
            "x": rng.uniform(size=n),
            "k": [
                f"k{v // 3}" if sure else "k0"
                for v, sure in zip(t, rng.random(n) < 0.8, strict=True)
            ],
            "r": rng.choice(["p", "q"], n),
            "t": [f"t{v}" for v in t],
        }
    ).with_columns(
        x=pl.when(row % 9 != 1).then("x"),
        k=pl.when(row % 11 != 3).then("k"),
        t=pl.when(row % 7 != 0).then("t"),
    )


def test_values_of_alike_rows_are_those_of_a_plain_search():
    frame = alike_frame()
    columns, cells, _ = read(frame)
    width = columns[0].width
    rows = [row for row in range(80) if cells["t"][row] is None or row % 10 == 1]
    edges = np.quantile(frame["x"].drop_nulls(), np.linspace(0, 1, 11)[1:-1])
    tenths = [None if x is None else int((edges < x).sum()) for x in cells["x"]]
    weights = {
        name: plainly_told(keys, cells["t"]) + 1e-3
        for name, keys in {"x": tenths, "k": cells["k"], "r": cells["r"]}.items()
    }
    assert weights["k"] > weights["r"]

    doubted = {row: ("t", "k") if row % 10 == 1 else ("t",) for row in rows}
    found = alike_values(columns, cells, doubted, {"t": rows})

    for row in rows:
        ranked = []
        for other in range(80):
            if cells["t"][other] is None or other == row:
                continue
            both = [
                name
                for name in weights
                if name not in doubted[row] and None not in (cells[name][row], cells[name][other])
            ]
            apart = {
                name: abs(cells["x"][row] - cells["x"][other]) / width
                if name == "x"
                else float(cells[name][row] != cells[name][other])
                for name in both
            }
            if both:
                total = sum(weights[name] for name in both)
                ranked.append((sum(weights[n] * apart[n] for n in both) / total, other))
        nearest = [cells["t"][other] for _, other in sorted(ranked)[:10]]
        assert sorted(found[row, "t"]) == sorted(set(nearest))
        counts = [nearest.count(value) for value in found[row, "t"]]
        assert counts == sorted(counts, reverse=True)


@given(
    st.lists(
        st.tuples(st.integers(0, 4) | st.none(), st.integers(0, 3) | st.none()),
        min_size=1,
        max_size=40,
    )
)
def test_what_a_key_tells_is_what_leaving_one_out_finds(pairs):
    keys, values = ([pair[i] for pair in pairs] for i in (0, 1))
    numbers = [np.array([np.nan if v is None else v for v in some]) for some in (keys, values)]
    known = [v for k, v in pairs if k is not None and v is not None]

    found = told_share(*map(np.asarray, numbers))

    assert found == pytest.approx(plainly_told(keys, values) if len(set(known)) > 1 else 0)


def test_where_all_texts_are_suspect_the_rows_alike_still_tell():
    rng = np.random.default_rng(6)
    flight = np.repeat([f"f{i}" for i in range(12)], 10)
    right = rng.random(120) < 0.85
    time = [f"{f}:00" if sure else f"{f}:07" for f, sure in zip(flight, right, strict=True)]
    frame = pl.DataFrame({"time": time})
    doubts = [Suspect(row, "time", "web sites differ") for row in range(120)]
    columns, cells, unsure = read(frame, doubts)

    found = cell_options(columns, {**cells, "flight": flight.tolist()}, unsure, {})

    hits = [found[row]["time"][0].value == f"{flight[row]}:00" for row in range(120)]
    assert np.mean(hits) > 0.9
    assert all(time[row] in [o.value for o in found[row]["time"]] for row in range(120))


def test_nobody_learns_from_a_suspect():
    values = numbers(holes=False)
    frame = pl.DataFrame(values, schema=["a", "b", "c"])
    holed = frame.with_columns(a=pl.when(pl.int_range(120) != 3).then("a"))
    wrong = holed.with_columns(b=pl.when(pl.int_range(120) == 7).then(1e6).otherwise("b"))
    empty = holed.with_columns(b=pl.when(pl.int_range(120) != 7).then("b"))

    one, other = (
        cell_options(*read(wrong, [Suspect(7, "b", "far")]), {}),
        cell_options(*read(empty), {}),
    )

    assert one[3] == other[3]
    assert one[7]["b"][1] == Option(1e6, "as it stands")
    assert (one[7]["b"][0], *one[7]["b"][2:]) == other[7]["b"]


def test_whole_numbers_are_repaired_by_whole_numbers():
    frame = pl.DataFrame({"n": [1, 2, 4, None, 9], "m": [1.5, 2.5, 4.5, 3.5, 9.5]})

    options = cell_options(*read(frame), {})[3]["n"]

    assert all(option.value == round(option.value) for option in options)
    assert len({option.value for option in options}) == len(options)


def test_own_values_come_first_and_do_not_end_the_list():
    frame = pl.DataFrame({"t": ["a"] * 9 + ["b"] * 5 + [None]})

    options = cell_options(*read(frame), {(14, "t"): ["z", "b"]})[14]["t"]

    assert [option.value for option in options] == ["z", "b", "a"]
    assert [option.origin for option in options] == ["yours", "yours", "common"]


def test_own_values_are_all_kept_with_what_stands_there():
    frame = pl.DataFrame({"t": ["a"] * 9 + ["b"] * 5})
    yours = [f"v{i}" for i in range(12)]

    options = cell_options(*read(frame, [Suspect(3, "t", "named")]), {(3, "t"): yours})[3]["t"]

    assert [option.value for option in options] == [*yours, "a"]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_cells_of_a_row_go_together(sizes):
    options = {
        f"c{place}": [Option(10 * place + n, "x") for n in range(size)]
        for place, size in enumerate(sizes)
    }

    found = [
        {name: option.value for name, option in cells.items()} for cells in row_candidates(options)
    ]

    assert found[0] == {name: some[0].value for name, some in options.items()}
    assert len({tuple(cells.values()) for cells in found}) == len(found)
    assert len(found) <= max(8, *sizes)
    for name, some in options.items():
        assert {cells[name] for cells in found} == {option.value for option in some}


def test_a_row_may_be_right_in_all_of_its_suspects():
    mine = [Option(float(i), "yours") for i in range(8)]
    x = (*mine[:2], Option(20.0, "as it stands"), *mine[2:])
    z = (mine[0], Option(30.0, "as it stands"))
    found = row_candidates({"x": x, "z": z, "gap": (Option("a", "common"), Option("b", "common"))})
    values = [tuple(option.value for option in cells.values()) for cells in found]
    assert (20.0, 30.0, "a") in values
    assert {value[0] for value in values} == {option.value for option in x}
