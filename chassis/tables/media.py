"""The media types of tables, and what a file of each is called."""

CSV = "text/csv"
NDJSON = "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {CSV: "csv", NDJSON: "ndjson", XLSX: "xlsx"}
