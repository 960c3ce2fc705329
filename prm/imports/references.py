"""Finds the record that a cell means by the words by which its module is known."""

from __future__ import annotations

import difflib
from typing import Any

from prm.imports.mapping import importing
from prm.modules import registry
from prm.modules.registry import Module


class Unknown(ValueError):
    """No record is meant, or more than one; `suggestion` is the closest word, where one is close."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def closest(word: str, known: list[str]) -> str:
    """The one of `known` that `word` was probably meant to be, or ""."""
    squeezed = {"".join(one.split()).casefold(): one for one in known}
    same = squeezed.get("".join(word.split()).casefold())
    return same or next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.75)), "")


class References:
    """The words of each module, read once for a file."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, list[Any]]] = {}

    def of(self, module: Module) -> dict[str, list[Any]]:
        """Ids by word."""
        if module.key not in self._known:
            how = importing(module)
            names = how.known_by or tuple(dict.fromkeys((how.key, module.title)))
            words: dict[str, list[Any]] = {}
            for name in names:
                path = module.field(name).path
                for pk, word in module.rows().exclude(**{path: ""}).values_list("pk", path):
                    if word is not None and pk not in words.setdefault(str(word), []):
                        words[str(word)].append(pk)
            self._known[module.key] = words
        return self._known[module.key]

    def find(self, key: str, word: str) -> Any:
        """The id of the record called `word`. Raises Unknown."""
        module = registry.get(key)
        found = self.of(module).get(word, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Unknown(f"{len(found)} {module.label_plural} are called “{word}”")
        raise Unknown(f"there is no {module.label} “{word}”", closest(word, list(self.of(module))))

    def add(self, module: Module, words: list[str], pk: Any) -> None:
        """A record just made, for the rows that refer to it."""
        known = self.of(module)
        for word in dict.fromkeys(filter(None, words)):
            ids = known.setdefault(word, [])
            if pk not in ids:
                ids.append(pk)
