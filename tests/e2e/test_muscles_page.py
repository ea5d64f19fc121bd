"""Left beside right: labelled, corrected by mouse and by keyboard, frames chosen, figures read, signed and locked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from workstation import Workstation, say_who, serving, violations

from echospine.apps.wiring import open_house
from echospine.domain.labels import Side
from echospine.domain.people import Person
from echospine.domain.takes import Contraction, Taken
from echospine.ports import House, LocalFile, RecordingPlan
from echospine.workflow.exam import create_exam, import_recording, interpret_recording
from echospine.workflow.review import accept_all, label_recording, sign
from muscle_model import STEP_MM, MuscleModel, muscle_folder

SERVER = (str(Path(__file__).with_name("muscle_server.py")),)
READER = Person("Reader One")
Shoot = Callable[[Page, str], None]
LEFT_REST, RIGHT_REST = Taken(None, Side.LEFT, "L4", Contraction.REST), Taken(None, Side.RIGHT, "L4", Contraction.REST)
LEFT_HARD = Taken(None, Side.LEFT, "L4", Contraction.CONTRACTED)


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[Workstation]:
    with serving(tmp_path / "store", SERVER) as workstation:
        yield workstation


def add(
    house: House, exam: str, folder: Path, rows: list[int], seed: int, *, spacing_mm: float | None = STEP_MM
) -> str:
    paths = sorted(muscle_folder(folder, rows, seed).iterdir())
    plan = RecordingPlan(folder.name, tuple(LocalFile(path.name, path) for path in paths), spacing_mm)
    recording = import_recording(house, exam, plan, who="importer").recording
    return interpret_recording(house, recording.id, who="importer").id


@pytest.fixture
def exam(workstation: Workstation, tmp_path: Path) -> str:
    """Left and right at rest and the left contracted, three frames each; the right contracted is not labelled yet."""
    with open_house(tmp_path / "store", MuscleModel()) as house:
        exam = create_exam(house, title="Lumbar muscles", who="importer", patient_id="P-1").id
        lines = {"left rest": 100, "right rest": 92, "left contracted": 124, "right contracted": 110}
        made = [
            add(house, exam, tmp_path / name, [row, row + 1, row + 2], 10 * n)
            for n, (name, row) in enumerate(lines.items())
        ]
        for recording, taken in zip(made, (LEFT_REST, RIGHT_REST, LEFT_HARD), strict=False):
            label_recording(house, exam, recording, taken, person=READER, revision=None)
    return exam


def panel(page: Page, side: str, state: str = "rest") -> Locator:
    return page.locator(f"[data-panel='{side}-{state}']")


def value_of(place: Locator) -> float:
    text = place.locator("[data-value]").inner_text()
    return float(text.split()[0])


def figure(page: Page, name: str, of: str) -> Locator:
    exactly = page.get_by_role("cell", name=of, exact=True)
    return page.locator(f"[data-figure='{name}']").filter(has=exactly).first


def test_a_pair_is_labelled_corrected_by_mouse_and_read(page: Page, exam: str, shoot: Shoot):
    page.goto(f"/exams/{exam}")
    page.get_by_role("link", name="Muscles").click()
    expect(page.get_by_role("heading", name="Multifidus, thickness, L4")).to_be_visible()
    expect(panel(page, "left").locator("[data-value]")).to_contain_text("20.3")
    expect(panel(page, "right", "contracted")).to_contain_text("No recording of the right side contracted at L4")
    expect(figure(page, "Percent change", "left")).to_contain_text("%")
    expect(figure(page, "Asymmetry", "contracted")).to_contain_text("no value of the right side contracted")
    assert violations(page) == []

    form = page.get_by_role("form", name="How right contracted was taken")
    form.get_by_label("Side").select_option("right")
    form.get_by_label("Level").select_option("L4")
    form.get_by_label("Muscle").select_option("contracted")
    form.get_by_role("button", name="Keep label").click()
    say_who(page)
    expect(panel(page, "right", "contracted").locator("[data-value]")).to_contain_text("22.")
    expect(figure(page, "Percent change", "right")).to_contain_text("%")

    left = panel(page, "left")
    before = value_of(left)
    end = left.locator("[data-end='1']")
    end.scroll_into_view_if_needed()
    box = end.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 12, steps=4)
    page.mouse.move(x, y + 24, steps=4)
    expect(left.locator(".said")).to_contain_text("not kept yet")
    page.mouse.up()
    expect(left.get_by_text("Corrected by Reader One: Follows the visible edge")).to_be_visible()
    expect(left.get_by_role("button", name="corrected")).to_be_visible()
    assert value_of(left) >= before  # the median of three frames, one of them larger now
    shoot(page, "muscles")

    left.get_by_role("button", name=re.compile("Only frame")).click()
    expect(left.get_by_text("chosen by Reader One").first).to_be_visible()
    expect(left.get_by_text("1 of 3 frames count")).to_be_visible()
    assert value_of(left) > before + 0.3
    left.get_by_role("button", name="As measured").click()
    expect(left.get_by_text("Corrected by")).to_have_count(0)
    left.get_by_role("button", name="All frames").click()
    expect(left.get_by_text("3 of 3 frames count")).to_be_visible()
    assert violations(page) == []


def test_an_end_is_moved_and_a_frame_put_out_by_keyboard_alone(page: Page, exam: str):
    page.goto(f"/exams/{exam}/muscles")
    right = panel(page, "right")
    expect(right.locator("[data-value]")).to_contain_text("18.")
    right.locator("[data-end='1']").focus()
    shown = right.locator(".said")
    now = float(shown.inner_text().split()[0])
    page.keyboard.press("ArrowDown")
    expect(shown).to_contain_text(f"{now + STEP_MM:.1f}"[:4])
    page.keyboard.press("Shift+ArrowDown")
    expect(shown).to_contain_text("not kept yet")
    moved = float(shown.inner_text().split()[0])
    assert moved == pytest.approx(now + 11 * STEP_MM, abs=0.11)
    page.keyboard.press("Enter")
    say_who(page)
    expect(right.get_by_text("Corrected by Reader One")).to_be_visible()
    expect(shown).to_contain_text(f"{moved:.1f}")

    chips = right.get_by_role("list").get_by_role("button")
    chips.nth(0).focus()
    page.keyboard.press("Space")
    expect(chips.nth(0)).to_have_attribute("aria-pressed", "false")
    expect(right.get_by_text("2 of 3 frames count")).to_be_visible()
    page.keyboard.press("z")
    expect(chips.nth(0)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("z")
    expect(right.get_by_text("Corrected by")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Multifidus, thickness, L4")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Move the focused end by ten pixels")


def test_what_is_uncalibrated_is_said_and_a_signed_examination_is_locked(
    page: Page, workstation: Workstation, tmp_path: Path
):
    with open_house(tmp_path / "store", MuscleModel()) as house:
        exam = create_exam(house, title="Signed", who="importer").id
        one = add(house, exam, tmp_path / "scaled", [100], 1)
        two = add(house, exam, tmp_path / "bare", [104], 2, spacing_mm=None)
        label_recording(house, exam, one, LEFT_REST, person=READER, revision=None)
        label_recording(house, exam, two, RIGHT_REST, person=READER, revision=None)
        accept_all(house, exam, person=READER, revision=None)
        sign(house, exam, person=READER, revision=None)
    page.goto(f"/exams/{exam}/muscles")
    expect(page.get_by_role("note")).to_contain_text("Signed by Reader One")
    expect(panel(page, "left")).to_contain_text("one frame only: no spread")
    expect(panel(page, "right")).to_contain_text("uncalibrated")
    expect(page.locator("[data-end]")).to_have_count(0)
    expect(page.get_by_role("form", name="How bare was taken").get_by_label("Side")).to_be_disabled()
    expect(figure(page, "Asymmetry", "at rest")).to_contain_text("no value of the right side at rest")
    assert violations(page) == []


@pytest.mark.parametrize(("width", "height"), [(820, 1180), (390, 844)], ids=["tablet", "phone"])
def test_it_fits_a_tablet_and_a_phone(page: Page, exam: str, shoot: Shoot, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"/exams/{exam}/muscles")
    expect(panel(page, "left").locator("[data-end='0']")).to_be_visible()
    wide = page.evaluate("document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth")
    assert wide <= 0
    boxes = [panel(page, side).bounding_box() for side in ("left", "right")]
    assert boxes[0]
    assert boxes[1]
    assert (boxes[0]["y"] == boxes[1]["y"]) == (width > 620)
    shoot(page, f"muscles-{width}")
    assert violations(page) == []


def test_a_calliper_of_the_exam_page_is_named(page: Page, exam: str):
    page.goto(f"/exams/{exam}")
    expect(page.get_by_role("application")).to_be_visible()
    page.keyboard.press("l")
    page.get_by_label("Structure that it measures").select_option("multifidus")
    page.get_by_role("combobox", name="Level").select_option("L5")
    page.get_by_role("application").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    say_who(page)
    card = page.locator("[data-finding]").filter(has_text="Length")
    expect(card).to_contain_text("Multifidus L5 left at rest")
