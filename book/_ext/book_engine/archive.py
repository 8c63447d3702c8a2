"""Archive: the built book in one file, for reading without a network, with its checksum beside it.

``make zip`` runs ``python book/_ext/book_engine/archive.py _build/html _build/gate-by-gate.zip``. The same
pages make the same archive, byte for byte: names are sorted, and no time of a file is kept.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

__all__ = ["checksum", "pack"]

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the first that a zip archive knows."""


def checksum(file: Path) -> str:
    """Write the SHA-256 of a file beside it, as ``sha256sum --check`` reads it, and return it."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_name(f"{file.name}.sha256").write_text(f"{digest}  {file.name}\n", "utf-8")
    return digest


def pack(book: Path, archive: Path) -> str:
    """Put a built book into an archive, in one folder that has the archive's name.

    The checksum is written beside it.

    Args:
        book: the folder that holds ``index.html``.
        archive: the file to write.

    Returns:
        The SHA-256 of the archive.

    Raises:
        FileNotFoundError: there is no built book in the folder.
    """
    if not (book / "index.html").is_file():
        raise FileNotFoundError(f"expected a built book with an index.html in {book}; run `make book`")
    files = sorted(path for path in book.rglob("*") if path.is_file() and not path.name.startswith("."))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for path in files:
            entry = zipfile.ZipInfo(f"{archive.stem}/{path.relative_to(book).as_posix()}", EARLIEST)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, wherever it is packed
            opened.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    return checksum(archive)


if __name__ == "__main__":
    print(f"{sys.argv[2]}: {pack(Path(sys.argv[1]), Path(sys.argv[2]))}")
