-- Why: a territory's public page counts the requests of its communes, EPCI, département or région.

-- migrate:up
CREATE INDEX request_by_applicant ON request ((body #>> '{applicant,code}'));
CREATE INDEX request_by_epci ON request ((body #>> '{applicant,epci}'));
CREATE INDEX request_by_region ON request ((body #>> '{applicant,region}'));
CREATE INDEX request_by_departement ON request (departement);

-- migrate:down
