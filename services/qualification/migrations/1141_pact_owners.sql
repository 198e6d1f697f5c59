-- Owners and partners of actions that were written as their party is called are that party.

-- migrate:up
UPDATE pact_action AS a
SET owner_id = p.id
FROM pact_party AS p
WHERE p.pact_id = a.pact_id
  AND a.owner_id IS NULL
  AND regexp_replace(lower(btrim(p.name)), '\s+', ' ', 'g') = regexp_replace(lower(btrim(a.owner)), '\s+', ' ', 'g');

UPDATE pact_action AS a
SET partner_ids = known.ids
FROM (
    SELECT x.id, coalesce(array_agg(p.id ORDER BY w.place) FILTER (WHERE p.id IS NOT NULL), '{}') AS ids
    FROM pact_action AS x
    LEFT JOIN LATERAL unnest(x.partners) WITH ORDINALITY AS w (name, place) ON TRUE
    LEFT JOIN pact_party AS p
        ON p.pact_id = x.pact_id
        AND regexp_replace(lower(btrim(p.name)), '\s+', ' ', 'g')
            = regexp_replace(lower(btrim(w.name)), '\s+', ' ', 'g')
    GROUP BY x.id
) AS known
WHERE known.id = a.id
  AND a.partner_ids IS NULL
  AND cardinality(known.ids) = cardinality(a.partners);

-- migrate:down
