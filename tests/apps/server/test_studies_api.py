"""A reliability study over HTTP: raters see pictures and nothing else, and its findings judge trends."""

from __future__ import annotations

from datetime import date

from serving import assert_problem, cine, imported
from trend_kit import reading, visit

READER, OTHER = "Reader One", "Reader Two"


def plan(client, folder):
    """Two people seen twice, two frames each time."""
    job = imported(client, cine(folder, 8), pixel_spacing_mm="0.2", title="Secret name")
    (recording_id,) = job["recording_ids"]
    frames = [
        {"subject": f"S{n // 4}", "visit": 1 + n % 4 // 2, "recording_id": recording_id, "frame": n} for n in range(8)
    ]
    body = {"name": "Spring study", "quantity": "length", "structure": "multifidus", "frames": frames}
    answer = client.post("/api/studies", json={**body, "raters": [READER, OTHER], "person": READER})
    assert answer.status_code == 201, answer.text
    return answer.json(), recording_id


def test_raters_read_blind_and_what_they_find_is_kept(client, house, tmp_path):
    study, recording_id = plan(client, tmp_path)
    assert (study["figure"], study["n_subjects"], study["read"], study["kept"]) == ("length", 2, [0, 0], False)
    url = f"/api/studies/{study['id']}"
    assert_problem(client.get(f"{url}/findings"), 409, "not-allowed", "16 readings are still to be made")
    for n, rater in enumerate((READER, OTHER)):
        task = client.get(f"{url}/task", params={"person": rater}).json()
        while not task["done"]:
            assert set(task) == {"done", "place", "total"}
            picture = client.get(f"{url}/picture/{task['place']}", params={"person": rater})
            assert picture.content.startswith(b"\x89PNG") and recording_id not in str(picture.headers)
            length = 20 + task["place"] + n
            body = {"place": task["place"], "points": [[3, 3], [3 + length, 3]], "person": rater}
            answer = client.post(f"{url}/readings", json=body)
            assert answer.status_code == 201, answer.text
            task = answer.json()
    found = client.get(f"{url}/findings").json()
    assert found["words"][0].startswith("ICC(1,1)") and found["visit"]["df"] == 2
    assert client.post(f"{url}/keep", json={"person": READER}).status_code == 204
    assert_problem(client.post(f"{url}/keep", json={"person": READER}), 409, "conflict")
    (listed,) = client.get("/api/studies").json()["studies"]
    assert listed["kept"] and listed["read"] == [8, 8]
    assert house.studies.records.site_errors()[0].entry.name == "Spring study"


def test_nobody_else_reads_and_nothing_twice(client, tmp_path):
    study, _ = plan(client, tmp_path)
    url = f"/api/studies/{study['id']}"
    assert_problem(client.get(f"{url}/task", params={"person": "Passer By"}), 409, "not-allowed", "no rater")
    assert_problem(client.get(f"{url}/picture/99", params={"person": READER}), 404, "not-found", "no place 99")
    body = {"place": 0, "points": [[3, 3], [30, 3]], "person": READER}
    assert client.post(f"{url}/readings", json=body).status_code == 201
    assert_problem(client.post(f"{url}/readings", json=body), 409, "conflict")
    assert_problem(client.get("/api/studies/none/task", params={"person": READER}), 404, "not-found")


def test_people_seen_twice_give_the_error_of_a_method(client, house):
    for patient, values in (("V-1", (20.0, 20.6)), ("V-2", (25.0, 24.4))):
        for day, value in zip((date(2026, 1, 5), date(2026, 1, 12)), values, strict=True):
            visit(house, day, [reading(value)], patient=patient)
    body = {"name": "Volunteers", "quantity": "length", "structure": "multifidus", "side": "left", "level": "L4"}
    answer = client.post("/api/studies/repeats", json={**body, "patients": ["V-1", "V-2"], "person": READER})
    assert answer.status_code == 201, answer.text
    assert answer.json()["visit"]["df"] == 2 and answer.json()["method"] == "calliper 1"
    gone = client.post("/api/studies/repeats", json={**body, "patients": ["V-1", "V-9"], "person": READER})
    assert_problem(gone, 422, "bad-input", "V-9: has 0 visits")
