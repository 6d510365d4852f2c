"""One JSON object a line: a constant event name and identifiers, never objects or personal data."""

from __future__ import annotations

import logging
import sys

import structlog

from chassis import masks

# nameko logs every refusal of an HTTP request with a traceback; the HTTP seam says what there is to say.
_QUIET = {
    "nameko.containers": logging.CRITICAL,
    "nameko.web.server": logging.WARNING,
    "amqp": logging.WARNING,
}


def configure(service: str, level: str) -> None:
    """Send our own and the libraries' log lines to standard output as JSON."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    last: list[structlog.types.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        masks.mask,
        structlog.processors.JSONRenderer(),  # ASCII: nobody's line end or escape gets out
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)
    structlog.contextvars.bind_contextvars(service=service)
