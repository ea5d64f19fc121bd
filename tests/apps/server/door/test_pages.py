"""The built page is served, every address inside it leads to it, and a missing file is missing."""

from __future__ import annotations

import pytest

from echospine.apps.server.app import create_app
from serving import BrightestRow, assert_problem, memory_house, serving


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>EchoSpine</title>")
    (folder / "assets" / "app-1a2b.js").write_text("export {}")
    (folder / "assets" / "type-1a2b.woff2").write_bytes(b"wOF2")
    (folder / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def pages(built):
    app = create_app(memory_house(BrightestRow()), scratch=built.parent, static_dir=built)
    with serving(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/exams", "/exams/4f/report", "/exams/?text=a", "/apix"])
def test_every_address_of_the_page_leads_to_it(pages, path):
    answer = pages.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert "EchoSpine" in answer.text


def test_files_whose_names_change_with_their_content_are_kept_for_ever(pages):
    script = pages.get("/assets/app-1a2b.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert pages.get("/assets/type-1a2b.woff2").headers["content-type"] == "font/woff2"
    assert pages.get("/mark.svg").headers["cache-control"] == "no-cache"
    unchanged = pages.get("/mark.svg", headers={"If-None-Match": pages.get("/mark.svg").headers["etag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize("path", ["/assets/gone.js", "/assets/gone", "/gone.png"])
def test_a_missing_file_is_missing(pages, path):
    assert_problem(pages.get(path), 404, "not-found")


@pytest.mark.parametrize(
    "path", ["/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "//secret.txt"]
)
def test_no_path_leaves_the_folder(pages, path):
    assert "secret" not in pages.get(path).text.replace("secret.txt", "")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/none", "/api/exams/a/b/c"])
def test_the_api_never_answers_with_a_page(pages, path):
    assert_problem(pages.get(path), 404, "not-found")
    assert pages.post("/").status_code == 405


def test_a_page_that_was_not_built_says_what_to_do(idle_client):
    answer = idle_client.get("/exams")
    assert answer.status_code == 503
    assert "make web" in answer.text and answer.headers["cache-control"] == "no-store"
