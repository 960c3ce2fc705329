"""Forms made of declared inputs: the same declarations that the API validates by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.access.rights import may, readable_fields
from prm.modules import registry
from prm.modules.read import get_row, list_page
from workflows.errors import InvalidInput
from workflows.inputs import CURRENCIES, Input, currencies, digits

#: Up to this many choices lie open as chips; more are a list to open.
CHIPS = 8

#: A reference without scripts is a plain list of this many; with scripts all are found by typing.
OPTIONS = 100

AUTOCOMPLETE = {"email": "off", "phone": "off", "url": "off"}


class Chips(forms.RadioSelect):
    """Choices as chips that lie open."""


class MoneyInput(forms.MultiWidget):
    """Amount and currency side by side, each with its own name for readers of the screen."""

    template_name = "frontend/widgets/money.html"

    def __init__(self) -> None:
        amount = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        currency = forms.Select(choices=currencies(), attrs={"aria-label": _("Currency")})
        super().__init__({"amount": amount, "currency": currency})

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_amount" if id_ else id_

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        kept = (value if isinstance(value, list) else self.decompress(value))[1]
        if kept and kept not in CURRENCIES:
            # What operators have taken out of the list since: a list without it would name another for it.
            choosing: Any = self.widgets[1]
            choosing.choices = [*currencies(), (kept, kept)]
        context = super().get_context(name, value, attrs)
        for part, widget in zip(("amount", "currency"), context["widget"]["subwidgets"], strict=True):
            widget["attrs"]["id"] = f"{context['widget']['attrs'].get('id', name)}_{part}"
        return context

    def decompress(self, value: Any) -> list[Any]:
        if not value:
            return [None, settings.DEFAULT_CURRENCY]
        if isinstance(value, str):
            # From the address of the page: an amount alone.
            return [value, settings.DEFAULT_CURRENCY]
        if isinstance(value, Mapping):
            return [_short(value["amount"], value["currency"]), value["currency"]]
        return [_short(value.amount, str(value.currency)), str(value.currency)]


class MoneyField(forms.MultiValueField):
    """Money as {"amount", "currency"}, which is what modules and transitions take."""

    def __init__(self, *, min_value: Any = None, max_value: Any = None, **options: Any) -> None:
        required = options.pop("required")
        amount = forms.DecimalField(
            min_value=min_value,
            max_value=max_value,
            max_digits=19,
            decimal_places=3,
            localize=True,
            required=required,
        )
        currency = forms.ChoiceField(
            choices=currencies(),
            required=required,
            error_messages={"invalid_choice": _("This currency is not known.")},
        )
        super().__init__(
            (amount, currency), widget=MoneyInput(), require_all_fields=False, required=required, **options
        )
        # Localized fields make a text input of their own; the pair is drawn by MoneyInput.
        self.widget.is_localized = False

    def compress(self, data: list[Any]) -> dict[str, str] | None:
        if not data or data[0] in (None, ""):
            return None
        return {"amount": str(data[0]), "currency": data[1] or settings.DEFAULT_CURRENCY}


def _short(amount: Any, currency: str) -> Any:
    number = Decimal(str(amount))
    places = 0 if number == number.to_integral_value() else digits(currency)
    return number.quantize(Decimal(1).scaleb(-places))


@dataclass(frozen=True)
class Known:
    """Options (id, title) of a reference. url: where more are found by typing; "" where these are all."""

    options: list[tuple[str, str]]
    url: str = ""


class InputForm(forms.Form):
    """A form over declared inputs. `data_for_engine` is what it was given, as the engine takes it.

    prefix: of the names, where several forms stand on a page. known: the options of references by their name,
    where they are known already; the others are asked for.
    """

    inputs: Mapping[str, Input]

    def __init__(
        self,
        inputs: Mapping[str, Input],
        user: Any,
        data: Any = None,
        initial: Mapping[str, Any] | None = None,
        prefix: str | None = None,
        known: Mapping[str, Known] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}), auto_id="f-%s", prefix=prefix)
        self.inputs = inputs
        for name, one in inputs.items():
            if one.kind == "reference" and not one.required and not _offered(one, user, known or {}, name):
                continue
            given = data.get(self.add_prefix(name)) if data else None
            self.fields[name] = _form_field(one, user, self.initial.get(name), given, (known or {}).get(name))

    def data_for_engine(self) -> dict[str, Any]:
        """The cleaned values as plain JSON: the engine validates them again, by the same declarations."""
        return {name: _plain(self.cleaned_data.get(name)) for name in self.inputs}

    def take(self, error: InvalidInput) -> None:
        """Shows what the engine found wrong where it belongs."""
        for name, texts in error.errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


def _offered(one: Input, user: Any, known: Mapping[str, Known], name: str) -> bool:
    """Whether there is anything to choose from: not of a module that the user's portal does not grant."""
    try:
        return name in known or may(user, registry.get(one.module), "view")
    except LookupError:
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "as_e164"):
        return value.as_e164
    return value


def _form_field(one: Input, user: Any, initial: Any, given: Any, known: Known | None = None) -> forms.Field:
    if one.kind == "money":
        return MoneyField(
            label=one.label,
            required=one.required,
            help_text=one.help,
            initial=one.initial,
            min_value=one.min,
            max_value=one.max,
        )
    field = one.form_field()
    if one.kind == "reference" and known is not None:
        field.widget = ReferenceSelect(choices=known.options, attrs={"data-combo": known.url})
    elif one.kind == "reference":
        field.widget = reference_select(one, user, given or initial)
    elif one.kind == "choice" and len(field.choices) <= CHIPS:  # type: ignore[attr-defined]
        field.widget = Chips(choices=field.choices)  # type: ignore[attr-defined]
    elif one.kind in ("choice", "country"):
        if field.choices[0][0] != "":  # type: ignore[attr-defined]
            field.choices = [("", ""), *field.choices]  # type: ignore[attr-defined]
        if one.kind == "country":
            field.widget.attrs["data-combo"] = ""
    elif one.kind in ("integer", "decimal"):
        field.localize = True
        field.widget = forms.TextInput(attrs={"inputmode": "decimal"})
        field.widget.is_localized = True
    elif one.kind in AUTOCOMPLETE:
        field.widget.attrs["autocomplete"] = AUTOCOMPLETE[one.kind]
    field.widget.is_required = field.required
    return field


def reference_select(one: Input, user: Any, value: Any) -> forms.Select:
    """A list to choose a record from; combobox.js turns it into a box to type in."""
    options: list[tuple[str, str]] = [("", "")]
    chosen = str(value["id"] if isinstance(value, Mapping) else value) if value else ""
    try:
        module = registry.get(one.module)
    except LookupError:
        return forms.Select(choices=options)
    if may(user, module, "view"):
        options += reference_options(user, module, "", OPTIONS)
        if chosen and chosen not in dict(options):
            options += _chosen(user, module, value, chosen)
    return ReferenceSelect(choices=options, attrs={"data-combo": reverse("options", args=[module.key])})


def _chosen(user: Any, module: registry.Module, value: Any, chosen: str) -> list[tuple[str, str]]:
    """The present choice, which stands behind the first options. A row brings its title along."""
    if isinstance(value, Mapping):
        return [(chosen, str(value["title"] or "–"))]
    row = get_row(user, module, chosen, [module.title])
    return [(chosen, str(row.get(module.title) or "–"))] if row else []


class ReferenceSelect(forms.Select):
    """A list of records; a reference {"id", "title"} counts as its id."""

    def format_value(self, value: Any) -> list[str]:
        return super().format_value(value["id"] if isinstance(value, Mapping) else value)


def reference_options(user: Any, module: registry.Module, text: str, limit: int) -> list[tuple[str, str]]:
    """Records of the module that the user may choose, by what they are called, or the best of a search."""
    told = module.title in readable_fields(user, module)
    ordering = module.title if told and module.title in module.ordering and not text.strip() else ""
    params = {"search": text, "ordering": ordering}
    page = list_page(
        user, module, {name: one for name, one in params.items() if one}, limit=limit, fields=[module.title]
    )
    return [(str(row["id"]), str(row.get(module.title) or "–")) for row in page.rows]


def initial_of(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What a form shows of a record."""
    made = {}
    for name in names:
        value = row.get(name)
        made[name] = timezone.localtime(value) if isinstance(value, dt.datetime) else value
    return made
