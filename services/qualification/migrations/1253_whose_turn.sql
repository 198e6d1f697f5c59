-- Why: a département's queue is read in its order, whose turn it is and what is late first, not sorted out of all cases.

-- migrate:up
ALTER TABLE case_file
    ADD COLUMN turn smallint NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN state IN ('registered', 'under_examination', 'proposed') THEN 1
            WHEN state = 'escalated' AND question IS NOT NULL THEN 1
            WHEN state IN ('awaiting_information', 'oriented_locally', 'escalated') THEN 2
            ELSE 3
        END
    ) STORED,
    ADD COLUMN late_after date GENERATED ALWAYS AS (
        CASE
            WHEN state IN ('registered', 'under_examination', 'proposed') THEN due_on
            WHEN state = 'escalated' THEN make_date(
                substr(question ->> 'until', 1, 4)::integer,
                substr(question ->> 'until', 6, 2)::integer,
                substr(question ->> 'until', 9, 2)::integer
            )
        END
    ) STORED;
COMMENT ON COLUMN case_file.turn IS 'Whose turn it is by the state: 1 the département''s, 2 somebody else''s, 3 nobody''s';
COMMENT ON COLUMN case_file.late_after IS 'The last day on which the département''s turn is not late';
CREATE INDEX case_file_in_turn ON case_file (departement, turn, urgency DESC NULLS LAST, due_on, opened_at, request_id)
    INCLUDE (state, late_after, answer_until, assignee_email)
    WHERE turn < 3;

-- migrate:down
