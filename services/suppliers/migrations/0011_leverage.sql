-- Which cases are followed up in a category in a year: what was proposed, what a person made of it, what was confirmed.

CREATE TABLE follow_up (
    follow_up_id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    category_id text NOT NULL REFERENCES category,
    year integer NOT NULL,
    size integer NOT NULL CHECK (size > 0), -- how many cases were asked for
    as_of date NOT NULL, -- the day that contracts and priorities are counted from
    rules text NOT NULL, -- the version of the arithmetic
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    proposed jsonb NOT NULL, -- the ranked cases with every term, as they were then
    passed_over jsonb NOT NULL, -- those more urgent than the last of them that something hindered, likewise
    added jsonb NOT NULL DEFAULT '[]', -- {supplier_id, reason} each
    removed jsonb NOT NULL DEFAULT '[]',
    added_cases jsonb NOT NULL DEFAULT '[]', -- the terms of those that were added, as they were then
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'confirmed')),
    selected uuid[] NOT NULL DEFAULT '{}', -- the suppliers that a confirmation has told the others
    confirmed_at timestamptz,
    confirmed_by text,
    UNIQUE (category_id, year),
    CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL))
);

-- This service's part of an annual report, as it was published: what is told from then on.
CREATE TABLE published_figures (
    year integer PRIMARY KEY,
    figures jsonb NOT NULL,
    as_of timestamptz NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL
);

-- When a case was followed no more, its last contract being gone: figures of a year leave it out from then on.
CREATE TABLE case_end (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    ended_at timestamptz NOT NULL
);
CREATE INDEX case_end_of_case ON case_end (supplier_id, category_id, ended_at);
