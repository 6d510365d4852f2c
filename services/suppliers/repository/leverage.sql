-- name: ranking
-- A category's cases with a contract that runs on a day, and the urgency of each: `position` is its negative, so that the
-- most urgent comes first, and 1 where there is no score. The same arithmetic as domain/priority.py, which shows its terms.
SELECT c.supplier_id, c.category_id, p.priority, coalesce(-p.priority, 1) AS position
FROM (
    SELECT k.supplier_id,
           coalesce(sum(div(2 * k.value_ore::numeric * r.days_in_year + d.days, 2 * d.days)) FILTER (WHERE k.currency = r.currency), 0) AS spend_ore,
           CASE WHEN bool_and(k.ends_on IS NOT NULL) THEN max(k.ends_on) - (:as_of)::date END AS days_left
    FROM contract AS k
    CROSS JOIN jsonb_to_record((:rules)::jsonb) AS r (currency text, days_in_year integer, least_years integer, unknown_years integer)
    CROSS JOIN LATERAL (SELECT greatest(
        coalesce(k.ends_on - k.starts_on + 1, r.unknown_years * r.days_in_year), r.least_years * r.days_in_year) AS days) AS d
    WHERE k.category_id = :category_id AND k.starts_on <= (:as_of)::date AND (k.ends_on IS NULL OR k.ends_on >= (:as_of)::date)
    GROUP BY k.supplier_id
) AS k
JOIN cases_within(:region, :area) AS c ON c.supplier_id = k.supplier_id AND c.category_id = :category_id
CROSS JOIN jsonb_to_record((:rules)::jsonb) AS r (
    unit_ore numeric, days_in_year integer, spend_places integer, years_places integer, most_years numeric, places integer, worth jsonb)
CROSS JOIN LATERAL (SELECT
    round(k.spend_ore / r.unit_ore, r.spend_places) AS spend_msek,
    coalesce(least(r.most_years, round(k.days_left::numeric / r.days_in_year, r.years_places)), r.most_years) AS years_left) AS t
CROSS JOIN LATERAL (
    SELECT factor FROM jsonb_to_recordset(r.worth) AS w (from_years numeric, factor numeric)
    WHERE w.from_years <= t.years_left ORDER BY w.from_years DESC LIMIT 1) AS w
CROSS JOIN LATERAL (SELECT round(c.score * t.spend_msek * t.years_left * w.factor, r.places) AS priority) AS p;

-- name: cases_of_supplier
-- The keys of a supplier's cases; a region's or an area's own only, where one is named.
SELECT c.supplier_id, c.category_id FROM cases_within(:region, :area) AS c
WHERE c.supplier_id = :supplier_id
ORDER BY c.category_id;

-- name: case_facts
-- What the priority of the named cases follows from, and when each was followed up the last time.
SELECT c.supplier_id, c.category_id, s.legal_name, c.score, coalesce(c.band, 'no_data') AS band,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('contract_id', k.contract_id, 'regions', k.regions, 'value_ore', k.value_ore,
            'currency', k.currency, 'starts_on', k.starts_on, 'ends_on', k.ends_on, 'clause_level', k.clause_level) ORDER BY k.starts_on, k.contract_id), '[]')
        FROM contract AS k WHERE (k.supplier_id, k.category_id) = (c.supplier_id, c.category_id)) AS contracts,
       (SELECT completed_at FROM judgement AS j
        WHERE (j.supplier_id, j.category_id) = (c.supplier_id, c.category_id)) AS assessed_at,
       (SELECT max(reported_at) FROM finding AS f
        WHERE (f.supplier_id, f.category_id) = (c.supplier_id, c.category_id)) AS audited_at,
       EXISTS (SELECT FROM contact AS p WHERE p.supplier_id = c.supplier_id) AS has_contact,
       (SELECT max(u.year) FROM follow_up AS u
        WHERE u.category_id = c.category_id AND u.selected && (c.supplier_id || ARRAY(
            SELECT a.supplier_id FROM supplier_alias AS a WHERE a.survivor_id = c.supplier_id))) AS selected_year
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS n
JOIN risk_case AS c USING (supplier_id, category_id)
JOIN supplier AS s ON s.supplier_id = c.supplier_id;
