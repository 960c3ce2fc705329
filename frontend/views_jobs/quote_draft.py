"""A draft of a quote as a form: its header and lines, as they are kept or as they were typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from frontend.forms import OPTIONS, InputForm, Known, initial_of, reference_options
from prm.access.rights import may
from prm.catalog.models import Product
from prm.modules import registry
from prm.modules.actions import form_fields
from prm.modules.read import get_row, get_rows, list_page
from prm.quotes import actions
from prm.quotes.models import Quote, QuoteLine
from workflows.errors import InvalidInput

#: What stands above the lines, and what is opened where it is needed.
TOP = ("title", "contact", "valid_until", "discount_percent")
MORE = ("price_book", "language", "customer_country", "customer_tax_id", "note", "terms")
#: Of a line: what is asked of each, and what is opened where it is needed.
WORDS = ("name", "unit", "description")
#: The name of a line in the form; the page gives it, nobody sees it.
KEY = re.compile(r"[a-z][0-9]{1,4}")
NEXT_KEY = "__key__"
#: Numbers, days and ids are never longer.
SHORT = 100


class LineForm(InputForm):
    """One line. One that nobody has put anything into is not there."""

    def __init__(self, key: str, user: Any, products: Known, data: Any = None, initial: Any = None) -> None:
        super().__init__(actions.LINE, user, data, initial, prefix=key, known={"product": products})
        self.key = key
        self.fields["quantity"].widget.attrs["class"] = "input num"
        for name in ("unit_price", "discount_percent"):
            self.fields[name].widget.attrs["class"] = "input num"
        self.fields["description"].widget.attrs["rows"] = 2

    @property
    def blank(self) -> bool:
        """Whether nothing was put into it."""
        given = {name: str(self[name].value() or "").strip() for name in self.fields}
        return given.pop("quantity") in ("", "1") and not any(given.values())

    @property
    def opened(self) -> bool:
        """Whether its words are shown: where there is something to read, or nothing else names the line."""
        return any(self[name].value() or self[name].errors for name in WORDS)

    @property
    def words(self) -> list[Any]:
        """The fields that are opened where they are needed."""
        return [self[name] for name in WORDS]


@dataclass
class Draft:
    """The whole form: what is given of the quote, as it was typed or as it is kept."""

    quote: Quote
    header: InputForm
    lines: list[LineForm]
    top: list[Any] = field(default_factory=list)
    more: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.top = [self.header[name] for name in TOP if name in self.header.fields]
        self.more = [self.header[name] for name in MORE if name in self.header.fields]

    @property
    def more_opened(self) -> bool:
        """Whether something is wrong among what is closed."""
        return any(one.errors for one in self.more)

    def filled(self) -> list[LineForm]:
        """The lines that are there."""
        return [line for line in self.lines if not line.blank]

    def is_valid(self) -> bool:
        """Looks at everything, so that all that is wrong is told at once."""
        return all([self.header.is_valid(), *(line.is_valid() for line in self.filled())])

    def header_data(self) -> dict[str, Any]:
        """The header as the engine takes it; no discount is one of nothing."""
        given = self.header.data_for_engine()
        if "discount_percent" in given:
            given["discount_percent"] = given["discount_percent"] or "0"
        return given

    def take(self, error: InvalidInput) -> None:
        """Shows what the engine found wrong where it belongs."""
        lines = self.filled()
        for name, texts in error.errors.items():
            at = re.fullmatch(r"lines\.(\d+)\.(\w+)", name)
            form, inner = (lines[int(at[1])], at[2]) if at else (self.header, name)
            form.take(InvalidInput({inner: texts}))

    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, each with the id of the field it belongs to."""
        found = [("", str(text)) for text in self.header.non_field_errors()]
        for bound in self.header:
            found += [(bound.id_for_label, f"{bound.label}: {text}") for text in bound.errors]
        for number, line in enumerate(self.lines, start=1):
            if not line.is_bound or line.blank:
                continue
            for name in line.errors:
                bound = line[name]
                found += [
                    (
                        bound.id_for_label,
                        _("Line %(number)d, %(field)s: %(problem)s")
                        % {"number": number, "field": bound.label, "problem": text},
                    )
                    for text in bound.errors
                ]
        return found


def _header_fields(user: Any, quote: Quote) -> dict[str, Any]:
    module = registry.get("quotes")
    # One that was submitted meanwhile takes nothing more; what was typed for it is shown all the same.
    fields = form_fields(user, module, quote) or form_fields(user, module)
    found = {name: fields[name] for name in (*TOP, *MORE) if name in fields}
    if "discount_percent" in found:
        found["discount_percent"] = replace(found["discount_percent"], label=_("Overall discount %"), help="")
    return found


def _contacts(user: Any, quote: Quote) -> Known:
    """The people at the customer, and whoever the quote names already."""
    module = registry.get("contacts")
    options = [("", "")]
    if quote.account_id and may(user, module, "view"):
        found = list_page(user, module, {"company": str(quote.account_id)}, limit=OPTIONS, fields=["name"])
        options += [(str(row["id"]), str(row.get("name") or "–")) for row in found.rows]
    if quote.contact and str(quote.contact_id) not in dict(options):
        options.append((str(quote.contact_id), quote.contact.name))
    return Known(options)


def products_known(user: Any, chosen: Iterable[str]) -> Known:
    """What can be offered; those that are chosen already are among it, whatever their place."""
    module = registry.get("products")
    options = [("", ""), *reference_options(user, module, "", OPTIONS)]
    missing = {pk for pk in chosen if pk} - {pk for pk, _title in options}
    rows = get_rows(user, module, missing, ["name"])
    options += [(str(pk), str(row.get("name") or "–")) for pk, row in rows.items()]
    return Known(options, reverse("options", args=["products"]))


def draft_kept(user: Any, quote: Quote) -> Draft:
    """The form of what is kept; with a first line to fill in where there is none."""
    fields = _header_fields(user, quote)
    row = get_row(user, registry.get("quotes"), quote.pk) or {}
    initial = initial_of(row, fields)
    initial["discount_percent"] = plain(quote.discount_percent) or ""
    header = InputForm(fields, user, initial=initial, known={"contact": _contacts(user, quote)})
    rows = list(quote.lines.select_related("product").order_by("position"))
    products = products_known(user, [str(line.product_id or "") for line in rows])
    products.options.extend(
        (str(line.product_id), line.product.name)
        for line in rows
        if line.product and str(line.product_id) not in dict(products.options)
    )
    lines = [
        LineForm(f"l{number}", user, products, initial=_line_initial(line))
        for number, line in enumerate(rows, start=1)
    ]
    return Draft(quote, header, lines or [empty_line("n1", user, products)])


def empty_line(key: str, user: Any, products: Known) -> LineForm:
    return LineForm(key, user, products, initial={"quantity": "1"})


def _line_initial(line: QuoteLine) -> dict[str, Any]:
    """A line as it is typed: what follows from its product and the price book is left to follow from them."""
    product: Product | None = line.product
    price = "" if line.unit_price == line.book_price else plain(line.unit_price)
    return {
        "product": {"id": product.pk, "title": product.name} if product else None,
        **{
            name: "" if product and getattr(line, name) == getattr(product, name) else getattr(line, name)
            for name in WORDS
        },
        "quantity": plain(line.quantity),
        "unit_price": price,
        "discount_percent": plain(line.discount_percent) or "",
    }


def plain(number: Decimal) -> Decimal:
    """Without zeros at the end, which nobody would have typed."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def draft_sent(user: Any, quote: Quote, data: QueryDict, bound: bool = True) -> Draft:
    """The form as it was sent: bound, so that it is checked, or only to be shown again as it was typed.

    What is longer than anything that could be kept is checked at once.
    """
    fields = _header_fields(user, quote)
    keys = list(dict.fromkeys(key for key in data.getlist("line") if KEY.fullmatch(key)))
    named = {**fields, **{f"{key}-{name}": one for key in keys for name, one in actions.LINE.items()}}
    bound = bound or any(len(data.get(name, "")) > (one.max_length or SHORT) for name, one in named.items())
    products = products_known(user, [data.get(f"{key}-product", "") for key in keys])
    known = {"contact": _contacts(user, quote)}
    if bound:
        header = InputForm(fields, user, data, known=known)
        return Draft(quote, header, [LineForm(key, user, products, data) for key in keys])
    header = InputForm(fields, user, initial={name: data.get(name, "") for name in fields}, known=known)
    lines = [
        LineForm(key, user, products, initial={name: data.get(f"{key}-{name}", "") for name in actions.LINE})
        for key in keys
    ]
    return Draft(quote, header, lines)


def as_sent(draft: Draft) -> QueryDict:
    """What the form would send if it were sent as it is shown."""
    data = QueryDict(mutable=True)
    for bound in draft.header:
        data[bound.html_name] = _text(bound)
    data.setlist("line", [line.key for line in draft.lines])
    for line in draft.lines:
        for bound in line:
            data[bound.html_name] = _text(bound)
    return data


def _text(bound: Any) -> str:
    """The value of a field as its input holds it."""
    value = bound.value()
    if isinstance(value, Mapping):
        value = value.get("id")
    made = bound.field.widget.format_value(value)
    return str(made[0] if isinstance(made, list) and made else made or "")
