"""HTTP without a framework's word in it: reading requests, answering, explaining refusals."""

from chassis.http.call import Call, Html
from chassis.http.conditions import Expectation
from chassis.http.paging import PageQuery, PathValues, listing

__all__ = ["Call", "Expectation", "Html", "PageQuery", "PathValues", "listing"]
