-- What was asked for, of every account and Region. Times are microseconds since 1970 in
-- UTC, 0 for none; durations are milliseconds; addresses and prefixes are text.
--
-- A reference from one resource to another is checked at the end of the transaction, so
-- that a command may write in any order. What is only a part of a resource goes with it.
-- The scope belongs to every reference, so that none leads into another account.

-- +goose Up
CREATE TABLE accounts (
    id TEXT PRIMARY KEY CHECK (id <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE regions (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL CHECK (name <> ''),
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE vpcs (
    id         TEXT PRIMARY KEY CHECK (id <> ''),
    account_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    cidr       TEXT NOT NULL,
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    UNIQUE (account_id, region, id),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT;
CREATE UNIQUE INDEX vpcs_default ON vpcs (account_id, region) WHERE is_default = 1;

CREATE TABLE subnets (
    id                TEXT PRIMARY KEY CHECK (id <> ''),
    account_id        TEXT NOT NULL,
    region            TEXT NOT NULL,
    vpc_id            TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    cidr              TEXT NOT NULL,
    default_for_az    INTEGER NOT NULL CHECK (default_for_az IN (0, 1)),
    UNIQUE (account_id, region, id),
    UNIQUE (vpc_id, cidr),
    FOREIGN KEY (account_id, region, vpc_id) REFERENCES vpcs (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE security_groups (
    id          TEXT PRIMARY KEY CHECK (id <> ''),
    account_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    vpc_id      TEXT NOT NULL,
    name        TEXT NOT NULL COLLATE NOCASE,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (account_id, region, id),
    UNIQUE (account_id, region, vpc_id, name),
    FOREIGN KEY (account_id, region, vpc_id) REFERENCES vpcs (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE security_group_rules (
    id           TEXT PRIMARY KEY CHECK (id <> ''),
    account_id   TEXT NOT NULL,
    region       TEXT NOT NULL,
    group_id     TEXT NOT NULL,
    position     INTEGER NOT NULL,
    direction    TEXT NOT NULL CHECK (direction IN ('ingress', 'egress')),
    protocol     TEXT NOT NULL,
    from_port    INTEGER NOT NULL,
    to_port      INTEGER NOT NULL,
    prefix       TEXT,
    source_group TEXT,
    description  TEXT NOT NULL,
    UNIQUE (account_id, region, group_id, position),
    CHECK ((prefix IS NULL) <> (source_group IS NULL)),
    FOREIGN KEY (account_id, region, group_id) REFERENCES security_groups (account_id, region, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, region, source_group) REFERENCES security_groups (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX security_group_rules_by_source ON security_group_rules (account_id, region, source_group) WHERE source_group IS NOT NULL;

-- The image and the key pair of an instance may be gone while it lives on: no reference.
CREATE TABLE instances (
    id                      TEXT PRIMARY KEY CHECK (id <> ''),
    account_id              TEXT NOT NULL,
    region                  TEXT NOT NULL,
    reservation_id          TEXT NOT NULL,
    launch_index            INTEGER NOT NULL,
    image_id                TEXT NOT NULL,
    type                    TEXT NOT NULL,
    key_name                TEXT NOT NULL,
    availability_zone       TEXT NOT NULL,
    auto_public_ip          INTEGER NOT NULL CHECK (auto_public_ip IN (0, 1)),
    user_data               BLOB NOT NULL,
    disable_api_termination INTEGER NOT NULL CHECK (disable_api_termination IN (0, 1)),
    shutdown_behavior       TEXT NOT NULL,
    goal                    TEXT NOT NULL CHECK (goal IN ('run', 'stop', 'terminate')),
    boots                   INTEGER NOT NULL,
    state_reason_code       TEXT NOT NULL,
    state_reason_message    TEXT NOT NULL,
    state_transition_reason TEXT NOT NULL,
    launch_time             INTEGER NOT NULL,
    terminated_at           INTEGER NOT NULL,
    root_volume_id          TEXT NOT NULL,
    UNIQUE (account_id, region, id),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT;

CREATE TABLE snapshots (
    id          TEXT PRIMARY KEY CHECK (id <> ''),
    account_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    volume_id   TEXT NOT NULL,
    description TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'completed', 'error')),
    size_gib    INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    UNIQUE (account_id, region, id),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT;

-- An image's name is unique among those of one owner: the account, or the alias that
-- base images carry. An image without a base has a snapshot.
CREATE TABLE images (
    id                 TEXT PRIMARY KEY CHECK (id <> ''),
    account_id         TEXT NOT NULL,
    region             TEXT NOT NULL,
    name               TEXT NOT NULL,
    description        TEXT NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('pending', 'available', 'failed')),
    state_reason       TEXT NOT NULL,
    source_instance_id TEXT NOT NULL,
    snapshot_id        TEXT,
    owner_alias        TEXT NOT NULL,
    base               TEXT NOT NULL,
    no_reboot          INTEGER NOT NULL CHECK (no_reboot IN (0, 1)),
    created_at         INTEGER NOT NULL,
    UNIQUE (account_id, region, id),
    UNIQUE (account_id, region, owner_alias, name),
    CHECK (base <> '' OR snapshot_id IS NOT NULL),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name),
    FOREIGN KEY (account_id, region, snapshot_id) REFERENCES snapshots (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX images_by_snapshot ON images (account_id, region, snapshot_id) WHERE snapshot_id IS NOT NULL;

CREATE TABLE key_pairs (
    id          TEXT PRIMARY KEY CHECK (id <> ''),
    account_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    public_key  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (account_id, region, name),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT;

CREATE TABLE load_balancers (
    account_id                 TEXT NOT NULL,
    region                     TEXT NOT NULL,
    name                       TEXT NOT NULL CHECK (name <> ''),
    dns_name                   TEXT NOT NULL COLLATE NOCASE UNIQUE,
    hosted_zone_id             TEXT NOT NULL,
    vpc_id                     TEXT NOT NULL,
    scheme                     TEXT NOT NULL CHECK (scheme IN ('internet-facing', 'internal')),
    check_protocol             TEXT NOT NULL,
    check_port                 INTEGER NOT NULL,
    check_path                 TEXT NOT NULL,
    check_timeout              INTEGER NOT NULL,
    check_interval             INTEGER NOT NULL,
    check_unhealthy_threshold  INTEGER NOT NULL,
    check_healthy_threshold    INTEGER NOT NULL,
    cross_zone                 INTEGER NOT NULL CHECK (cross_zone IN (0, 1)),
    connection_draining        INTEGER NOT NULL CHECK (connection_draining IN (0, 1)),
    draining_timeout           INTEGER NOT NULL,
    idle_timeout               INTEGER NOT NULL,
    created_at                 INTEGER NOT NULL,
    UNIQUE (account_id, region, name),
    FOREIGN KEY (account_id, region, vpc_id) REFERENCES vpcs (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE load_balancer_groups (
    account_id    TEXT NOT NULL,
    region        TEXT NOT NULL,
    load_balancer TEXT NOT NULL,
    position      INTEGER NOT NULL,
    group_id      TEXT NOT NULL,
    PRIMARY KEY (account_id, region, load_balancer, position),
    UNIQUE (account_id, region, load_balancer, group_id),
    FOREIGN KEY (account_id, region, load_balancer) REFERENCES load_balancers (account_id, region, name) ON DELETE CASCADE,
    FOREIGN KEY (account_id, region, group_id) REFERENCES security_groups (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX load_balancer_groups_by_group ON load_balancer_groups (account_id, region, group_id);

CREATE TABLE listeners (
    account_id         TEXT NOT NULL,
    region             TEXT NOT NULL,
    load_balancer      TEXT NOT NULL,
    position           INTEGER NOT NULL,
    protocol           TEXT NOT NULL,
    load_balancer_port INTEGER NOT NULL,
    instance_protocol  TEXT NOT NULL,
    instance_port      INTEGER NOT NULL,
    PRIMARY KEY (account_id, region, load_balancer, position),
    UNIQUE (account_id, region, load_balancer, load_balancer_port),
    FOREIGN KEY (account_id, region, load_balancer) REFERENCES load_balancers (account_id, region, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE registrations (
    position      INTEGER PRIMARY KEY, -- counts up: the order of registration
    id            TEXT NOT NULL UNIQUE CHECK (id <> ''),
    account_id    TEXT NOT NULL,
    region        TEXT NOT NULL,
    load_balancer TEXT NOT NULL,
    instance_id   TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    UNIQUE (account_id, region, load_balancer, instance_id),
    FOREIGN KEY (account_id, region, load_balancer) REFERENCES load_balancers (account_id, region, name) ON DELETE CASCADE,
    FOREIGN KEY (account_id, region, instance_id) REFERENCES instances (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX registrations_by_instance ON registrations (account_id, region, instance_id);

-- An interface belongs to an instance or to a load balancer. Its addresses are unique
-- over all accounts, since there is one wire.
CREATE TABLE interfaces (
    id                TEXT PRIMARY KEY CHECK (id <> ''),
    account_id        TEXT NOT NULL,
    region            TEXT NOT NULL,
    instance_id       TEXT,
    load_balancer     TEXT,
    position          INTEGER NOT NULL,
    vpc_id            TEXT NOT NULL,
    subnet_id         TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    private_ip        TEXT NOT NULL UNIQUE,
    public_ip         TEXT UNIQUE,
    description       TEXT NOT NULL,
    UNIQUE (account_id, region, id),
    UNIQUE (account_id, region, instance_id),
    UNIQUE (account_id, region, load_balancer, position),
    CHECK ((instance_id IS NULL) <> (load_balancer IS NULL)),
    FOREIGN KEY (account_id, region, instance_id) REFERENCES instances (account_id, region, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, region, load_balancer) REFERENCES load_balancers (account_id, region, name) ON DELETE CASCADE,
    FOREIGN KEY (account_id, region, vpc_id) REFERENCES vpcs (account_id, region, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (account_id, region, subnet_id) REFERENCES subnets (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE interface_groups (
    account_id   TEXT NOT NULL,
    region       TEXT NOT NULL,
    interface_id TEXT NOT NULL,
    position     INTEGER NOT NULL,
    group_id     TEXT NOT NULL,
    PRIMARY KEY (account_id, region, interface_id, position),
    UNIQUE (account_id, region, interface_id, group_id),
    FOREIGN KEY (account_id, region, interface_id) REFERENCES interfaces (account_id, region, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, region, group_id) REFERENCES security_groups (account_id, region, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX interface_groups_by_group ON interface_groups (account_id, region, group_id);

-- The tags of everything. resource_id is a load balancer's name, and an id elsewhere.
CREATE TABLE tags (
    account_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('instance', 'image', 'snapshot', 'security-group', 'key-pair', 'load-balancer')),
    resource_id TEXT NOT NULL,
    key         TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (account_id, region, kind, resource_id, key),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT, WITHOUT ROWID;

-- Public names that answer no more. A name is unique over all accounts, as its address is.
CREATE TABLE retired_names (
    name       TEXT PRIMARY KEY CHECK (name <> ''),
    account_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    resource   TEXT NOT NULL,
    why        TEXT NOT NULL,
    at         INTEGER NOT NULL,
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE activities (
    position   INTEGER PRIMARY KEY, -- counts up: the order of the history, whatever the clock did
    id         TEXT NOT NULL UNIQUE CHECK (id <> ''),
    account_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    source     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    resource   TEXT NOT NULL,
    result     TEXT NOT NULL,
    message    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT;
CREATE INDEX activities_by_scope ON activities (account_id, region, position);

CREATE TABLE settings (
    account_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    key        TEXT NOT NULL CHECK (key <> ''),
    value      TEXT NOT NULL,
    PRIMARY KEY (account_id, region, key),
    FOREIGN KEY (account_id, region) REFERENCES regions (account_id, name)
) STRICT, WITHOUT ROWID;
