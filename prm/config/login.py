"""How people come in: by email and password, passkey or single sign-on; nobody signs up by themselves."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.core.context import request_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils.translation import gettext as _

from prm.people.mail import portal_of
from prm.people.reader import as_reader
from prm.vendor.letterhead import letterhead
from prm.vendor.looks import public_url
from workflows.jobs import enqueue


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """A login comes from an invitation that an approved partner or the vendor has sent."""
        return False

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """The text of the template, and the same in the look that its reader knows."""
        message: EmailMultiAlternatives = super().render_mail(template_prefix, email, context, headers)
        url = context.get("password_reset_url", "")
        letter = {
            "subject": message.subject,
            "paragraphs": [part for part in message.body.split("\n\n") if part.strip() not in ("", url)],
            "button": _("Set a new password"),
            "url": url,
            **letterhead(portal_of(message.to[0])),
        }
        message.attach_alternative(render_to_string("people/mail/message.html", letter), "text/html")
        return message

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """After the transaction, by a job: a slow mail server holds no page up and fails no change."""
        message = self.render_mail(template_prefix, email, context)
        alternatives = getattr(message, "alternatives", [])
        enqueue(
            "prm.config.login.deliver",
            message.subject,
            message.body,
            message.to,
            next((content for content, kind in alternatives if kind == "text/html"), ""),
        )

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Already in a job (see ResetPasswordForm), and its link is kept out of the table of jobs."""
        path = urlsplit(context["password_reset_url"]).path
        context = {**context, "password_reset_url": public_url(path, user.portal)}
        with as_reader(user):
            self.render_mail("account/email/password_reset_key", email, context).send()

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.PUBLIC_URL + path.replace("UID-KEY", key)


def deliver(subject: str, body: str, to: list[str], html: str) -> None:
    message = EmailMultiAlternatives(subject, body, to=to)
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


class ResetPasswordForm(AllauthResetPasswordForm):
    """The same answer after the same work, whether the address is known or not: a job looks it up."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        enqueue("prm.config.login.send_password_reset", email)
        return email


def send_password_reset(email: str) -> None:
    # allauth's mails are written for a request; there is none here, and the links use PUBLIC_URL.
    request = RequestFactory().get("/", secure=settings.HTTPS, SERVER_NAME=settings.PUBLIC_PARTS.hostname)
    form = AllauthResetPasswordForm({"email": email})
    with request_context(request):
        if form.is_valid():
            form.save(request)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Single sign-on lets in whom the portal knows; it does not make logins."""
        return False


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    def derived(key: str) -> Fernet:
        material = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"prm.mfa").derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(material))

    return MultiFernet([derived(key) for key in keys])


class MFAAdapter(DefaultMFAAdapter):
    """A copy of the database alone does not hold anybody's second factor."""

    def encrypt(self, text: str) -> str:
        return self._keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return self._keys().decrypt(encrypted_text.encode()).decode()

    @staticmethod
    def _keys() -> MultiFernet:
        return _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def attempted_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The name by which guesses are counted: one address is one name, however it is typed."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or (request.POST.get("login") if request else "")
    return str(name or "").strip().lower()[:255]


def locked_out(request: HttpRequest, original: HttpResponse | None, credentials: Any) -> HttpResponse:
    """Too many wrong passwords from here; said alike for known and unknown names."""
    wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
    detail = _("Too many attempts. Try again in %(minutes)d minutes.") % {"minutes": wait // 60}
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": _("Too many requests"), "status": 429, "detail": detail}
        response: HttpResponse = JsonResponse(problem, status=429, content_type="application/problem+json")
    else:
        response = render(request, "account/locked_out.html", {"detail": detail}, status=429)
    response["Retry-After"] = str(wait)
    return response
