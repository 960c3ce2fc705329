from typing import Any

from django.db import models
from phonenumber_field.validators import validate_international_phonenumber


class PhoneTextField(models.CharField):
    """A phone number as text, with its country code: +442079460991."""

    default_validators = [validate_international_phonenumber]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)
