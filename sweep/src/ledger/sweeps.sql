CREATE TABLE IF NOT EXISTS fieldseal_sweeps (
    name TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    frontier TEXT,
    until_key TEXT,
    handed BIGINT NOT NULL,
    exhausted BIGINT NOT NULL,
    total BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    started BIGINT NOT NULL,
    ended BIGINT
);
