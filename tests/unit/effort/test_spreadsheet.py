import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.core.errors import SchemaError, SourceError
from trimtab.effort.spreadsheet import guarded, read_sheet, unguarded, write_sheet

# what breaks files and runs in spreadsheets, oftener than by chance
nasty = st.text(st.sampled_from("=+-@'\"\t\r\n;,| aé☃0\u00a0\uff1d"), max_size=8)
texts = nasty | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts)
def test_a_guarded_text_reads_back_the_same(text):
    assert unguarded(guarded(text)) == text


@given(texts)
def test_no_cell_begins_with_a_formula_whatever_separator_a_program_takes(text):
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(["1", guarded(text), "x"])

    for separator in (",", ";", "\t", "|"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            rows = csv.reader(
                io.StringIO(line.getvalue(), newline=""), delimiter=separator, quoting=quoting
            )
            for cell in (cell for row in rows for cell in row):
                assert cell.strip(' "\xa0')[:1] not in tuple("=+-@\uff1d")


@pytest.mark.parametrize("text", ["=1+2", "@SUM(A1)", "-5", "+1", " =1", "x;=1", 'x",=1', "a\n=1"])
def test_known_attacks_are_made_text(text):
    assert guarded(text) != text


@pytest.mark.parametrize("text", ["2024-01-01", "a-b", "x = 1", "rock 'n' roll", "'tis", "e@mail"])
def test_plain_texts_stay_as_they_are(text):
    assert guarded(text) == text == unguarded(text)


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_a_table_reads_back_the_same(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("sheet") / "a.csv"
    write_sheet(file, ["row", "=a", "b"], [["1", *row] for row in rows])

    sheet = read_sheet(file, "row")

    assert sheet.columns == ("row", "=a", "b")
    assert [(row.cells["=a"], row.cells["b"]) for row in sheet.rows] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_files_of_any_spreadsheet_are_read(tmp_path, encoding, separator):
    rows = [["b", "row"], ["é, ü; ß", "1"], ["", ""], ["two\nlines", "2"], ["x", "3"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    (tmp_path / "a.csv").write_bytes(text.getvalue().encode(encoding))

    sheet = read_sheet(tmp_path / "a.csv", "row")

    assert [(r.line, r.cells["row"], r.cells["b"]) for r in sheet.rows] == [
        (2, "1", "é, ü; ß"), (4, "2", "two\nlines"), (6, "3", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", SchemaError, r"a\.csv, line 1: expected a column `row`"),
        ("line,b\n1,2\n", SchemaError, r"a\.csv, line 1: expected a column `row`"),
        ("row,b,b\n1,2,3\n", SchemaError, "got `b` more than once"),
        ("row,b\n1,2\n2,3,4\n", SchemaError, r"line 3: expected 2 cells, got 3"),
        ('row,b\n1,"2', SourceError, r"a\.csv, line 2: expected a CSV table"),
    ],
)
def test_files_that_are_no_table_are_named(tmp_path, content, error, message):
    (tmp_path / "a.csv").write_text(content)

    with pytest.raises(error, match=message):
        read_sheet(tmp_path / "a.csv", "row")


def test_a_file_is_never_written_over(tmp_path):
    (tmp_path / "a.csv").write_text("somebody's work")

    with pytest.raises(SourceError, match=r"expected no file at a\.csv"):
        write_sheet(tmp_path / "a.csv", ["row"], [])

    assert (tmp_path / "a.csv").read_text() == "somebody's work"
