"""Icons within the page."""

from __future__ import annotations

from xml.etree import ElementTree

from frontend.icons import icon


def test_an_icon_is_for_decoration_unless_it_says_something():
    drawn = ElementTree.fromstring(icon("house", "icon--big"))
    assert drawn.attrib["class"] == "icon icon--big"
    assert drawn.attrib["aria-hidden"] == "true"
    assert "role" not in drawn.attrib
    assert len(drawn.findall("path")) == 2
    said = ElementTree.fromstring(icon("house", label='"Home" <b>'))
    assert (said.attrib["role"], said.attrib["aria-label"]) == ("img", '"Home" <b>')
    assert "aria-hidden" not in said.attrib


def test_where_there_is_none_a_circle_stands():
    assert icon("no-such-icon") == icon("circle")
