-- Why: means come from a directory and from framework contracts with ceilings; orders are delivered and paid; a project has
-- its financing plan.

-- migrate:up
CREATE TABLE operator (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('central_administration', 'state_operator')),
    offer text NOT NULL,
    fields text[] NOT NULL DEFAULT '{}',
    contact text,
    email text,
    phone text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    CONSTRAINT operator_once UNIQUE (name)
);
COMMENT ON TABLE operator IS 'The directory of administrations and State operators that can be mobilised; none is deleted, some are set aside';

CREATE TABLE contract (
    id uuid PRIMARY KEY,
    reference text NOT NULL CHECK (reference <> ''),
    subject text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (ends_on >= starts_on),
    CONSTRAINT contract_once UNIQUE (reference)
);
COMMENT ON TABLE contract IS 'Framework contracts of the agency; orders are placed on their lots';

CREATE TABLE lot (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contract,
    number integer NOT NULL CHECK (number >= 1),
    title text NOT NULL CHECK (title <> ''),
    holder text NOT NULL CHECK (holder <> ''),
    email text,
    ceiling_cents bigint NOT NULL CHECK (ceiling_cents > 0),
    committed_cents bigint NOT NULL DEFAULT 0 CHECK (committed_cents >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT lot_never_above_its_ceiling CHECK (committed_cents <= ceiling_cents),
    CONSTRAINT lot_once_a_contract UNIQUE (contract_id, number)
);

CREATE TABLE unit_price (
    id uuid PRIMARY KEY,
    lot_id uuid NOT NULL REFERENCES lot,
    label text NOT NULL CHECK (label <> ''),
    unit text NOT NULL CHECK (unit <> ''),
    price_cents bigint NOT NULL CHECK (price_cents > 0),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE unit_price IS 'A price of a lot; it never changes: it is withdrawn, and another one takes its place';
CREATE INDEX unit_price_of_lot ON unit_price (lot_id, created_at);

CREATE TABLE order_counter (
    year integer PRIMARY KEY,
    last integer NOT NULL CHECK (last >= 1)
);
COMMENT ON TABLE order_counter IS 'The last number of an order in a year; its row is locked, so that no number is lost or doubled';

ALTER TABLE mobilisation
    ADD COLUMN operator_id uuid REFERENCES operator,
    ADD COLUMN lot_id uuid REFERENCES lot,
    ADD COLUMN lines jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN delivered_cents bigint NOT NULL DEFAULT 0 CHECK (delivered_cents >= 0),
    ADD COLUMN paid_cents bigint NOT NULL DEFAULT 0 CHECK (paid_cents >= 0),
    ADD COLUMN committed_cents bigint GENERATED ALWAYS AS (
        CASE WHEN state = 'declined' THEN 0 WHEN state = 'delivered' THEN delivered_cents ELSE amount_cents END
    ) STORED;
UPDATE mobilisation SET delivered_cents = amount_cents WHERE state = 'delivered';
ALTER TABLE mobilisation
    ADD CONSTRAINT mobilisation_delivers_what_was_ordered CHECK (delivered_cents <= amount_cents),
    ADD CONSTRAINT mobilisation_pays_what_was_delivered CHECK (paid_cents <= delivered_cents);
COMMENT ON COLUMN mobilisation.committed_cents IS 'What it takes from its envelope and its lot: what was not delivered in the end comes back';
COMMENT ON COLUMN mobilisation.lines IS 'What was ordered at unit prices: label, unit, quantity, price_cents, as they were on that day';
CREATE INDEX mobilisation_of_envelope ON mobilisation (envelope_id, proposed_at);
CREATE INDEX mobilisation_of_lot ON mobilisation (lot_id, proposed_at);

CREATE TABLE order_entry (
    id uuid PRIMARY KEY,
    mobilisation_id uuid NOT NULL REFERENCES mobilisation,
    kind text NOT NULL CHECK (kind IN ('delivery', 'payment')),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    dated date NOT NULL,
    reference text,
    recorded_at timestamptz NOT NULL,
    by jsonb NOT NULL
);
COMMENT ON TABLE order_entry IS 'What was delivered of an order, and what was paid for it; never changed';
CREATE INDEX order_entry_of_mobilisation ON order_entry (mobilisation_id, recorded_at);

CREATE TABLE financing (
    request_id uuid PRIMARY KEY REFERENCES escalation,
    total_cents bigint NOT NULL CHECK (total_cents > 0),
    shares jsonb NOT NULL,
    set_at timestamptz NOT NULL,
    set_by jsonb NOT NULL
);
COMMENT ON TABLE financing IS 'Who pays what of a project: shares of financer, kind, amount_cents, which add up to the total';

-- migrate:down
