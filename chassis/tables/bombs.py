"""Workbooks that mean harm: refused by what they state before anything is unpacked."""

from __future__ import annotations

import zipfile
from typing import IO
from zipfile import ZipFile

from chassis.tables.faults import TableError

_MOST_PARTS = 1000
_MOST_UNPACKED = 1 << 30  # bytes of all parts
_MOST_IN_MEMORY = 100 << 20  # bytes of a part that the library keeps whole
_MOST_RATIO = 300  # a sheet shrinks to a tenth, a bomb to a thousandth
_UNSUSPECTED = 1 << 20  # bytes: small parts may shrink as they like


def refuse(file: IO[bytes]) -> None:
    """Refuse by the stated sizes: the library for zip files never unpacks more than what is stated."""
    try:
        parts = ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise TableError("The file is not a workbook (XLSX): it is no zip file.") from fault
    if len(parts) > _MOST_PARTS:
        raise TableError(f"The workbook has {len(parts)} parts; at most {_MOST_PARTS} are read.")
    if sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise TableError(f"The workbook unpacks to more than {_MOST_UNPACKED >> 20} MB.")
    for part in parts:
        _refuse_part(part)


def _refuse_part(part: zipfile.ZipInfo) -> None:
    is_sheet = part.filename.startswith("xl/worksheets/")
    if not is_sheet and part.file_size > _MOST_IN_MEMORY:
        raise TableError(f"The workbook's part {part.filename!r:.100} unpacks to more than 100 MB.")
    if part.file_size > max(_UNSUSPECTED, part.compress_size * _MOST_RATIO):
        raise TableError(
            f"The workbook's part {part.filename!r:.100} unpacks to {_MOST_RATIO} times its size."
        )
