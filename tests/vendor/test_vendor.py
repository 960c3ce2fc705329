"""The vendor's profile: what is kept, who may change it, and what follows from colour and logo."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prm.vendor import actions, colours, logos
from prm.vendor.models import VendorProfile
from prm.vendor.queries import logo, vendor
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.models import TransitionRecord


def picture(size: tuple[int, int] = (400, 100), kind: str = "PNG", colour: str = "#c02030") -> Any:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return SimpleUploadedFile(f"logo.{kind.lower()}", out.getvalue())


def test_without_a_row_the_environment_names_the_vendor(db: Any, settings: Any) -> None:
    settings.VENDOR_NAME = "Acme"
    assert (vendor().name, vendor().brand, vendor().version, vendor().logo) == ("Acme", "Acme", 0, None)
    settings.VENDOR_NAME = "Vendor"
    assert vendor().brand == "Partner portal"


def test_an_administrator_fills_it_in(world: Any) -> None:
    values = {"name": "Acme Ltd", "city": "Bristol", "postal_code": "BS1", "country": "GB"}
    actions.save(Actor.of(world.admin), values)
    assert vendor().name == "Acme Ltd"
    assert vendor().address == ["BS1 Bristol", "United Kingdom"]
    actions.save(Actor.of(world.admin), {"city": "Bath"})
    assert (vendor().address[0], vendor().version) == ("BS1 Bath", 2)
    lines = TransitionRecord.objects.filter(subject="vendor.vendorprofile").order_by("at", "id")
    assert [line.transition for line in lines] == ["create", "update"]
    assert lines[1].inputs == {"changed": ["city"]}


@pytest.mark.parametrize("who", ["maria", "alice", "erin"])
def test_nobody_else_may(world: Any, who: str) -> None:
    with pytest.raises(Denied):
        actions.save(Actor.of(getattr(world, who)), {"name": "Mine"})
    assert not VendorProfile.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"currency": "XXX"}, "currency"),
        ({"timezone": "Moon/Base"}, "timezone"),
        ({"language": "xx"}, "language"),
        ({"phone": "12"}, "phone"),
        ({"mail_port": 70000}, "mail_port"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(world: Any, values: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.save(Actor.of(world.admin), values)
    assert set(refused.value.errors) == {field}


def test_there_is_one_row_at_most(db: Any) -> None:
    VendorProfile.objects.create(name="One")
    with pytest.raises(IntegrityError), transaction.atomic():
        VendorProfile.objects.create(name="Two")


def test_the_password_of_the_mail_server_is_sealed(world: Any) -> None:
    from prm.vendor.mail import password_of

    row = actions.save(Actor.of(world.admin), {"mail_host": "mail.example"}, mail_password="hunter2-secret")
    assert "hunter2" not in row.mail_password
    assert password_of(row) == "hunter2-secret"
    actions.save(Actor.of(world.admin), {"mail_port": 2525})
    assert password_of(VendorProfile.objects.get()) == "hunter2-secret"
    actions.save(Actor.of(world.admin), {"mail_host": "mail.elsewhere.example"})
    assert password_of(VendorProfile.objects.get()) == "", "the next server would learn it"
    actions.save(Actor.of(world.admin), {}, mail_password="")
    assert password_of(VendorProfile.objects.get()) == ""


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_becomes_readable(number: int) -> None:
    shades = colours.palette(f"#{number:06x}")
    for one, grounds in ((shades.light, colours.LIGHT_GROUNDS), (shades.dark, colours.DARK_GROUNDS)):
        for ground in (*grounds, one.soft):
            assert colours.contrast(one.text, ground) >= colours.AA
        assert colours.contrast(one.fill, colours.WHITE) >= colours.AA
        assert colours.contrast(one.hover, colours.WHITE) >= colours.AA


def test_a_logo_is_drawn_anew(world: Any) -> None:
    drawn = logos.drawn(picture((4000, 1000), "JPEG"))
    assert (drawn.width, drawn.height) == (800, 200)
    assert drawn.png.startswith(b"\x89PNG")
    actions.save(Actor.of(world.admin), {"name": "Acme"}, logo=drawn)
    assert logo() == drawn.png
    found = vendor().logo
    assert found is not None
    assert (found.width, found.mark) == (800, drawn.mark)
    actions.save(Actor.of(world.admin), {}, remove_logo=True)
    assert (logo(), vendor().logo) == (None, None)


def test_what_hides_in_a_picture_does_not_survive(world: Any) -> None:
    file = picture()
    hidden = SimpleUploadedFile("logo.png", file.read() + b"<script>alert(1)</script>")
    assert b"script" not in logos.drawn(hidden).png


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload='alert(1)'/>", b"\x89PNG\r\n\x1a\n broken", b"%PDF-1.7"]
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        logos.drawn(SimpleUploadedFile("logo.png", content))
    assert "logo" in refused.value.errors


def test_a_picture_of_too_many_pixels_is_refused() -> None:
    with pytest.raises(InvalidInput):
        logos.drawn(picture((20_001, 3)))
