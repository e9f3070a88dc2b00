CREATE TABLE IF NOT EXISTS fieldseal_leases (
    sweep TEXT NOT NULL,
    number BIGINT NOT NULL,
    after_key TEXT,
    until_key TEXT,
    owner TEXT NOT NULL,
    expires BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (sweep, number)
);
