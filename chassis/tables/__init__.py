"""Tables as people and systems exchange them: CSV, NDJSON and workbooks (XLSX), in bounded memory.

    table = reading.read(media_type, file)  # columns, rows, and what should be known of how they were read

    with tables.writer(media_type, columns) as table:
        yield table.head()
        for rows in chunks:
            yield table.rows(rows)  # [{column: value}]
        yield from table.ending()

Reading is CPU-bound work for a process of its own; it is not in this package's front, for it brings openpyxl
along.
"""

from chassis.tables.faults import TableError
from chassis.tables.media import CSV, MEDIA_TYPES, NDJSON, XLSX
from chassis.tables.sheet import Reading, Row
from chassis.tables.writing import Writer, columns_of, writer

__all__ = [
    "CSV",
    "MEDIA_TYPES",
    "NDJSON",
    "XLSX",
    "Reading",
    "Row",
    "TableError",
    "Writer",
    "columns_of",
    "writer",
]
