"""A process that takes in answers is killed; the next one goes on."""

import signal
import subprocess
import sys
import time

import pytest
from tests.unit.effort.cleaning_tables import fill, orders, read_lines, write_lines

from trimtab.effort.cleaning_file import read_fixes
from trimtab.effort.cleaning_handoff import export_rows
from trimtab.effort.cleaning_import import import_rows
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning

# killed by itself, in the middle of writing
HALF = """
import os, signal, sys
from trimtab.effort.cleaning_file import add_fixes, read_fixes
from trimtab.effort.cleaning_fix import RowFix

def half():
    for row in range(5):
        yield RowFix(0, [0.5] * int(sys.argv[2]), {"way": "sea"})
    os.kill(os.getpid(), signal.SIGKILL)

add_fixes(sys.argv[1], half(), known=read_fixes(sys.argv[1]))
"""
WHOLE = """
import sys
from trimtab.effort.cleaning_import import import_rows
print("ready", flush=True)
import_rows(sys.argv[1], sys.argv[2])
print("done", flush=True)
"""


@pytest.fixture
def answers(tmp_path):
    full, dirty = orders(400)
    start_cleaning(dirty, full, "late", tmp_path / "s.db", k=1, ignore=["order"])
    n = export_rows(tmp_path / "s.db", tmp_path / "todo.csv", 400, source=dirty)
    write_lines(tmp_path / "done.csv", fill(read_lines(tmp_path / "todo.csv"), full))
    return tmp_path / "s.db", tmp_path / "done.csv", n


def test_killed_while_writing_nothing_was_written(answers):
    session, done, n = answers
    made, _ = open_cleaning(session)

    killed = subprocess.run([sys.executable, "-c", HALF, session, str(made.queries.shape[1])])

    assert killed.returncode == -signal.SIGKILL
    assert read_fixes(session) == []
    assert len(import_rows(session, done).fixed) == n


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.1, None])
def test_killed_at_any_time_all_or_nothing_is_there_and_the_next_run_ends_it(answers, wait):
    session, done, n = answers
    child = subprocess.Popen([sys.executable, "-c", WHOLE, session, done], stdout=subprocess.PIPE)
    child.stdout.readline()
    journal = session.with_name("s.db-journal")
    if wait is None:  # as soon as it writes
        while child.poll() is None and not journal.exists():
            pass
    else:
        time.sleep(wait)
    child.kill()
    child.communicate()

    there = len(read_fixes(session))
    assert there in (0, n)
    found = import_rows(session, done)
    assert (len(found.fixed), len(found.known)) == (n - there, there)
    assert len(open_cleaning(session)[0].fixed) == n
