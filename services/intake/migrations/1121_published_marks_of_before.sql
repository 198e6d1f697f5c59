-- The marks of the evaluations that were published before: none could be corrected.

-- migrate:up
UPDATE published_evaluation AS published
SET need_met = evaluation.need_met, progress = evaluation.progress, satisfaction = evaluation.satisfaction
FROM evaluation
WHERE evaluation.id = published.evaluation_id
    AND published.need_met IS NULL;

-- migrate:down
