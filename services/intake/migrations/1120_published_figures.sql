-- Why: public figures are published as snapshots at a stated rhythm, so that the difference of two moments tells no small group.

-- migrate:up
CREATE TABLE published_figures (
    period timestamptz PRIMARY KEY,
    figures json NOT NULL
);
COMMENT ON TABLE published_figures IS 'Snapshots of the public figures; pages show the latest, and a new one is compared with those before';
COMMENT ON COLUMN published_figures.period IS 'When the month, week or day began for which the snapshot was taken';

CREATE TABLE published_amount (
    request_id uuid NOT NULL REFERENCES request,
    team text NOT NULL CHECK (team IN ('departement', 'national')),
    cents bigint NOT NULL,
    PRIMARY KEY (request_id, team)
);
COMMENT ON TABLE published_amount IS 'What the published sums hold of each request; several applicants enter or change together';

CREATE TABLE published_evaluation (
    evaluation_id uuid PRIMARY KEY REFERENCES evaluation
);
COMMENT ON TABLE published_evaluation IS 'The opinions that the published means hold; those of several applicants enter together';

-- migrate:down
