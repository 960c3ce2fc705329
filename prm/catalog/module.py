"""What portals show of the catalogue: products, their prices, and what the sums of quotes rest on."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.specs import HIDDEN, READ, WRITE, GrantSpec, ScopeSpec
from prm.catalog.choices import Audience
from prm.catalog.models import (
    ExchangeRate,
    PriceBook,
    PriceBookAudience,
    PriceBookEntry,
    Product,
    ProductFamily,
    TaxRate,
)
from prm.modules.registry import Module, Related, Section, fields
from workflows.errors import InvalidInput

ON_SALE = {"field": "active", "op": "is", "value": True}
READ_ALL = GrantSpec(scopes=(ScopeSpec(name="all", where=None, actions=("view",)),), views=("list",))
MAINTAIN = GrantSpec(
    scopes=(
        ScopeSpec(name="all", where=None, actions=("view", "create", "edit", "delete"), fields={"*": WRITE}),
    ),
    views=("list",),
)


def _addressed(path: str) -> GrantSpec:
    """A partner's: what belongs to a price book that addresses it and is in force. `path` leads to its id."""
    return GrantSpec(
        scopes=(
            ScopeSpec(
                name="addressed to the company",
                where={"field": path, "op": "in", "value": "$user.price_books"},
                actions=("view",),
            ),
        ),
        views=("list",),
    )


def check_book(book: PriceBook, changed: set[str]) -> None:
    """A book's currency is that of its prices, so it stays; its addressees are those of its audience."""
    if book._state.adding:
        return
    if "currency" in changed and book.entries.exists():
        raise InvalidInput(
            {"currency": [gettext("The prices are in another currency: make a book of its own.")]}
        )
    if "audience" in changed and book.audiences.exists():
        raise InvalidInput({"audience": [gettext("Remove those it addresses first.")]})


#: The column that an addressee of a book with this audience names.
NAMED_BY = {Audience.TIERS: "tier", Audience.TYPES: "partner_type", Audience.PARTNERS: "partner"}


def check_audience(row: PriceBookAudience, changed: set[str]) -> None:
    """What is named has to be what the book's audience is made of."""
    wanted = NAMED_BY.get(Audience(row.book.audience)) if row.book_id else None
    if row.book_id and wanted is None:
        raise InvalidInput({"book": [gettext("This price book is for every partner.")]})
    if wanted and not getattr(row, wanted):
        raise InvalidInput({wanted: [gettext("The price book asks for this.")]})


families = Module(
    key="product-families",
    model=ProductFamily,
    label=_("Product family"),
    label_plural=_("Product families"),
    icon="boxes",
    title="name",
    fields=fields(ProductFamily, "name", "description", "created_at"),
    columns=("name", "description"),
    search=("name",),
    filters=("name",),
    ordering=("name", "created_at"),
    default_ordering="name",
    related=(Related("products", "family", _("Products")),),
    nav=False,
    administration=True,
    grants={
        "administrator": MAINTAIN,
        "channel_manager": MAINTAIN,
        "partner": READ_ALL,
        "customer": READ_ALL,
        "employee": READ_ALL,
    },
)

products = Module(
    key="products",
    model=Product,
    label=_("Product"),
    label_plural=_("Products"),
    icon="package",
    title="name",
    fields=fields(
        Product,
        "name",
        "code",
        "family",
        "series",
        "description",
        "unit",
        "tax_class",
        "list_price",
        "active",
        "created_at",
    ),
    columns=("name", "code", "family", "series", "list_price", "active"),
    layout=(
        Section(_("Product"), ("name", "code", "family", "series", "description", "active")),
        Section(_("Price"), ("list_price", "unit", "tax_class")),
    ),
    search=("name", "code", "series", "description"),
    filters=("name", "family", "series", "active", "code", "tax_class"),
    ordering=("name", "series", "created_at"),
    default_ordering="name",
    related=(Related("price-book-entries", "product", _("Prices")),),
    grants={
        "administrator": MAINTAIN,
        "channel_manager": READ_ALL,
        "partner": GrantSpec(
            scopes=(ScopeSpec(name="on sale", where=ON_SALE, actions=("view",)),), views=("list",)
        ),
        # A list price is a matter between vendor and partner; the customer gets a quote.
        "customer": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="on sale",
                    where=ON_SALE,
                    actions=("view",),
                    fields={"*": READ, "list_price": HIDDEN},
                ),
            ),
            views=("list",),
        ),
        "employee": READ_ALL,
    },
)

price_books = Module(
    key="price-books",
    model=PriceBook,
    label=_("Price book"),
    label_plural=_("Price books"),
    icon="book-open-text",
    title="name",
    fields=fields(
        PriceBook, "name", "currency", "audience", "valid_from", "valid_until", "active", "created_at"
    ),
    columns=("name", "currency", "audience", "valid_from", "valid_until", "active"),
    layout=(
        Section(_("Price book"), ("name", "currency", "audience")),
        Section(_("Period"), ("valid_from", "valid_until", "active")),
    ),
    search=("name",),
    filters=("name", "currency", "audience", "valid_from", "valid_until", "active"),
    ordering=("name", "valid_from", "created_at"),
    default_ordering="name",
    related=(
        Related("price-book-entries", "book", _("Prices")),
        Related("price-book-audiences", "book", _("Addressed to")),
    ),
    check=check_book,
    grants={
        "administrator": MAINTAIN,
        "channel_manager": MAINTAIN,
        # For whom else a book is meant is none of a partner's business.
        "partner": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="addressed to the company",
                    where={"field": "id", "op": "in", "value": "$user.price_books"},
                    actions=("view",),
                    fields={"*": READ, "audience": HIDDEN},
                ),
            ),
            views=("list",),
        ),
    },
)

audiences = Module(
    key="price-book-audiences",
    model=PriceBookAudience,
    label=_("Addressee of a price book"),
    label_plural=_("Addressees of price books"),
    icon="users",
    title="book_name",
    fields=fields(
        PriceBookAudience,
        "book",
        "tier",
        "partner_type",
        "partner",
        "created_at",
        book_name={"source": "book__name", "label": _("Price book"), "stands_in_for": "book"},
        book={"edit": False},
    ),
    columns=("book_name", "tier", "partner_type", "partner"),
    layout=(Section(_("Addressed to"), ("book", "tier", "partner_type", "partner")),),
    filters=("book", "tier", "partner_type", "partner"),
    ordering=("created_at",),
    default_ordering="created_at",
    check=check_audience,
    nav=False,
    grants={"administrator": MAINTAIN, "channel_manager": MAINTAIN},
)

entries = Module(
    key="price-book-entries",
    model=PriceBookEntry,
    label=_("Price"),
    label_plural=_("Prices"),
    icon="tag",
    title="product_name",
    fields=fields(
        PriceBookEntry,
        "book",
        "product",
        "min_quantity",
        "price",
        "created_at",
        product_name={"source": "product__name", "label": _("Product"), "stands_in_for": "product"},
        currency={"source": "book__currency", "label": _("Currency")},
        book={"edit": False},
        product={"edit": False},
    ),
    columns=("product_name", "min_quantity", "price", "currency", "book"),
    layout=(Section(_("Price"), ("book", "product", "min_quantity", "price", "currency")),),
    search=("product_name",),
    filters=("book", "product", "currency", "min_quantity", "price"),
    ordering=("created_at", "product_name", "min_quantity"),
    default_ordering="created_at",
    nav=False,
    grants={"administrator": MAINTAIN, "channel_manager": MAINTAIN, "partner": _addressed("book")},
)

rates = Module(
    key="exchange-rates",
    model=ExchangeRate,
    label=_("Exchange rate"),
    label_plural=_("Exchange rates"),
    icon="arrow-left-right",
    title="from_currency",
    fields=fields(ExchangeRate, "from_currency", "to_currency", "rate", "valid_from", "created_at"),
    columns=("from_currency", "to_currency", "rate", "valid_from"),
    filters=("from_currency", "to_currency", "valid_from"),
    ordering=("valid_from", "created_at"),
    default_ordering="-valid_from",
    nav=False,
    administration=True,
    grants={"administrator": MAINTAIN, "channel_manager": MAINTAIN, "partner": READ_ALL},
)

taxes = Module(
    key="tax-rates",
    model=TaxRate,
    label=_("Tax rate"),
    label_plural=_("Tax rates"),
    icon="landmark",
    title="country",
    fields=fields(TaxRate, "country", "tax_class", "valid_from", "created_at", percent={"unit": "%"}),
    columns=("country", "tax_class", "percent", "valid_from"),
    filters=("country", "tax_class", "valid_from"),
    ordering=("country", "valid_from", "created_at"),
    default_ordering="country",
    nav=False,
    administration=True,
    grants={"administrator": MAINTAIN, "channel_manager": READ_ALL, "partner": READ_ALL},
)

modules = [families, products, price_books, audiences, entries, rates, taxes]
