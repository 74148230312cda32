import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from trimtab.data.checks import validate
from trimtab.data.drift import drift
from trimtab.data.drift_report import Bins, Finding
from trimtab.data.profile import profile
from trimtab.data.quality import quality
from trimtab.data.report import (
    drift_fragment,
    drift_page,
    profile_fragment,
    profile_page,
    quality_fragment,
    quality_page,
    schema_diff_fragment,
    schema_diff_page,
    validation_fragment,
    validation_page,
)
from trimtab.data.report_pictures import folded, pair, shape, spark_pair
from trimtab.data.report_words import (
    by_column,
    cut,
    effect,
    example,
    headline,
    said,
    share,
    weight,
)
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.schema_diff import schema_diff

VOID = {"meta", "input", "path", "rect", "br"}
EVIL = "<script>alert(1)</script>"


class Tags(HTMLParser):
    """Reads a page as a browser would, and remembers tags, texts and what does not close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def orders(seed: int, rows: int = 2_000, shift: float = 0.0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "size": random.normal(shift, 1, rows),
            "city": random.choice(["Paris", "Zürich", EVIL], rows),
            "hour": pl.Series(np.arange(rows) * 3_600_000_000, dtype=pl.Datetime("us", "UTC")),
            "none": pl.Series([None] * rows, dtype=pl.Float64),
        }
    )


STRICT = Schema(columns={"size": ColumnSchema(type="Float64", max=0.0, severity="stop")})
MADE = {
    "drift": lambda: (drift_page, drift_fragment, drift(orders(1), orders(2, shift=0.5))),
    "profile": lambda: (profile_page, profile_fragment, profile(orders(1))),
    "validation": lambda: (validation_page, validation_fragment, validate(orders(1), STRICT)),
    "quality": lambda: (quality_page, quality_fragment, quality(orders(1), STRICT)),
}


@pytest.fixture(params=MADE)
def made(request):
    return MADE[request.param]()


def test_a_page_is_whole_and_loads_nothing(made):
    page, _, report = made
    tags = Tags(page(report))

    assert tags.open == []
    assert [tag for tag, _ in tags.seen].count("h1") == 1
    assert not {"src", "href"} & {key for _, attributes in tags.seen for key in attributes}
    policy = next(a["content"] for _, a in tags.seen if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert len(page(report)) < 60_000


def test_text_of_the_data_is_never_markup(made):
    page, fragment, report = made

    for text in (page(report), fragment(report)):
        assert EVIL not in text
        assert [tag for tag, _ in Tags(text).seen].count("script") == text.count("<!doctype")


def test_a_notebook_shows_the_fragment(made):
    _, fragment, report = made
    tags = Tags(report._repr_html_())

    assert report._repr_html_() == fragment(report)
    assert tags.open == []
    assert tags.seen[0] == ("div", {"class": "tt"})
    assert "script" not in {tag for tag, _ in tags.seen}


def test_rules_of_the_sheet_stay_inside_the_fragment():
    sheet = re.search("<style>(.*?)</style>", profile_fragment(profile(orders(1))), re.DOTALL)[1]
    bare = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", sheet, flags=re.DOTALL)

    selectors = [s.strip() for group in re.findall(r"([^{}]+)\{", bare) for s in group.split(",")]
    # a comma inside :is() splits a selector; its first part tells where it holds
    roots = [s for s in selectors if not s.startswith(".picture") and not s.startswith(".words")]
    assert len(roots) > 50
    assert all(s.startswith(".tt") for s in roots)


def test_the_drift_page_has_the_worst_first_and_folds_what_did_not_move():
    old, new = orders(1), orders(2, shift=0.5).with_columns(more=1)
    report = drift(old, new)
    text = Tags(drift_page(report)).text
    moved, still = text.split("did not move")

    assert report.drifted == ["more", "size"]
    assert text.startswith("2 of 3 columns moved", text.index("Trimtab 2") + 8)
    assert moved.index("more –") < moved.index("is new") < moved.index(" sd ")
    assert "city" in still
    assert "city" not in moved


def test_pictures_say_what_each_bar_is():
    bins = Bins(None, (0.0, 1.0, 2.0), (0.25, 0.75), (0.5, 0.5))
    tags = Tags(str(pair(bins)))
    titles = [word for word in tags.words if "before" in word]

    assert titles == ["0 to 1: 25.0 % before, 50.0 % now", "1 to 2: 75.0 % before, 50.0 % now"]
    assert [tag for tag, _ in tags.seen].count("path") == 2


def test_bars_are_as_high_as_the_shares():
    tags = Tags(str(pair(Bins(("a", "b", "c"), None, (0.5, 0.25, 0.0), (0.5, 0.5, 0.0)))))
    reference = next(a["d"] for tag, a in tags.seen if a.get("class") == "ref")

    tops = [float(top) for top in re.findall(r"V(\d+\.\d)h", reference)]

    assert tops == [2.0, 19.0]  # 36 high, 2 of them air; a share of 0 has no bar


def test_both_sides_of_a_text_picture_have_one_scale():
    bins = Bins(("a", "b"), None, (1.0, 0.0), (0.5, 0.5))

    assert spark_pair(bins) == ("█ ", "▄▄")


@pytest.mark.parametrize("n", [0, 1, 5, 12, 13, 24])
def test_folding_loses_no_share(n):
    shares = [1 / n] * n if n else []

    assert len(folded(shares, 12)) <= 12
    assert sum(folded(shares, 12)) == pytest.approx(sum(shares))


def test_the_bars_of_a_column_are_its_histogram():
    values = np.random.default_rng(3).normal(size=20_000)
    _, shares = shape(profile(pl.DataFrame({"x": values})).columns["x"])
    low, high = np.quantile(values, [0.01, 0.99])
    true = np.histogram(values, np.linspace(low, high, 25))[0] / values.size

    assert len(shares) == 24
    assert shares == pytest.approx(true, abs=0.005)


def test_few_values_are_a_bar_each_in_their_order():
    rows = pl.DataFrame({"x": [3, 1, 1, 10, 3, 1], "t": ["b", "a", "b", "b", None, "b"]})
    columns = profile(rows).columns

    assert shape(columns["x"]) == (["1", "3", "10"], [3 / 6, 2 / 6, 1 / 6])
    assert shape(columns["t"]) == (["b", "a"], [0.8, 0.2])


@pytest.mark.parametrize(
    "values", [[None, None], [1.5], [float("nan"), float("inf")], [5.0] * 300, [[1], [2]]]
)
def test_columns_with_little_in_them_are_shown(values):
    page = profile_page(profile(pl.DataFrame({"x": values, "y": range(len(values))})))

    assert Tags(page).open == []


def test_pages_of_a_thousand_columns_stay_under_a_megabyte():
    values = np.random.default_rng(5).normal(size=(60, 1_000))
    wide = pl.DataFrame(values, schema=[f"column_{i:04}" for i in range(1_000)])

    pages = [drift_page(drift(wide, wide)), profile_page(profile(wide))]

    assert max(len(page.encode()) for page in pages) < 1_000_000
    assert all("first 80" in page for page in pages)
    assert all("column_0999" in page for page in pages)


def finding(kind="distribution", size=0.3, unit="standard deviations", message="`a` is new"):
    return Finding("a", kind, "ks", 0.1, 0.01, 0.01, size, unit, True, message)


@pytest.mark.parametrize(
    ("kind", "size", "unit", "words"),
    [
        ("distribution", 0.19, "standard deviations", ("0.19 sd", "slight")),
        ("distribution", 0.5, "standard deviations", ("0.50 sd", "medium")),
        ("distribution", 0.31, "share of rows", ("31.0 %", "large")),
        ("nulls", 0.05, "share of rows", ("+5.0 %", "medium")),
        ("nulls", -0.3, "share of rows", ("-30.0 %", "large")),
        ("distribution", 2.5, "ordinary block distances", ("2.5 × usual", "small")),
        ("distribution", 1.25, "points of AUC", ("1.25 points of AUC", "")),
        ("schema", None, "", ("–", "")),
    ],
)
def test_an_effect_has_its_unit_and_a_size(kind, size, unit, words):
    made = finding(kind, size, unit)

    assert (effect(made), weight(made)) == words


def test_what_stands_beside_it_is_not_said_again():
    assert said(finding(message="`a` moved by 0.3 sd (median 1 to 2)")) == "median 1 to 2"
    assert said(finding(message="`a`: 7.0% missing, was 2.0%")) == "7.0% missing, was 2.0%"
    assert said(finding(message="`a` is gone")) == "is gone"


def test_findings_of_a_column_stand_together():
    a, b = finding(), Finding.of_schema("b", "is new")

    assert by_column([a, b, a]) == [a, a, b]


def test_names_that_differ_at_the_end_stay_apart_when_cut():
    long = "a_very_long_name_of_a_column_of_the_year_"

    assert cut(long + "2013", 20) != cut(long + "2014", 20)
    assert len(cut(long, 20)) == 20


@pytest.mark.parametrize(("value", "words"), [(1e-9, "< 0.1 %"), (-1e-9, "< 0.1 %")])
def test_a_tiny_share_is_not_nothing(value, words):
    assert share(value) == words


def test_the_headline_counts_what_moved():
    same = drift(orders(1), orders(1))

    assert headline(same).startswith("None of ")


def test_changes_of_a_schema_have_a_page_and_a_fragment():
    old = pl.DataFrame({"a": [1, 2], EVIL: [1, 2]})
    found = schema_diff(old, old.select(pl.col("a").cast(pl.String)))

    page = schema_diff_page(found)

    assert "2 changes polars DataFrame → polars DataFrame" in Tags(page).text
    assert "`a`: Int64 became String" in Tags(page).text
    assert EVIL not in page
    assert found._repr_html_() == schema_diff_fragment(found)
    assert "No change" in Tags(schema_diff_page(schema_diff(old, old))).text


def test_examples_of_long_lists_texts_and_names_stay_short():
    name = "long " * 50
    rows = pl.DataFrame({name: [list(range(2_000))], "b": ["é" * 50_000]})
    schema = Schema(
        columns={name: ColumnSchema(type="Int64"), "b": ColumnSchema(type="String", values=["x"])}
    )

    report = validate(rows, schema)

    assert len(validation_page(report)) < 40_000
    assert all(len(example(found)) < 150 for found in report.violations)
    assert {len(found.examples[0].get("b", "é" * 50_000)) for found in report.violations} == {
        50_000
    }
