from trimtab.web.runbook import find_runbook, to_html


def test_the_projects_own_runbook_comes_first(workspace, seed):
    seed.runbook(workspace)

    assert find_runbook(workspace.project) == workspace.project.root / "docs" / "runbook.md"


def test_a_runbook_outside_the_project_is_not_read(workspace):
    (workspace.project.root.parent / "secret.md").write_text("secret")
    alerts = workspace.project.alerts.model_copy(update={"runbook": "../secret.md"})
    project = workspace.project.model_copy(update={"alerts": alerts})

    found = find_runbook(project)

    assert found is None or found.name != "secret.md"


def test_blocks_of_markdown_become_html():
    text = (
        "# A\n\nOne\ntwo **three**.\n\n- a `b`\n  c\n- d\n\n1. e\n\n"
        "```\n<f>\n```\n| g | h |\n|---|---|\n| i | j |"
    )

    html = to_html(text)

    assert "<p>One two <strong>three</strong>.</p>" in html
    assert "<ul><li>a <code>b</code> c</li><li>d</li></ul>" in html
    assert "<ol><li>e</li></ol>" in html
    assert "<pre><code>&lt;f&gt;</code></pre>" in html
    assert "<th>g</th><th>h</th>" in html
    assert "<td>i</td><td>j</td>" in html


def test_markup_and_dangerous_links_stay_text():
    html = to_html('<b>x</b> [y](javascript:alert(1)) [z](https://a.example/"onclick=") `a')

    assert "<b>" not in html
    assert 'href="javascript' not in html
    assert 'href="https://a.example/&#34;onclick=' in html
    assert html.endswith("`a</p>")
