"""The settings of a portal: what it is called, for whom, how it looks, where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from frontend.views_portals import conditions
from frontend.views_portals.conditions import Rows
from frontend.views_portals.desk import Desk, desk, module_or_404, portal_or_404
from frontend.views_portals.pressing import moved, numbers, pressed, whole
from frontend.views_portals.reading import posted, read
from frontend.views_portals.rows import drawn as drawn_rows
from prm.access.models import Portal
from prm.files import store
from prm.files.models import StoredFile
from prm.files.serving import serve
from prm.vendor import colours
from prm.vendor.logos import drawn
from workflows.errors import InvalidInput

#: Shown by the field for colours, which knows no empty value, as long as none is chosen.
NO_ACCENT = "#0b5c6b"
LEADS = "leads"


class SettingsForm(forms.Form):
    title = forms.CharField(
        label=_("Title"),
        max_length=80,
        error_messages={"required": _("Enter a title")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    audience = forms.ChoiceField(label=_("Audience"), choices=Portal.Audience.choices)
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Those that its users may choose. None ticked: all."),
    )
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG, WebP or GIF up to 5 MB. Without one, the vendor’s logo is shown."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
    own_accent = forms.BooleanField(label=_("A colour of its own"), required=False)
    accent = forms.CharField(
        label=_("Accent colour"),
        required=False,
        max_length=7,
        help_text=_("Its shades are chosen so that all text stays readable."),
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    host = forms.CharField(
        label=_("Host name"),
        required=False,
        max_length=253,
        help_text=_("Such as garage.vendor.example. The server must answer under it."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    welcome_title = forms.CharField(label=_("Title of the welcome"), required=False, max_length=120)
    welcome_text = forms.CharField(
        label=_("Text of the welcome"),
        required=False,
        max_length=2000,
        help_text=_("Stands at the top of the home page."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seated = forms.BooleanField(label=_("Each of its users takes a seat"), required=False)
    converts = forms.ChoiceField(
        label=_("When a lead is converted"),
        choices=[
            ("hand", _("Its contact is invited only where somebody chooses this portal")),
            ("rule", _("Its contact is invited into this portal where the lead fits a condition")),
        ],
        widget=forms.RadioSelect,
    )

    def clean_accent(self) -> str:
        """The colour in lower case; "" where the portal has none of its own."""
        value: str = self.cleaned_data["accent"].lower()
        if not self.cleaned_data.get("own_accent"):
            return ""
        if not colours.valid(value):
            raise forms.ValidationError(_("Enter a colour as # and six digits, such as #0b5c6b."))
        return value

    def clean_host(self) -> str:
        """Host names know no capitals."""
        host: str = self.cleaned_data["host"].strip().lower().rstrip(".")
        return host


@dataclass
class Link:
    """A link in the making. at: its place when the form was drawn, which names its inputs."""

    at: int
    title: str = ""
    url: str = ""

    @property
    def key(self) -> str:
        """The place as text, for the ids of the page."""
        return str(self.at)


#: Where the paths of a document's errors belong on this page.
PLACES = {
    "title": "id_title",
    "audience": "id_audience",
    "languages": "id_languages",
    "logo": "id_logo_file",
    "accent": "id_accent",
    "host": "id_host",
    "welcome.title": "id_welcome_title",
    "welcome.text": "id_welcome_text",
    "welcome": "id_welcome_text",
    "seated": "id_seated",
    "converts": "conditions",
}


def _place(path: str) -> str:
    if path.startswith("links."):
        parts = path.split(".")
        return f"id-link-{parts[1]}-{parts[2] if len(parts) > 2 else 'url'}"
    return PLACES.get(path, "")


def _links_posted(data: QueryDict) -> list[Link]:
    return [
        Link(at, data.get(f"link-{text}-title", "").strip(), data.get(f"link-{text}-url", "").strip())
        for text in data.getlist("link")[:50]
        if (at := whole(text)) is not None
    ]


def _initial(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: document[name] for name in ("title", "audience", "languages", "host", "seated")},
        "own_accent": bool(document["accent"]),
        "accent": document["accent"] or NO_ACCENT,
        "welcome_title": document["welcome"]["title"],
        "welcome_text": document["welcome"]["text"],
        "converts": "hand" if document["converts"] is None else "rule",
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Shows the settings of the draft, and saves them."""
    at = desk(request, pk)
    leads = module_or_404(LEADS)
    if request.method != "POST":
        form = SettingsForm(initial=_initial(at.document))
        links = [Link(n, one["title"], one["url"]) for n, one in enumerate(at.document["links"])]
        return _shown(at, form, links, conditions.split_rows(at.document["converts"], leads))
    form = SettingsForm(request.POST, request.FILES, initial=_initial(at.document))
    links, rows = _links_posted(request.POST), posted(request.POST)
    rows.custom = conditions.split_rows(at.document["converts"], leads).custom
    if _press(request.POST, links, rows):
        return _shown(at, form, links, rows, pressed_only=True)
    values = _values(at, form, links, rows) if form.is_valid() else None
    for name, texts in form.errors.items():
        at.say(f"id_{name}", " ".join(map(str, texts)))
    if values is None or at.errors:
        at.status = 422
        return _shown(at, form, links, rows)
    # An error in the document names links by their place; the form by what they were drawn as.
    for place, link in enumerate(one for one in links if one.title or one.url):
        link.at = place
    if at.save(lambda document: document.update(values), _place):
        messages.success(request, gettext("Saved in the draft."))
        return redirect(request.path)
    return _shown(at, form, links, rows)


def _press(data: QueryDict, links: list[Link], rows: Rows) -> bool:
    """Adds, removes and moves what the form holds, without saving."""
    verb, about = pressed(data)
    named = numbers(about)
    if verb == "link-add":
        links.append(Link(max((one.at for one in links), default=-1) + 1))
    elif verb == "link-remove" and named:
        links[:] = [one for one in links if one.at != named[0]]
    elif verb == "link-move" and len(named) == 2:
        moved(links, next((n for n, one in enumerate(links) if one.at == named[0]), -1), named[1])
    elif verb == "row-add":
        rows.add()
    elif verb == "row-remove" and named:
        rows.rows = [row for row in rows.rows if row.at != named[0]]
    elif verb != "look":
        return False
    return True


def _values(at: Desk, form: SettingsForm, links: list[Link], rows: Rows) -> dict[str, Any] | None:
    """This step's part of the document; what is wrong is said on the desk."""
    data = form.cleaned_data
    for link in links:
        if link.title and not link.url:
            at.say(f"id-link-{link.at}-url", gettext("Enter the address of the link."))
        elif link.url and not link.title:
            at.say(f"id-link-{link.at}-title", gettext("Enter what the link is called."))
        elif link.url and not link.url.startswith("https://"):
            at.say(f"id-link-{link.at}-url", gettext("An address begins with https://"))
    converts = None
    if data["converts"] == "rule":
        said = read(rows, module_or_404(LEADS))
        for anchor, text in rows.errors:
            at.say(anchor, text)
        converts = conditions.join(None, said, rows.match) if said else rows.custom
        if converts is None and not rows.errors:
            at.say("conditions", gettext("Say which leads, or choose that somebody decides by hand."))
    try:
        logo = _logo(at, data)
    except InvalidInput as error:
        at.say("id_logo_file", " ".join(text for texts in error.errors.values() for text in texts))
        return None
    return {
        "title": data["title"].strip(),
        "audience": data["audience"],
        "languages": data["languages"],
        "logo": logo,
        "accent": data["accent"],
        "host": data["host"],
        "welcome": {"title": data["welcome_title"].strip(), "text": data["welcome_text"].strip()},
        "links": [{"title": one.title, "url": one.url} for one in links if one.title or one.url],
        "seated": data["seated"],
        "converts": converts,
    }


def _logo(at: Desk, data: dict[str, Any]) -> str:
    """The id of the stored logo: a new one, the present one, or none."""
    if data["logo_file"] and not at.errors:
        at.uploaded = str(store.keep(drawn(data["logo_file"]).png, "logo.png", "image/png").pk)
        return at.uploaded
    present: str = at.document["logo"]
    return "" if data["remove_logo"] else present


def _shown(
    at: Desk, form: SettingsForm, links: list[Link], rows: Rows, pressed_only: bool = False
) -> HttpResponse:
    accent = str(form["accent"].value() or "")
    if pressed_only:
        # The form is only drawn anew: nothing was asked, so nothing is wrong yet.
        form.errors.clear()
    else:
        for name in form.fields:
            if (text := at.errors.get(f"id_{name}")) and name not in form.errors:
                form.add_error(name, text) if form.is_bound else None
    context = {
        "form": form,
        "links": links,
        "errors": at.errors,
        "shades": _shades(accent) if form["own_accent"].value() else None,
        "row_url": reverse("portal-condition", args=[at.portal.pk, LEADS]),
        **drawn_rows(at.request.user, module_or_404(LEADS), rows),
    }
    return at.page("settings", "settings", context)


def _shades(accent: str) -> dict[str, Any] | None:
    """What becomes of a colour, with the contrast that its text has."""
    if not colours.valid(accent):
        return None
    made = colours.palette(accent)
    return {
        "chosen": accent,
        "chosen_contrast": colours.contrast(accent, colours.WHITE),
        "light": made.light,
        "light_contrast": colours.contrast(made.light.text, "#ffffff"),
        "dark": made.dark,
        "dark_contrast": colours.contrast(made.dark.text, "#1b1e20"),
        "fill_contrast": colours.contrast(made.light.fill, colours.WHITE),
    }


@require_safe
def logo(request: HttpRequest, pk: UUID, file: UUID) -> HttpResponseBase:
    """The logo of the draft or of the portal, for the editor."""
    portal_or_404(request, pk)
    if str(file) not in (desk(request, pk).document["logo"],):
        raise Http404
    return serve(request, get_object_or_404(StoredFile, pk=file), inline=True)
