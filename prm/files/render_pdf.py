"""Draws the first pages of a PDF as page-1.png … beside it: render_pdf.py FILE PAGES EDGE.

Run by `previews` as a program of its own, with bounds on time and memory; it imports nothing of the portal.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pypdfium2

#: Seconds of the processor, bytes of memory.
CPU_SECONDS, MEMORY = 30, 1024 * 1024 * 1024
#: A page is at most this many points long, or its drawing would be scaled to nothing anyway.
LONGEST_PAGE = 20_000


def main(source: Path, pages: int, edge: int) -> None:
    document = pypdfium2.PdfDocument(source)
    for number in range(min(len(document), pages)):
        page = document[number]
        width, height = page.get_size()
        if not (0 < width < LONGEST_PAGE and 0 < height < LONGEST_PAGE):
            continue
        # Forms and scripts are not set up, so none of them runs.
        drawn = page.render(scale=min(edge / max(width, height), 4), may_draw_forms=False)
        drawn.to_pil().save(source.parent / f"page-{number + 1}.png")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
