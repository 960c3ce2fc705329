"""Tokens: how a program signs in. Only a hash is kept, so a stolen database opens nothing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Token(models.Model):
    """One login of one user's program.

    digest: SHA-256 of the token in hexadecimal. The token itself has 256 random bits, so a fast hash is
        enough: there is nothing to guess.
    prefix: its first characters, by which its owner tells it from the others.
    last_used: to within `api.tokens.COARSE`, so that a read does not become a write.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("user")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.prefix}…"
