"""Finds the record that a cell means by the words by which its module is known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from prm.access.rights import rights_for
from prm.imports.mapping import importing
from prm.modules import registry
from prm.modules.reader import Reader
from prm.modules.registry import Module

#: What is remembered at most: of words, of records, and of words to suggest one from.
WORDS, RECORDS, SUGGESTED = 20_000, 2_000, 5_000


class Unknown(ValueError):
    """No record is meant, or `several` are; `suggestion` is the closest word, where one is close."""

    def __init__(self, message: str, suggestion: str = "", several: bool = False) -> None:
        super().__init__(message)
        self.suggestion, self.several = suggestion, several


def closest(word: str, known: list[str]) -> str:
    """The one of `known` that `word` was probably meant to be, or ""."""
    squeezed = {"".join(one.split()).casefold(): one for one in known}
    same = squeezed.get("".join(word.split()).casefold())
    return same or next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.75)), "")


def find_all(module: Module, name: str, words: Iterable[Any], user: Any = None) -> list[tuple[Any, Any]]:
    """(id, value) of the records whose field has one of the values, as far as the user may read it."""
    return list(_values(module, name, user, words))


def _values(module: Module, name: str, user: Any, words: Iterable[Any] | None) -> Any:
    if user is None:
        path, rows = module.field(name).path, module.rows()
    else:
        rights = rights_for(user)
        if not rights.may(module, "view"):
            return []
        reader = Reader(rights, module, ())
        column = reader.columns.get(name)
        if column is None:
            return []
        path, rows = column.main, reader.rows(name)
    if words is not None:
        rows = rows.filter(**{f"{path}__in": list(words)})
    return rows.values_list("pk", path)


class References:
    """What cells refer to, looked up for many rows at once and remembered for a while.

    user: who imports, and so whose view of other modules counts; None for the system, which sees all.
    """

    def __init__(self, user: Any = None) -> None:
        self.user = user
        self._known: dict[tuple[str, str], list[Any]] = {}
        self._records: dict[tuple[str, Any], Any] = {}
        self._suggested: dict[str, list[str]] = {}

    def names(self, module: Module) -> tuple[str, ...]:
        """The fields by which a record of the module is called."""
        how = importing(module)
        return how.known_by or tuple(dict.fromkeys((how.key, module.title)))

    def fetch(self, key: str, words: Iterable[str]) -> None:
        """Looks up the words that are not known yet, and their records."""
        if len(self._known) > WORDS:
            self._known.clear()
        if len(self._records) > RECORDS:
            self._records.clear()
        wanted = {word for word in words if word and (key, word) not in self._known}
        if not wanted:
            return
        module = registry.get(key)
        found: dict[str, list[Any]] = {word: [] for word in wanted}
        for name in self.names(module):
            for pk, word in find_all(module, name, wanted, self.user):
                if str(word) in found and pk not in found[str(word)]:
                    found[str(word)].append(pk)
        self._known |= {(key, word): ids for word, ids in found.items()}
        single = {ids[0] for ids in found.values() if len(ids) == 1}
        for record in module.rows().filter(pk__in=single):
            self._records[key, record.pk] = record

    def forget(self, key: str) -> None:
        """What was not found may be there by now."""
        self._known = {at: ids for at, ids in self._known.items() if at[0] != key or ids}

    def find(self, key: str, word: str) -> Any:
        """The record called `word`. Raises Unknown."""
        if (key, word) not in self._known:
            self.fetch(key, [word])
        module, found = registry.get(key), self._known[key, word]
        if len(found) == 1:
            if (key, found[0]) not in self._records:
                self._records[key, found[0]] = module.rows().get(pk=found[0])
            return self._records[key, found[0]]
        if found:
            said = _("%(count)d %(label)s are called “%(word)s”")
            facts = {"count": len(found), "label": module.label_plural, "word": word}
            raise Unknown(said % facts, several=True)
        said = _("there is no %(label)s “%(word)s”")
        raise Unknown(said % {"label": module.label, "word": word}, self.suggestion(module, word))

    def suggestion(self, module: Module, word: str) -> str:
        """The name of a record of the module that the word was probably meant to be, or ""."""
        if module.key not in self._suggested:
            words: dict[str, None] = {}
            for name in self.names(module):
                for _pk, one in _values(module, name, self.user, None)[:SUGGESTED]:
                    words.setdefault(str(one or ""))
            self._suggested[module.key] = [one for one in words if one]
        return closest(word, self._suggested[module.key])
