"""Letters that lead to a page: g and then the letter."""

from __future__ import annotations

from collections.abc import Iterable

from frontend.shell import NavGroup, NavItem


def keys_of(nav: Iterable[NavGroup]) -> list[tuple[str, NavItem]]:
    """A letter for each page of the navigation: the first of its address that is still free.

    Of the address and not of the title, so that a letter stays the same in every language.
    """
    taken: set[str] = set()
    found = []
    for group in nav:
        for item in group.items:
            if item.external:
                continue
            path = "home" if item.url == "/" else item.url
            letter = next((one for one in path if one.isascii() and one.isalpha() and one not in taken), "")
            if letter:
                taken.add(letter)
                found.append((letter, item))
    return found
