"""The kinds of file that are taken; whatever is not listed here is refused."""

from __future__ import annotations

from dataclasses import dataclass

IMAGE, PDF, TEXT, OFFICE, ARCHIVE, VIDEO = "image", "pdf", "text", "office", "archive", "video"
_OPENXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"


@dataclass(frozen=True)
class Kind:
    """name: the usual extension; extensions: all that stand for it; group: how it is checked and shown."""

    name: str
    media_type: str
    group: str
    extensions: tuple[str, ...]


KINDS = (
    Kind("pdf", "application/pdf", PDF, ("pdf",)),
    Kind("jpg", "image/jpeg", IMAGE, ("jpg", "jpeg", "jpe", "jfif")),
    Kind("png", "image/png", IMAGE, ("png",)),
    Kind("webp", "image/webp", IMAGE, ("webp",)),
    Kind("gif", "image/gif", IMAGE, ("gif",)),
    Kind("txt", "text/plain", TEXT, ("txt", "log")),
    Kind("csv", "text/csv", TEXT, ("csv",)),
    Kind("tsv", "text/tab-separated-values", TEXT, ("tsv",)),
    Kind("md", "text/markdown", TEXT, ("md", "markdown")),
    Kind("docx", f"{_OPENXML}.wordprocessingml.document", OFFICE, ("docx",)),
    Kind("xlsx", f"{_OPENXML}.spreadsheetml.sheet", OFFICE, ("xlsx",)),
    Kind("pptx", f"{_OPENXML}.presentationml.presentation", OFFICE, ("pptx",)),
    Kind("odt", f"{_ODF}.text", OFFICE, ("odt",)),
    Kind("ods", f"{_ODF}.spreadsheet", OFFICE, ("ods",)),
    Kind("odp", f"{_ODF}.presentation", OFFICE, ("odp",)),
    Kind("zip", "application/zip", ARCHIVE, ("zip",)),
    Kind("mp4", "video/mp4", VIDEO, ("mp4", "m4v")),
    Kind("mov", "video/quicktime", VIDEO, ("mov",)),
)
BY_NAME = {kind.name: kind for kind in KINDS}
BY_EXTENSION = {extension: kind for kind in KINDS for extension in kind.extensions}
BY_MEDIA_TYPE = {kind.media_type: kind for kind in KINDS}

#: For the `accept` of a file field.
EXTENSIONS = tuple(f".{extension}" for extension in BY_EXTENSION)

#: What starts a program, or a page with scripts, where somebody opens it.
PROGRAMS = frozenset(
    {
        *(
            "apk",
            "app",
            "bat",
            "cmd",
            "com",
            "command",
            "cpl",
            "deb",
            "desktop",
            "dll",
            "dmg",
            "exe",
            "gadget",
        ),
        *("hta", "inf", "iso", "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "psm1", "py"),
        *(
            "reg",
            "rgs",
            "rpm",
            "scf",
            "scr",
            "sct",
            "sh",
            "swf",
            "url",
            "vb",
            "vbe",
            "vbs",
            "vbscript",
            "vhd",
        ),
        *("vhdx", "ws", "wsc", "wsf", "wsh"),
        *("asp", "aspx", "htm", "html", "jsp", "mht", "mhtml", "php", "phtml", "shtml", "svg", "svgz", "xht"),
        *("xhtml", "xml", "xsl", "xslt"),
        *("docm", "dotm", "potm", "ppam", "ppsm", "pptm", "sldm", "xlam", "xlsm", "xltm"),
    }
)
#: Of those, what nobody has in the middle of an honest name ("northwind.com.pdf" is one).
DISGUISES = PROGRAMS - {
    "app",
    "com",
    "command",
    "desktop",
    "inf",
    "js",
    "py",
    "reg",
    "sh",
    "url",
    "vb",
    "ws",
    "xml",
}
