from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from prm.people.fields import PhoneTextField
from prm.people.matching import Matched, company_domain, domain_of, name_key, tax_key
from prm.people.tokens import new_token, token_hash
from prm.people.workflow import InvitationWorkflow
from workflows.models import Record


class Company(Matched, Record):
    """An organisation. Partner and account are roles of one, and share its id."""

    match_sources = {"name_key": ("name",), "tax_key": ("tax_id",), "domain": ("website", "domain")}

    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("domain"), max_length=200, blank=True, db_index=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    website = models.URLField(_("website"), max_length=300, blank=True)
    phone = PhoneTextField(_("phone"), blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    region = models.CharField(_("region"), max_length=40, blank=True)
    country = CountryField(_("country"), blank=True)
    closed_at = models.DateTimeField(_("access ended"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.name

    def set_match_keys(self) -> None:
        self.name_key = name_key(self.name)
        self.tax_key = tax_key(self.tax_id)
        self.domain = domain_of(self.domain) or company_domain(self.website)


class Contact(Record):
    """A person. Has no login unless invited."""

    company = models.ForeignKey(
        Company, models.CASCADE, null=True, blank=True, related_name="contacts", verbose_name=_("company")
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("email"), blank=True)
    phone = PhoneTextField(_("phone"), blank=True)
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    is_admin = models.BooleanField(
        _("admin"),
        default=False,
        help_text=_("May invite, edit and deactivate colleagues of the own company."),
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [models.Index(fields=["email"], name="contact_email")]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> models.QuerySet["User"]:
        # Who a user is, is asked in every request: portal and contact come with the login, in one query.
        return super().get_queryset().select_related("portal", "contact")

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if "portal" not in fields:
            fields["portal"] = apps.get_model("access", "Portal").objects.filter(key="administrator").first()
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(Record, AbstractBaseUser, PermissionsMixin):
    """A login. What it may do follows from its portal, its contact and its contact's company."""

    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    portal = models.ForeignKey(
        "access.Portal", models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("portal")
    )
    contact = models.OneToOneField(
        Contact, models.PROTECT, null=True, blank=True, related_name="user", verbose_name=_("contact")
    )
    is_active = models.BooleanField(_("active"), default=True)
    paused = models.BooleanField(
        _("paused"),
        default=False,
        editable=False,
        help_text=_("Deactivated together with the company, and active again when the company is."),
    )
    barred = models.BooleanField(
        _("barred"),
        default=False,
        editable=False,
        help_text=_("Deactivated by the vendor, and so not to be let in again by colleagues."),
    )
    is_staff = models.BooleanField(_("may open the Django admin"), default=False)
    cover = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="covers_for", verbose_name=_("cover")
    )
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    timezone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Empty: that of the browser.")
    )
    language = models.CharField(
        _("language"), max_length=12, blank=True, help_text=_("Empty: that of the browser.")
    )
    date_joined = models.DateTimeField(_("joined"), default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    #: Portal and activity as the row was loaded, for who has to know what a save has changed.
    loaded: tuple[UUID | None, bool] | None = None
    #: An invitation has kept the seat that this login takes.
    promised = False

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(
                condition=Q(away_from=None) | Q(away_until=None) | Q(away_until__gte=models.F("away_from")),
                name="user_away_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> "User":
        user = super().from_db(*args, **kwargs)
        if "portal_id" in user.__dict__ and "is_active" in user.__dict__:
            user.loaded = (user.portal_id, user.is_active)
        return user

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        # One spelling for one mailbox, whatever made the row: form, command, single sign-on.
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)
        written = kwargs.get("update_fields")
        before = self.loaded or (self.portal_id, self.is_active)
        self.loaded = (
            self.portal_id if written is None or "portal" in written else before[0],
            self.is_active if written is None or "is_active" in written else before[1],
        )

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def company_id(self) -> UUID | None:
        return self.contact.company_id if self.contact_id and self.contact else None

    @property
    def is_portal_admin(self) -> bool:
        return bool(self.contact_id and self.contact and self.contact.is_admin)

    def away_on(self, day: date) -> bool:
        return bool(
            self.away_from and self.away_from <= day and (self.away_until is None or day <= self.away_until)
        )


class Invitation(InvitationWorkflow, Record):
    """One mailbox asked to take a login. The token is in the mail alone; here is its hash."""

    email = models.EmailField(_("email"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    company = models.ForeignKey(
        Company, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("company")
    )
    contact = models.ForeignKey(
        Contact, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("contact")
    )
    portal = models.ForeignKey("access.Portal", models.CASCADE, related_name="+", verbose_name=_("portal"))
    is_admin = models.BooleanField(_("admin"), default=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True, editable=False)
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("invited by")
    )

    #: The token itself, only in the instance that made it.
    fresh_token = ""
    #: Whether it has kept a seat before this instance renewed it.
    kept_seat = False

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.email

    @property
    def party_id(self) -> UUID | None:
        return self.company_id

    def renew(self) -> None:
        """A new token and a new term; the caller saves."""
        self.kept_seat = (
            not self._state.adding and self.state == self.State.PENDING and self.expires_at > now()
        )
        self.fresh_token = new_token()
        self.token_hash = token_hash(self.fresh_token)
        self.expires_at = now() + timedelta(days=settings.INVITATION_DAYS)


class PortalStay(models.Model):
    """From when until when a user has had a portal; `until` is empty for the present one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="stays", verbose_name=_("user"))
    portal = models.ForeignKey(
        "access.Portal", models.CASCADE, related_name="stays", verbose_name=_("portal")
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("stay in a portal")
        verbose_name_plural = _("stays in portals")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(until=None), name="stay_one_open"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")), name="stay_ends_after_it_begins"
            ),
        ]
        indexes = [models.Index(fields=["user", "since"], name="stay_user_since")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.portal_id}"


class SeatPool(Record):
    """The licences bought for portals with seats: one row, or none as long as nobody set a number."""

    ONLY = UUID(int=1)

    bought = models.PositiveIntegerField(
        _("seats bought"), null=True, blank=True, help_text=_("Empty: as many as are needed.")
    )
    free = models.PositiveIntegerField(
        _("free seats"), default=0, help_text=_("So many come without being bought.")
    )

    class Meta:
        verbose_name = _("seats")
        verbose_name_plural = _("seats")
        constraints = [models.CheckConstraint(condition=Q(id=UUID(int=1)), name="seatpool_only_one")]

    def __str__(self) -> str:
        return str(self.limit)

    @property
    def limit(self) -> int | None:
        """How many there are; None for as many as are needed."""
        return None if self.bought is None else self.bought + self.free
