"""The main job, by mouse: from a real recording to a signed report."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from workstation import Workstation, finding, import_files, on_picture, say_who, shown_frame

Shoot = Callable[[Page, str], None]


def test_an_uncalibrated_cine_is_reviewed_and_signed_without_inventing_millimetres(
    page: Page, workstation: Workstation, dicom_cine: Path
):
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop a recording here to begin")).to_be_visible()
    import_files(page, dicom_cine)

    expect(page.get_by_text("uncalibrated").first).to_be_visible()
    expect(finding(page, "Bone depth, shallowest")).to_contain_text("no value: ")
    expect(page.get_by_text("Draft, not reviewed by a clinician")).to_be_visible()

    page.get_by_role("button", name="Length", exact=True).click()
    page.mouse.click(*on_picture(page, 100, 100))
    page.mouse.click(*on_picture(page, 200, 150))
    expect(page.get_by_role("status").filter(has_text="uncalibrated").first).to_be_visible()
    expect(page.get_by_role("button", name="Keep")).to_be_disabled()
    page.keyboard.press("Escape")

    _edit(page, "Mean grey level", "61,5", "Reader One")
    page.get_by_role("button", name="Accept all").click()
    page.get_by_role("button", name="Sign").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign").click()
    expect(page.get_by_role("status").filter(has_text="Signed by Reader One").first).to_be_visible()
    expect(page.get_by_text("Draft, not reviewed by a clinician")).to_have_count(0)

    page.reload()
    expect(page.get_by_text(re.compile("Signed by Reader One")).first).to_be_visible()
    assert workstation.exam()["signed_by"] == "Reader One"


def test_a_calibrated_sequence_goes_from_import_to_a_downloaded_report(
    page: Page, workstation: Workstation, bone_sequence: tuple[Path, Path], dicom_cine: Path, shoot: Shoot
):
    page.goto("/exams")
    import_files(page, *bone_sequence, dicom_cine)
    exam = workstation.exam()

    shallowest = next(one for one in exam["findings"] if one["quantity"] == "bone_depth_min" and one["value"])
    card = finding(page, "Bone depth, shallowest")
    value, doubt = (
        float(text) for text in re.findall(r"([\d.]+) ± ([\d.]+) mm", card.inner_text().replace("\n", " "))[0]
    )
    assert abs(value - shallowest["value"]) <= 0.05 and abs(doubt - shallowest["uncertainty"]) <= 0.05

    card.get_by_role("button", name=re.compile("Bone depth, shallowest")).first.click()
    expect(page.get_by_role("slider", name="Frame")).to_have_value(str(shallowest["frame"]))
    page.wait_for_url(re.compile(f"frame={shallowest['frame']}$"))
    _expect_line_drawn(page, workstation, shallowest["recording_id"], shallowest["frame"])
    shoot(page, "exam")

    card.get_by_role("button", name="Accept").click()
    say_who(page)
    expect(card).to_have_attribute("data-status", "accepted")
    _reject(page, "Bone depth at the midline")
    _edit(page, "Thickness of tissue", "25,3")

    page.get_by_role("button", name="Accept all").click()
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_role("dialog")).to_contain_text("Thickness of tissue over bone: 25.3 mm, edited")
    assert shown_frame(page) == shallowest["frame"] + 1, "deciding must not turn the frames"
    shoot(page, "sign")
    page.get_by_role("dialog").get_by_role("button", name="Sign").click()

    page.get_by_role("link", name="Report").click()
    expect(page.get_by_text("report.pdf")).to_be_visible(timeout=60_000)
    assert page.request.get(page.locator("iframe").get_attribute("src") or "").body().startswith(b"%PDF-")
    _expect_files(page)
    page.wait_for_timeout(2500)  # The browser's own reader draws the PDF; nothing on the page tells when.
    shoot(page, "report")

    page.goto("/exams")
    expect(page.get_by_role("link", name=re.compile("BoneUltrasound_L14"))).to_contain_text("Signed")


def test_a_dragged_bone_line_changes_its_numbers_and_can_be_taken_back(
    page: Page, workstation: Workstation, bone_sequence: tuple[Path, Path]
):
    page.goto("/exams")
    import_files(page, *bone_sequence)
    exam = workstation.exam()
    recording = exam["recordings"][0]["id"]
    before = _depths(workstation, recording)[0]
    x, y = _middle_of_line(workstation, recording, 0)

    page.get_by_role("button", name="Edit bone", exact=True).click()
    page.mouse.move(*on_picture(page, x - 40, y + 30))
    page.mouse.down()
    for step in range(0, 90, 10):
        page.mouse.move(*on_picture(page, x - 40 + step, y + 30))
    page.mouse.up()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog").get_by_role("button", name="Follows the visible cortex").click()
    page.get_by_role("button", name="Save the line").click()
    say_who(page)
    expect(page.get_by_text("Bone line of frame 1 saved")).to_be_visible()
    assert _middle_of_line(workstation, recording, 0, x)[1] > y + 20
    after = _depths(workstation, recording)[0]
    assert after != before

    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("Corrected the bone line")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert _depths(workstation, recording)[0] == before


def test_a_calliper_says_its_value_while_dragged_and_the_server_agrees(
    page: Page, workstation: Workstation, bone_sequence: tuple[Path, Path]
):
    page.goto("/exams")
    import_files(page, *bone_sequence)
    page.get_by_role("button", name="Length", exact=True).click()
    page.mouse.click(*on_picture(page, 350, 60))
    page.mouse.move(*on_picture(page, 350, 160))
    said = page.get_by_role("group", name="What is being drawn").get_by_role("status")
    expect(said).to_have_text(re.compile(r"8\.[45] mm"))
    page.mouse.click(*on_picture(page, 350, 260))
    expect(said).to_have_text(re.compile(r"17\.[01] mm"))
    page.get_by_role("button", name="Keep").click()
    say_who(page)
    expect(finding(page, "Length")).to_have_attribute("data-status", "accepted")
    kept = next(one for one in workstation.exam()["findings"] if one["quantity"] == "length")
    assert 16.9 < kept["value"] < 17.2
    expect(finding(page, "Length")).to_contain_text(f"{kept['value']:.1f}")


def test_what_was_done_is_there_after_a_reload_and_for_a_colleague_with_the_link(
    page: Page, workstation: Workstation, dicom_cine: Path
):
    page.goto("/exams")
    import_files(page, dicom_cine)
    page.get_by_role("slider", name="Frame").fill("11")
    page.wait_for_url(re.compile("frame=11"))
    other = page.context.browser.new_context(base_url=workstation.address).new_page()  # type: ignore[union-attr]
    other.goto(page.url)
    expect(other.get_by_role("slider", name="Frame")).to_have_value("11")
    assert shown_frame(other) == 12
    other.context.close()


def _expect_line_drawn(page: Page, workstation: Workstation, recording: str, frame: int) -> None:
    """The overlay's own colour stands on the screen where the server says the bone is."""
    x, y = _middle_of_line(workstation, recording, frame)
    box = page.get_by_role("application").bounding_box()
    assert box
    at_x, at_y = on_picture(page, x, y)
    seen = page.evaluate(
        """([x, y]) => {
          const canvas = document.querySelectorAll('.viewer canvas')[1];
          const r = devicePixelRatio;
          const d = canvas.getContext('2d').getImageData(Math.round(x * r) - 4, Math.round(y * r) - 8, 9, 17).data;
          let hits = 0;
          for (let i = 0; i < d.length; i += 4) {
            if (d[i] > 180 && d[i + 1] > 100 && d[i + 1] < 190 && d[i + 2] < 60 && d[i + 3] > 120) hits++;
          }
          return hits;
        }""",
        [at_x - box["x"], at_y - box["y"]],
    )
    assert seen >= 6, "the bone line is not drawn where the server sees it"


def _middle_of_line(
    workstation: Workstation, recording: str, frame: int, column: float | None = None
) -> tuple[float, float]:
    """Return a point in the middle of the longest bone line of a frame, or on it at `column`."""
    overlays = workstation.get(f"/api/recordings/{recording}/overlays?start={frame}&count=1")
    lines = overlays["frames"][0]["surfaces"][0]["lines"]
    points = max(lines, key=lambda line: line[-1][0] - line[0][0])
    wanted = column if column is not None else (points[0][0] + points[-1][0]) / 2
    for (xa, ya), (xb, yb) in itertools.pairwise(points):
        if xa <= wanted <= xb:
            return wanted, ya + (yb - ya) * (wanted - xa) / (xb - xa)
    raise AssertionError(f"no bone line at column {wanted}")


def _depths(workstation: Workstation, recording: str) -> list[float | None]:
    series = workstation.get(f"/api/recordings/{recording}/series")["quantities"]
    return list(next(one["values"] for one in series if one["quantity"] == "tissue_thickness"))


def _reject(page: Page, title: str) -> None:
    card = finding(page, title)
    card.get_by_role("button", name="Reject").click()
    page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    expect(page.get_by_text("This is needed; it stays in the history.")).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill("Poor contact")
    page.keyboard.press("Enter")
    expect(card).to_have_attribute("data-status", "rejected")


def _edit(page: Page, title: str, value: str, who: str = "") -> None:
    card = finding(page, title)
    card.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="New value").fill(value)
    page.get_by_role("textbox", name="Reason").fill("Measured again by hand")
    page.keyboard.press("Enter")
    if who:
        say_who(page, who)
    expect(card).to_have_attribute("data-status", "edited")
    expect(card).to_contain_text(value.replace(",", "."))


def _expect_files(page: Page) -> None:
    """The archive holds every file that the page lists."""
    with page.expect_download() as started:
        page.get_by_role("link", name="All files").click()
    names = set(zipfile.ZipFile(io.BytesIO(started.value.path().read_bytes())).namelist())
    listed = {text.strip() for text in page.locator("li .name").all_inner_texts()}
    assert listed and listed <= {name.split("/", 1)[-1] if name not in listed else name for name in names}
    assert any(name.endswith(".pdf") for name in names) and any(name.endswith(".dcm") for name in names)
