"""Looks into what is packed as ZIP: office documents and archives. Nothing is unpacked to disk."""

from __future__ import annotations

import itertools
import re
import zipfile
from typing import IO

from django.utils.translation import gettext as _

from prm.files.errors import FileRefused, refused
from prm.files.kinds import BY_MEDIA_TYPE, BY_NAME, PROGRAMS, Kind

MOST_ENTRIES = 5_000
#: Bytes when unpacked: of all together, and how many times the packed size.
MOST_UNPACKED, MOST_RATIO = 1024 * 1024 * 1024, 200
#: Bytes of one part that is read here.
MOST_PART = 4 * 1024 * 1024
_MAIN = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_MACROS = re.compile(r"vbaproject|vbadata|macrosheets/|activex/|^basic/|^scripts/", re.IGNORECASE)
#: What office programs fetch by themselves when a document is opened: links and pictures are not among it.
_FETCHES = re.compile(rb"(attachedTemplate|oleObject|frame|subDocument)[\"']", re.IGNORECASE)
#: XML is data as well, and stays where it is packed.
_RUNS = PROGRAMS - {"xml", "xsl", "xslt"}
_NESTED = ("zip", "7z", "rar", "gz", "bz2", "xz", "tar", "tgz", "cab", "arj", "lzh", "ace")


def inspect(stream: IO[bytes], size: int) -> Kind:
    """Which kind it is. Raises FileRefused."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            _check_entries(entries, size)
            _check_end(stream, archive, size)
            return _kind(archive, {entry.filename: entry for entry in entries})
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError, ValueError,
            OSError, UnicodeError, OverflowError) as error:  # fmt: skip
        raise refused("damaged", _("This file is damaged or not complete.")) from error


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if not entries:
        raise refused("empty", _("This archive is empty."))
    if len(entries) > MOST_ENTRIES:
        raise refused("bomb", _("This archive holds too many files."))
    unpacked = sum(entry.file_size for entry in entries)
    # More packed bytes than there are in the file: parts lie over each other.
    if sum(entry.compress_size for entry in entries) > size:
        raise refused("bomb", _("This archive is not what it seems, and is not accepted."))
    if unpacked > MOST_UNPACKED or unpacked > max(size * MOST_RATIO, 10 * 1024 * 1024):
        raise refused("bomb", _("Unpacked, this file would be far too large."))
    offsets = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    for (start, length), (following, _length) in itertools.pairwise(offsets):
        if start + 30 + length > following:
            raise refused("bomb", _("This archive is not what it seems, and is not accepted."))
    seen = set()
    for entry in entries:
        _check_entry(entry)
        if entry.filename.lower() in seen:
            raise refused("damaged", _("This archive holds two files of one name."))
        seen.add(entry.filename.lower())


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    if entry.flag_bits & 0x1:
        raise refused("encrypted", _("Archives with a password cannot be checked, and are not accepted."))
    parts = re.split(r"[/\\]", name)
    if "\x00" in name or name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name):
        raise refused("path", _("This archive would write outside its folder, and is not accepted."))
    if (entry.external_attr >> 16) & 0o170000 == 0o120000:
        raise refused("path", _("This archive would write outside its folder, and is not accepted."))


def _check_end(stream: IO[bytes], archive: zipfile.ZipFile, size: int) -> None:
    """Nothing behind the directory, which could be another kind of file."""
    stream.seek(max(size - 22 - len(archive.comment), 0))
    if not stream.read(4) == b"PK\x05\x06":
        raise refused("polyglot", _("This file is two kinds at once, and is not accepted."))


def _kind(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Kind:
    if "mimetype" in entries and "content.xml" in entries:
        _no_macros(entries)
        said = _part(archive, entries["mimetype"]).decode("ascii", "replace").strip()
        kind = BY_MEDIA_TYPE.get(said)
        if kind is None:
            raise refused("unknown", _("This kind of file is not accepted."))
        return kind
    if "[Content_Types].xml" in entries:
        return _openxml(archive, entries)
    return _plain(entries)


def _openxml(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Kind:
    _no_macros(entries)
    types = _part(archive, entries["[Content_Types].xml"])
    if re.search(rb"macroEnabled|vbaProject", types, re.IGNORECASE):
        raise _macros()
    relations = [entry for name, entry in entries.items() if name.endswith(".rels")]
    budget = MOST_PART
    for entry in relations:
        text = _part(archive, entry)
        budget -= len(text)
        if budget < 0:
            raise refused("bomb", _("Unpacked, this file would be far too large."))
        for relation in re.findall(rb"<Relationship\b[^>]*>", text):
            if re.search(rb"TargetMode\s*=\s*[\"']External", relation) and _FETCHES.search(relation):
                raise refused("remote", _("This document would load parts from elsewhere."))
    for folder, name in _MAIN.items():
        if any(one.startswith(folder) for one in entries):
            return BY_NAME[name]
    raise refused("unknown", _("This kind of file is not accepted."))


def _no_macros(entries: dict[str, zipfile.ZipInfo]) -> None:
    if any(_MACROS.search(name) for name in entries):
        raise _macros()


def _macros() -> FileRefused:
    return refused("macros", _("Documents with macros are not accepted. Save it without them."))


def _plain(entries: dict[str, zipfile.ZipInfo]) -> Kind:
    for name in entries:
        endings = name.lower().rstrip(" .").rpartition("/")[2].split(".")[1:]
        if any(one.strip() in _RUNS for one in endings):
            raise refused("program", _("This archive holds programs, scripts or web pages."))
        if endings and endings[-1] in _NESTED:
            raise refused("bomb", _("Archives within archives are not accepted."))
    return BY_NAME["zip"]


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One part, read no further than is reasonable, whatever size it claims."""
    with archive.open(entry) as part:
        found = part.read(MOST_PART + 1)
    if len(found) > MOST_PART:
        raise refused("bomb", _("Unpacked, this file would be far too large."))
    return found
