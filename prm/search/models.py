from __future__ import annotations

from django.db import models


class SearchEntry(models.Model):
    """The words of one record (see `prm.search.words`). Read by `prm.search.find`, which asks for rights.

    The full-text index over `words` is made by `prm.search.database`.
    """

    module = models.CharField(max_length=60)
    object_id = models.UUIDField()
    words = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["module", "object_id"], name="search_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.module} {self.object_id}"


class Indexed(models.Model):
    """Which fields of a module the entries were made of; where a release names others, they are made anew."""

    module = models.CharField(max_length=60, primary_key=True)
    fields = models.JSONField()

    def __str__(self) -> str:
        return self.module
