-- A supplier with everything that is registered of it, as the API shows it.
CREATE VIEW whole_supplier AS
SELECT s.supplier_id, s.version, s.legal_name, s.country, s.status, s.language, s.registered_at,
       (SELECT coalesce(jsonb_object_agg(i.scheme, i.value), '{}')
        FROM identifier AS i WHERE i.supplier_id = s.supplier_id) AS identifiers,
       (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'supplier_id' ORDER BY c.contact_id), '[]')
        FROM contact AS c WHERE c.supplier_id = s.supplier_id) AS contacts,
       (SELECT coalesce(jsonb_agg(to_jsonb(t) - 'supplier_id' ORDER BY t.site_id), '[]')
        FROM site AS t WHERE t.supplier_id = s.supplier_id) AS sites,
       (SELECT coalesce(jsonb_agg(to_jsonb(k) - 'supplier_id' ORDER BY k.contract_id), '[]')
        FROM contract AS k WHERE k.supplier_id = s.supplier_id) AS contracts,
       (SELECT coalesce(jsonb_agg(to_jsonb(o) - 'supplier_id' ORDER BY o.region, o.number), '[]')
        FROM own_number AS o WHERE o.supplier_id = s.supplier_id) AS own_numbers
FROM supplier AS s;
