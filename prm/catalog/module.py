from django.utils.translation import gettext_lazy as _

from prm.access.specs import GrantSpec, ScopeSpec
from prm.catalog.models import Product
from prm.modules.registry import Module, fields

ON_SALE = {"field": "active", "op": "is", "value": True}
READ_ALL = GrantSpec(scopes=(ScopeSpec(name="all", where=None, actions=("view",)),), views=("list",))

module = Module(
    key="products",
    model=Product,
    label=_("Product"),
    label_plural=_("Products"),
    icon="package",
    title="name",
    fields=fields(Product, "name", "code", "series", "list_price", "active", "created_at"),
    columns=("name", "code", "series", "list_price", "active"),
    search=("name", "code", "series"),
    filters=("name", "series", "active", "code"),
    ordering=("name", "series", "created_at"),
    default_ordering="name",
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all",
                    where=None,
                    actions=("view", "create", "edit", "delete"),
                    fields={"*": "write"},
                ),
            ),
            views=("list",),
        ),
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
                    fields={"*": "read", "list_price": "hidden"},
                ),
            ),
            views=("list",),
        ),
        "employee": READ_ALL,
    },
)
