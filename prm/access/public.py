"""The written list of what an anonymous visitor may open; every other route needs a login."""

#: Names of routes, with their namespace where they have one.
PUBLIC_ROUTES = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "invite",
        "calendar-feed",
        "setup",
        "look-colours",
        "look-logo",
        "look-portal-colours",
        "look-portal-logo",
        "offer-link",
        "quote-link",
        "quote-link-pdf",
        "public-form",
        "public-form-embed",
        "public-form-send",
        "public-form-confirm",
        "livez",
        "readyz",
        "metrics",
        "favicon",
        "theme",
        "language",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
        "socialaccount_signup",
        "jsi18n",
    }
)

#: Beginnings of route names: registration is a public form of several pages, OIDC comes back from elsewhere.
PUBLIC_PREFIXES = ("register", "openid_connect_")

#: Namespaces whose views answer an anonymous visitor themselves, with 401 and not with a page.
SELF_GUARDED = frozenset({"api"})


def is_public(view_name: str | None, namespace: str = "") -> bool:
    """Whether the route may be opened without a login."""
    if not view_name:
        return False
    return view_name in PUBLIC_ROUTES or view_name.startswith(PUBLIC_PREFIXES) or namespace in SELF_GUARDED
