CREATE TABLE IF NOT EXISTS fieldseal_leases (
    sweep VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    number BIGINT NOT NULL,
    after_key LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    until_key LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    owner VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (sweep, number)
) ENGINE = InnoDB;
