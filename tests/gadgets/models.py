from django.db import models

from tests.gadgets.workflow import GadgetWorkflow
from workflows.models import Record


class Gadget(GadgetWorkflow, Record):
    name = models.CharField("name", max_length=80)
    secret = models.CharField("secret", max_length=80, blank=True)
    note = models.CharField("note", max_length=80, blank=True)
    size = models.IntegerField("size", null=True, blank=True)
    holder = models.ForeignKey(
        "partners.Partner", models.PROTECT, null=True, blank=True, verbose_name="holder"
    )

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"], name="gadget_created")]
