"""Bulk imports: a service declares kinds of rows, the chassis takes files of them and reports on each row.

services/<name>/imports holds KINDS, of ImportKind; service.py declares the endpoints and the loop:

    @http("POST", "/imports", body=imports.file_of(KINDS), query=imports.start_query(KINDS), …)
        -> imports.start
    @every(seconds=0.5, wake="imports")                                                -> imports.supervise

A file is kept in the database in pieces, so that any replica can work on it; a process of its own reads it.
"""

from chassis.imports.kinds import Fault, ImportKind, Job, Outcome, Parsed, rejected
from chassis.imports.store import FILE, cancel, file_of, get, jobs, owners, report, start, unfinished
from chassis.imports.supervision import supervise
from chassis.imports.views import ImportStarted, ImportView, JobQuery, ReportRow, RowQuery, start_query

__all__ = [
    "FILE",
    "Fault",
    "ImportKind",
    "ImportStarted",
    "ImportView",
    "Job",
    "JobQuery",
    "Outcome",
    "Parsed",
    "ReportRow",
    "RowQuery",
    "cancel",
    "file_of",
    "get",
    "jobs",
    "owners",
    "rejected",
    "report",
    "start",
    "start_query",
    "supervise",
    "unfinished",
]
