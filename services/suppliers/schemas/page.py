"""What the pages for people take."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.suppliers.schemas.common import LANGUAGES


class Language(Schema):
    """In which language a page is; without it the reader's own (Accept-Language). JSON has none."""

    lang = fields.String(load_default=None, validate=validate.OneOf(LANGUAGES))
