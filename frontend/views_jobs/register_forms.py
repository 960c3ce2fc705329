"""The three short pages of an application: eight required answers, email and agreement among them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from prm.partners.choices import PartnerType
from prm.partners.models import Territory


def regions_served() -> list[str]:
    """The regions of all territories: an applicant names the one that it sells in."""
    return sorted({region for territory in Territory.objects.all() for region in territory.regions})


def country_choices() -> list[tuple[str, Any]]:
    """All countries in the reader's language."""
    return [("", _("Choose a country")), *countries]


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("Your work email address"),
        help_text=_("We send a link to it, so that you can confirm it and come back to your answers later."),
        error_messages={
            "required": _("Enter your work email address"),
            "invalid": _("Enter an email address like name@company.example"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )


class CompanyForm(forms.Form):
    company_name = forms.CharField(
        label=_("Company name"),
        max_length=200,
        error_messages={"required": _("Enter the name of your company")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    website = forms.CharField(
        label=_("Website"),
        max_length=300,
        help_text=_("For example, company.example"),
        error_messages={"required": _("Enter the address of your website")},
        widget=forms.TextInput(attrs={"autocomplete": "url", "inputmode": "url", "spellcheck": "false"}),
    )
    country = forms.ChoiceField(
        choices=country_choices,
        label=_("Country"),
        required=True,
        error_messages={"required": _("Choose the country of your company")},
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    tax_id = forms.CharField(
        label=_("Tax number"),
        max_length=40,
        required=False,
        help_text=_("VAT or tax registration number. It helps us to find your company faster."),
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )

    def clean_website(self) -> str:
        """People type company.example; the record keeps an address that opens."""
        value = self.cleaned_data["website"].strip()
        address = value if "://" in value else f"https://{value}"
        return str(
            forms.URLField(
                assume_scheme="https",
                error_messages={"invalid": _("Enter a website like company.example")},
            ).clean(address)
        )


class ContactForm(forms.Form):
    contact_name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": _("Enter your name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact_phone = forms.CharField(
        label=_("Phone number"),
        max_length=40,
        required=False,
        help_text=_("With the country code, for example +49 30 901820"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class ProgrammeForm(forms.Form):
    partner_type = forms.ChoiceField(
        label=_("How would you like to work with us?"),
        choices=PartnerType.choices,
        error_messages={"required": _("Choose how you would like to work with us")},
        widget=forms.RadioSelect,
    )
    region = forms.ChoiceField(
        label=_("Where do you sell?"),
        error_messages={"required": _("Choose where you sell")},
        help_text=_("The region that most of your customers are in."),
    )
    motivation = forms.CharField(
        label=_("What should we know about you?"),
        max_length=2000,
        required=False,
        help_text=_("Your customers, products you already sell, why you want to be a partner."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = regions_served()
        if regions:
            choices = [("", _("Choose a region")), *((one, one) for one in regions)]
            self.fields["region"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["region"]


class AgreementForm(forms.Form):
    agreement = forms.BooleanField(
        label=_("I have read the partner agreement and accept it for my company"),
        error_messages={"required": _("Accept the partner agreement to send your application")},
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Your answer"),
        max_length=4000,
        error_messages={"required": _("Enter your answer")},
        widget=forms.Textarea(attrs={"rows": 6}),
    )


STEPS = ("company", "contact", "programme")
FORMS: dict[str, type[forms.Form]] = {
    "company": CompanyForm,
    "contact": ContactForm,
    "programme": ProgrammeForm,
}
