-- name: sites
-- A supplier's sites.
SELECT supplier_id, site_id, version, name, operator, tier, country, address, products, category_ids
FROM site WHERE supplier_id = :supplier_id ORDER BY site_id;

-- name: insert_sites!
-- Production sites.
INSERT INTO site (site_id, supplier_id, name, operator, tier, country, address, products, category_ids, registered_by)
SELECT site_id, supplier_id, name, operator, tier, country, address, products, category_ids, registered_by
FROM jsonb_populate_recordset(NULL::site, (:rows)::jsonb);

-- name: update_sites!
-- Sites that are different now.
UPDATE site AS t
SET name = r.name, operator = r.operator, tier = r.tier, country = r.country, address = r.address,
    products = r.products, category_ids = r.category_ids, version = t.version + 1
FROM jsonb_populate_recordset(NULL::site, (:rows)::jsonb) AS r
WHERE t.site_id = r.site_id;

-- name: delete_site!
-- A site that was wrongly registered, or is used no more.
DELETE FROM site WHERE site_id = :site_id;
