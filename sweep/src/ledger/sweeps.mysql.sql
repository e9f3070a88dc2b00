CREATE TABLE IF NOT EXISTS fieldseal_sweeps (
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    job TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    frontier LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    until_key LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    handed BIGINT NOT NULL,
    exhausted BIGINT NOT NULL,
    total BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    started BIGINT NOT NULL,
    ended BIGINT
) ENGINE = InnoDB;
