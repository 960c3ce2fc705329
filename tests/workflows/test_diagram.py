"""The drawing: complete, the same every time, themed by classes, told to those who do not see it."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.workflows.app.models import Crate, Parcel
from workflows.diagram import Drawing, happy_path, lines, svg
from workflows.machine import Machine, machines

SVG = "{http://www.w3.org/2000/svg}"


def parsed(model, current=None):
    return ElementTree.fromstring(svg(Machine.of(model), current))


def test_the_happy_path_is_straight():
    machine = Machine.of(Parcel)
    assert happy_path(machine) == ["packed", "sent", "delivered"]
    boxes = Drawing(machine).boxes
    assert len({boxes[state].y for state in happy_path(machine)}) == 1
    assert [boxes[state].x for state in happy_path(machine)] == sorted(
        boxes[state].x for state in happy_path(machine)
    )


def test_every_state_and_every_transition_is_there():
    tree = parsed(Parcel)
    states = [each.get("data-state") for each in tree.iter(f"{SVG}g") if each.get("data-state")]
    assert sorted(states) == sorted(Machine.of(Parcel).states)
    words = " ".join(each.text for each in tree.iter(f"{SVG}text"))
    drawn = {each.name for line in lines(Machine.of(Parcel)) for each in line.transitions}
    assert drawn == {each.name for each in Machine.of(Parcel).transitions} - {"relabel"}
    for each in Machine.of(Parcel).transitions:
        assert (str(each.title) in words) == (each.name in drawn)


def test_the_present_state_is_marked_and_told():
    tree = parsed(Parcel, "sent")
    (now,) = [each for each in tree.iter(f"{SVG}g") if "state--now" in each.get("class", "")]
    assert (now.get("data-state"), now.get("aria-current")) == ("sent", "step")
    assert tree.get("role") == "img"
    assert tree.find(f"{SVG}title").text == "How a parcel moves"
    assert tree.find(f"{SVG}desc").text.startswith("Now: Sent. Send: Packed → Sent.")
    assert not [each for each in parsed(Parcel).iter() if "state--now" in each.get("class", "")]


def test_what_a_timer_does_is_drawn_apart():
    timers = [each for each in parsed(Parcel).iter(f"{SVG}g") if "edge--timer" in each.get("class", "")]
    assert {text.text for each in timers for text in each.iter(f"{SVG}text")} == {"Give up"}


def test_there_is_no_style_in_it():
    for model in (Parcel, Crate):
        for each in parsed(model).iter():
            assert each.tag not in (f"{SVG}style", f"{SVG}script")
            assert "style" not in each.attrib


def test_no_two_states_and_no_two_labels_overlap():
    for machine in machines():
        drawing = Drawing(machine)
        boxes = [(box.x, box.y, box.x + box.width, box.y + 36) for box in drawing.boxes.values()]
        tree = ElementTree.fromstring(drawing.svg())
        halos = [
            (
                float(each.get("x")),
                float(each.get("y")),
                float(each.get("x")) + float(each.get("width")),
                float(each.get("y")) + 15,
            )
            for each in tree.iter(f"{SVG}rect")
            if each.get("class") == "halo"
        ]
        areas = boxes + halos
        for position, one in enumerate(areas):
            for other in areas[position + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, (machine.label, one, other)
        for left, top, right, bottom in areas:
            assert left >= 0
            assert top >= 0
            assert right <= drawing.width
            assert bottom <= drawing.height


@pytest.mark.slow
def test_it_is_the_same_in_every_process():
    program = (
        "import django; django.setup();"
        "from workflows.machine import machines; from workflows.diagram import svg, text;"
        "print(''.join(svg(each) + text(each) for each in machines()))"
    )
    env = {"DJANGO_SETTINGS_MODULE": "tests.workflows.settings", "PATH": ""}
    drawn = {
        subprocess.check_output([sys.executable, "-c", program], env={**env, "PYTHONHASHSEED": seed})
        for seed in ("1", "2", "3")
    }
    assert len(drawn) == 1
