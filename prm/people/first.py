"""The first administrator of an empty installation: made once, by whoever started the server."""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from prm.access.models import Portal
from prm.people.models import User
from prm.people.tokens import token_hash
from prm.vendor.models import SetupCode
from workflows.actor import Actor
from workflows.errors import InvalidInput, NotFound, WrongState
from workflows.locking import lock
from workflows.perform import record_creation, unit_of_work

#: Letters and digits that nobody mistakes for another; 20 of them cannot be guessed.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS, GROUP = 5, 4


def needed() -> bool:
    """Whether nobody has a login yet."""
    return not User.objects.exists()


def new_code() -> str:
    """A code for the page that makes the first administrator; it and all others end with that."""
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    SetupCode.objects.create(code_hash=token_hash(code))
    return code


def code_is_good(code: str) -> bool:
    """Whether the server has printed this code; spaces and capitals do not matter."""
    return SetupCode.objects.filter(code_hash=token_hash(_plain(code))).exists()


def _plain(code: str) -> str:
    return "".join(code.split()).lower()


def make_administrator(*, email: str, name: str, password: str, code: str | None) -> User:
    """Makes the first login, an administrator, and ends every code.

    code: None where a command of this machine asks, which is proof enough. Raises WrongState where there is a
    login already, NotFound for a wrong code, InvalidInput.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    with unit_of_work():
        # Two who ask at the same moment take turns here, and the second finds a login.
        portal = lock(Portal, Portal.objects.values_list("pk", flat=True).get(key="administrator"))
        if not needed():
            raise WrongState(_("There is a login already. Its owner can invite others."))
        if code is not None and not code_is_good(code):
            raise NotFound
        _check(email, name, password)
        user = User(email=email, name=name, portal=portal)
        user.set_password(password)
        user.save(force_insert=True)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        SetupCode.objects.all().delete()
        record_creation(user, Actor.system())
    return user


def _check(email: str, name: str, password: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = [_("Enter an email address like name@company.example")]
    if not name:
        errors["name"] = [_("Enter your name")]
    elif len(name) > 200:
        errors["name"] = [_("This text is too long.")]
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise InvalidInput(errors)
