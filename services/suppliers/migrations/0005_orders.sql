-- Orders that a list can be walked in.
CREATE INDEX country_dataset_by_year ON country_dataset (year, index);
CREATE INDEX country_dataset_by_import ON country_dataset (imported_at, index, year);
