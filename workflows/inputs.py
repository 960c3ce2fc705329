"""Typed inputs: one declaration becomes a form field, a JSON schema, and the check of what was sent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import DecimalValidator
from django.db.models import Model
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_countries import countries
from djmoney.forms import MoneyField as MoneyFormField
from djmoney.money import Money
from djmoney.settings import CURRENCY_CHOICES
from moneyed import get_currency
from phonenumber_field.formfields import PhoneNumberField

from workflows.errors import InvalidInput

KINDS = (
    "text",
    "longtext",
    "email",
    "phone",
    "url",
    "integer",
    "decimal",
    "money",
    "date",
    "datetime",
    "boolean",
    "choice",
    "reference",
    "country",
)

Choices = Sequence[tuple[str, Any]]
Resolve = Callable[[str, str], Model | None]

#: The codes of the currencies that an amount may have, in the order of the pages: by the settings, else all.
CURRENCIES: tuple[str, ...] = tuple(getattr(settings, "CURRENCIES", ())) or tuple(
    str(code) for code, _name in CURRENCY_CHOICES or ()
)

SCHEMAS: dict[str, dict[str, Any]] = {
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "integer": {"type": "integer"},
    "decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
    "reference": {"type": "string", "format": "uuid"},
}


def currencies() -> list[tuple[str, str]]:
    """The currencies as choices. Columns refer to this, so that no migration lists what settings decide."""
    return [(code, code) for code in CURRENCIES]


def known_currency(code: Any) -> str:
    """The code, where amounts may be in this currency. Raises ValidationError."""
    if not isinstance(code, str) or code not in CURRENCIES:
        raise ValidationError(_("This currency is not known."))
    return code


def digits(currency: str) -> int:
    """How many decimals amounts of the currency have (ISO 4217): USD 2, JPY 0, KWD 3."""
    return len(str(get_currency(currency).sub_unit)) - 1


def money(amount: Decimal, currency: str) -> Money:
    """The amount. Raises ValidationError where it is finer than a coin of its currency."""
    DecimalValidator(None, digits(currency))(amount.normalize())
    return Money(amount, currency)


@dataclass(frozen=True, kw_only=True)
class Input:
    """One value that somebody gives. `module` is what a reference points at; `choices` may be a function."""

    kind: str
    label: Any = ""
    required: bool = True
    help: Any = ""
    choices: Choices | Callable[[], Choices] = ()
    module: str = ""
    max_length: int | None = None
    min: Any = None
    max: Any = None
    initial: Any = None

    def __post_init__(self) -> None:
        if self.kind not in self.kinds():
            raise ImproperlyConfigured(f"No such kind of input: {self.kind!r}")
        if self.kind == "reference" and not self.module:
            raise ImproperlyConfigured("A reference names its module.")

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        """What `kind` may be; a subclass may know more."""
        return KINDS

    def options(self) -> list[tuple[str, Any]]:
        """What there is to choose from, of a choice or a country."""
        if self.kind == "country":
            return [(str(code), name) for code, name in countries]
        return list(self.choices() if callable(self.choices) else self.choices)

    def form_field(self) -> forms.Field:
        """A form field that shows the same and cleans to the same; references clean to the text of an id."""
        common: dict[str, Any] = {
            "label": self.label,
            "required": self.required,
            "help_text": self.help,
            "initial": self.initial() if callable(self.initial) else self.initial,
        }
        limits = {"min_value": self.min, "max_value": self.max}
        match self.kind:
            case "text":
                return forms.CharField(max_length=self.max_length, **common)
            case "longtext":
                return forms.CharField(
                    max_length=self.max_length, widget=forms.Textarea(attrs={"rows": 4}), **common
                )
            case "email":
                return forms.EmailField(max_length=self.max_length or 254, **common)
            case "phone":
                return cast("forms.Field", PhoneNumberField(**common))
            case "url":
                return forms.URLField(max_length=self.max_length, assume_scheme="https", **common)
            case "integer":
                return forms.IntegerField(**limits, **common)
            case "decimal":
                return forms.DecimalField(**limits, **common)
            case "money":
                return cast("forms.Field", MoneyFormField(**limits, **common))  # type: ignore[no-untyped-call]
            case "date":
                return forms.DateField(
                    widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common
                )
            case "datetime":
                widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
                return forms.DateTimeField(widget=widget, **common)
            case "boolean":
                # A box left empty is an answer: "required" would force everyone to tick it.
                return forms.BooleanField(**{**common, "required": False})
            case "choice" | "country":
                blank = [] if self.required else [("", "")]
                return forms.ChoiceField(choices=[*blank, *self.options()], **common)
            case _:
                return forms.CharField(max_length=64, **common)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the value as the API takes it."""
        if self.kind == "money":
            schema: dict[str, Any] = {
                "type": "object",
                "properties": {
                    "amount": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
                    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                },
                "required": ["amount", "currency"],
                "additionalProperties": False,
            }
        else:
            schema = dict(SCHEMAS.get(self.kind, {"type": "string"}))
        if self.kind in ("choice", "country"):
            schema["enum"] = [str(value) for value, _label in self.options()]
        if self.max_length and schema["type"] == "string":
            schema["maxLength"] = self.max_length
        if self.kind in ("text", "longtext") and self.required:
            schema["minLength"] = 1
        if self.kind == "integer":
            schema |= {
                name: bound
                for name, bound in (("minimum", self.min), ("maximum", self.max))
                if bound is not None
            }
        if self.kind == "reference":
            schema["x-module"] = self.module
        if not self.required:
            schema["type"] = [schema["type"], "null"]
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
        if self.label:
            schema["title"] = str(self.label)
        if self.help:
            schema["description"] = str(self.help)
        return schema

    def clean(self, value: Any, resolve: Resolve) -> Any:
        """The value as Python wants it, None where left blank; raises ValidationError."""
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if self.required and self.kind != "boolean":
                raise ValidationError(_("This field is required."))
            return False if self.kind == "boolean" else None
        match self.kind:
            case "money":
                return self._money(value)
            case "boolean":
                return self._boolean(value)
            case "reference":
                return self._reference(value, resolve)
            case "datetime" if isinstance(value, str) and (moment := _moment(value)) and moment.tzinfo:
                # Form fields know no zone in the text; the API always sends one.
                return _in_reach(moment)
        self._check_type(value)
        cleaned = self.form_field().clean(value)
        if isinstance(cleaned, dt.date):
            return _in_reach(cleaned)
        return cleaned.as_e164 if self.kind == "phone" else cleaned

    def _check_type(self, value: Any) -> None:
        """Form fields turn anything into text, so a list or an object must be refused before."""
        numbers = (int, Decimal) if self.kind == "integer" else (int, float, Decimal)
        fits: tuple[type, ...] = (str,)
        if self.kind in ("integer", "decimal"):
            fits = (str, *numbers)
        elif self.kind in ("date", "datetime"):
            fits = (str, dt.date)
        elif self.kind == "phone":
            fits = (str, object) if hasattr(value, "as_e164") else (str,)
        if not isinstance(value, fits) or isinstance(value, bool):
            raise ValidationError(_("This value is of the wrong type."))

    def _boolean(self, value: Any) -> bool:
        known = {
            True: True,
            False: False,
            "true": True,
            "false": False,
            "on": True,
            "off": False,
            "1": True,
            "0": False,
        }
        try:
            return known[value]
        except (KeyError, TypeError):
            raise ValidationError(_("Say true or false.")) from None

    def _money(self, value: Any) -> Money:
        amount: Any
        currency: Any
        if isinstance(value, Money):
            amount, currency = value.amount, str(value.currency)
        elif isinstance(value, Mapping) and set(value) <= {"amount", "currency"}:
            amount, currency = value.get("amount"), value.get("currency")
        elif isinstance(value, list | tuple) and len(value) == 2:
            amount, currency = value
        else:
            raise ValidationError(_("Give an amount and a currency."))
        if amount in (None, "") or isinstance(amount, bool | list | Mapping):
            raise ValidationError(_("Give an amount and a currency."))
        number = forms.DecimalField(
            min_value=self.min, max_value=self.max, max_digits=19, decimal_places=4
        ).clean(amount)
        return money(number, known_currency(currency))

    def _reference(self, value: Any, resolve: Resolve) -> Model:
        if isinstance(value, Model):
            value = value.pk
        if isinstance(value, Mapping):
            value = value.get("id")
        if not isinstance(value, str | uuid.UUID):
            raise ValidationError(_("This value is of the wrong type."))
        found = resolve(self.module, str(value))
        if found is None:
            # The same words whether it is missing or somebody else's.
            raise ValidationError(_("There is no such record."))
        return found


#: Years beyond these have no local time in every zone, so no page could show them.
YEARS = range(1800, 2400)

Day = TypeVar("Day", bound=dt.date)


def _in_reach(value: Day) -> Day:
    if value.year not in YEARS:
        raise ValidationError(_("This date is too far away."))
    return value


def _moment(value: str) -> dt.datetime | None:
    try:
        return parse_datetime(value)
    except ValueError:
        return None


def clean(inputs: Mapping[str, Input], data: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    """All values by name, None for what was left blank; InvalidInput names everything that is wrong."""
    cleaned: dict[str, Any] = {}
    errors: dict[str, list[str]] = {
        name: [_("There is no such input.")] for name in data if name not in inputs
    }
    for name, each in inputs.items():
        try:
            cleaned[name] = each.clean(data.get(name), resolve)
        except ValidationError as error:
            errors[name] = [str(message) for message in error.messages]
    if errors:
        raise InvalidInput(errors)
    return cleaned


def json_schema(inputs: Mapping[str, Input]) -> dict[str, Any]:
    """JSON Schema of the whole object."""
    return {
        "type": "object",
        "properties": {name: each.json_schema() for name, each in inputs.items()},
        "required": [name for name, each in inputs.items() if each.required and each.kind != "boolean"],
        "additionalProperties": False,
    }


def plain(value: Any) -> Any:
    """The value as the history keeps it: JSON, with ids in place of records."""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": str(value.currency)}
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)
