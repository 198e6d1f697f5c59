-- What a reserve holds back until it is lifted.

-- migrate:up
ALTER TABLE decision ADD COLUMN reserve_blocks text;
ALTER TABLE decision ADD CONSTRAINT decision_reserve_blocks CHECK (
    reserve_blocks IN ('mobilisation', 'accompaniment', 'payment')
) NOT VALID;
COMMENT ON COLUMN decision.reserve_blocks IS
    'What the reserve holds back until it is lifted; null where it was not said: the mobilisation, and all that follows';

-- migrate:down
