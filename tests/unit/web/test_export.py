import re

import pytest

from trimtab.core.errors import NotFoundError
from trimtab.web.export import render_static


def test_one_file_holds_the_whole_page(replayed, tmp_path):
    file = render_static(replayed, replayed.scope, tmp_path / "new" / "page.html")
    text = file.read_text(encoding="utf-8")

    assert file.stat().st_size < 1_000_000
    assert not re.findall(r'(?:src|<link[^>]*href)="[^"]*"', text)
    assert [link for link in re.findall(r'href="([^"]+)"', text) if not link.startswith("#")] == [
        "https://example.org/drift"
    ]
    assert 'href="#runbook-performance"' in text
    assert 'id="runbook-performance"' in text
    names = re.findall(r'\bid="([^"]+)"', text)
    assert len(names) == len(set(names))
    assert "[0.735, 0.757]" in text


def test_the_file_is_the_same_from_any_scope(workspace, replayed, tmp_path):
    ours = render_static(replayed, replayed.scope, tmp_path / "a.html")
    theirs = render_static(workspace, replayed.scope, tmp_path / "b.html")

    assert ours.read_bytes() == theirs.read_bytes()


def test_a_scope_without_a_history_is_refused(workspace, tmp_path):
    with pytest.raises(NotFoundError, match="no scope is called `live`"):
        render_static(workspace, "live", tmp_path / "page.html")
