import json
import re
from html import unescape

from starlette.applications import Starlette
from starlette.routing import Mount

from trimtab.web.app import from_environment, model_path

PAGE = "/scopes/triggered-all-1a2b3c4d/models/late"


def words(answer):
    """Return the text of a page without its tags and data."""
    text = re.sub(r"<script.*?</script>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def charts(answer):
    found = re.search(r'id="chart-data">(.*?)</script>', answer.text, re.DOTALL)
    return {chart["id"]: chart for chart in json.loads(found[1])}


def test_the_list_names_production_and_every_replay(client, replayed):
    answer = client.get("/")

    assert answer.status_code == 200
    assert PAGE in answer.text
    assert "/scopes/live/models/late" in answer.text
    assert "0.746 [0.735, 0.757]" in words(answer)


def test_an_empty_project_says_what_to_do_next(client):
    home, page = client.get("/"), client.get("/scopes/live/models/late")

    assert "trimtab replay" in words(home)
    text = words(page)
    for sentence in (
        "No window has been closed yet", "No version is in production yet",
        "No alert has been raised", "No challenger has been held",
        "No version has been registered", "No review has been asked for",
        "There is no analysis yet", "no labels have arrived yet",
    ):  # fmt: skip
        assert sentence in text


def test_the_page_of_a_replay_holds_its_figures(client, replayed):
    text = words(client.get(PAGE))

    assert "2013-10 28,889 28,080 v3 0.686 [0.675, 0.697] 0.640 0.692 5 of 8" in text
    assert "Gain over never retraining +0.026 [0.020, 0.032]" in text
    assert "✕ fail v4 against v3 1 Dec 2013, 00:00 UTC" in text
    assert "Gain +0.0003 [−0.0017, 0.0023]" in text
    assert "■ critical AUC is 0.704" in text
    assert "✓ approved analysis late v4 auto-approve" in text


def test_the_page_names_the_champion_and_what_made_it(client, replayed, seed):
    seed.versions(replayed)

    text = words(client.get(PAGE))

    assert "champion v3" in text
    assert "Dataset late_rows@3" in text
    assert "everything known before 1 Jul 2013" in text
    assert "v4 archived the beginning to 1 Nov 2013 late_rows@4 0.740 0.100 0.139 onnx" in text
    assert "v2 production → archived gate replaced by v3" in text
    assert "AUC 0.741 [0.732, 0.750] higher is better" in text
    assert "origin = EWR 20,000 0.710 [0.698, 0.722]" in text
    assert "hour 0.00910 31.0 %" in text
    assert "v3" in words(client.get("/"))


def test_a_registry_that_cannot_be_read_leaves_the_rest_of_the_page(client, replayed, seed):
    replayed.store.add(
        "stage_moves", model=replayed.model_name, version=9, stage="production", previous="dev",
        who="ana", why="by hand", at=seed.moment(0), details={"step": 1},
    )  # fmt: skip

    text = words(client.get(PAGE))

    assert "The model registry could not be read. model" in text
    assert "0.686 [0.675, 0.697]" in text


def test_the_charts_hold_the_same_figures_as_the_table(client, replayed):
    drawn = charts(client.get(PAGE))

    series = {one["name"]: one for one in drawn["performance"]["series"]}
    assert [round(value, 2) for value in series["never retrained"]["values"]] == [
        0.64, 0.73, 0.70, 0.69, 0.68, 0.66, 0.64, 0.70, 0.72,
    ]  # fmt: skip
    assert round(series["served"]["low"][6], 3) == 0.675
    marks = [(mark["window"], mark["kind"]) for mark in drawn["performance"]["marks"]]
    assert marks == [("2013-05", "promoted"), ("2013-07", "promoted"), ("2013-11", "refused")]
    assert set(drawn) == {"performance", "scores", "volume", "watch"}


def test_production_without_a_replay_shows_what_training_promised(client, workspace, seed):
    seed.many(workspace, 100)

    answer = client.get("/scopes/live/models/late")

    drawn = charts(answer)["performance"]
    assert [one["name"] for one in drawn["series"]] == ["expected from training", "served"]
    assert drawn["series"][1]["values"][-2:] == [None, None]
    assert words(answer).count("no labels") >= 2


def test_a_window_that_is_still_played_is_not_shown(client, replayed, seed):
    replayed.store.add(
        "replay_windows", start=seed.moment(9), end=seed.moment(10), state="open",
        details={"roles": {"champion": 3, "challenger": None}},
    )  # fmt: skip

    assert "2014-01" not in words(client.get(PAGE))


def test_the_model_may_be_called_as_the_registry_calls_it(client, replayed):
    assert client.get(f"{PAGE}--triggered-all-1a2b3c4d").status_code == 200
    assert model_path(replayed) == PAGE


def test_a_waiting_review_is_the_first_thing_to_read(client, replayed, seed):
    replayed.store.add(
        "reviews", kind="feedback", subject="late 2013-12-01 to 2014-01-01", status="pending",
        who="", note="", at=seed.moment(9),
    )  # fmt: skip

    text = words(client.get(PAGE))
    assert "trimtab approve 'late 2013-12-01 to 2014-01-01' --scope triggered-all-1a2b3c4d" in text
    assert "review waits" in words(client.get("/"))


def test_alerts_lead_to_their_entry_in_the_runbook(client, replayed):
    page, runbook = client.get(PAGE), client.get("/runbook")

    assert 'href="/runbook#performance"' in page.text
    assert '<h2 id="performance">Performance</h2>' in runbook.text


def test_what_users_wrote_is_text_and_never_markup(client, workspace, seed):
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    workspace.store.add(
        "alerts", id="x", model="late", monitor=hostile, severity=hostile,
        window_start=seed.moment(0), window_end=seed.moment(1), message=hostile,
        runbook="javascript:alert(1)", sent=False,
    )  # fmt: skip
    workspace.store.add(
        "windows", model="late", start=seed.moment(0), end=seed.moment(1), rows=5, labelled=0,
        details={"label": hostile, "metric": hostile},
    )  # fmt: skip

    answer = client.get("/scopes/live/models/late")

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert 'href="javascript' not in answer.text
    assert charts(answer)["volume"]["x"]["names"] == [hostile]


def test_nothing_on_a_page_comes_from_another_host(client, replayed):
    for path in ("/", PAGE, "/runbook", "/nowhere"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        sources = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', answer.text)
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert all(source.startswith("/static/") for source in sources)
        assert "style=" not in answer.text


def test_static_files_are_there(client):
    for name in (
        "style.css", "charts.js", "icon.svg", "vendor/uplot/uPlot.iife.min.js",
        "vendor/uplot/uPlot.min.css", "vendor/uplot/LICENSE",
    ):  # fmt: skip
        assert client.get(f"/static/{name}").status_code == 200, name


def test_unknown_places_are_answered_with_a_way_out(client, workspace):
    scope, model, page = (
        client.get(path)
        for path in ("/scopes/nobody/models/late", "/scopes/live/models/early", "/nowhere")
    )

    assert (scope.status_code, model.status_code, page.status_code) == (404, 404, 404)
    assert "no scope is called `nobody`" in words(scope)
    assert "Its model is `late`." in words(model)
    assert 'href="/"' in page.text
    assert not (workspace.state / "scopes" / "nobody").exists()


def test_health_is_told(client):
    assert client.get("/healthz").json() == {"status": "ok", "scopes": 0}


def test_links_keep_the_path_that_the_pages_are_mounted_under(client):
    client.app = Starlette(routes=[Mount("/pages", client.app)])

    answer = client.get("/pages/")

    assert 'href="/pages/scopes/live/models/late"' in answer.text
    assert 'href="/pages/static/style.css"' in answer.text


def test_the_environment_names_project_and_scope(replayed, monkeypatch):
    monkeypatch.setenv("TRIMTAB_PROJECT", str(replayed.project.root))
    monkeypatch.setenv("TRIMTAB_SCOPE", replayed.scope)

    assert from_environment().url_path_for("home") == "/"
