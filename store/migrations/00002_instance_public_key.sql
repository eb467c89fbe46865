-- The public key chosen at launch, in authorized_keys form: the first boot needs it, and
-- the key pair may be deleted before, or another one made with its name.

-- +goose Up
ALTER TABLE instances ADD COLUMN public_key TEXT NOT NULL DEFAULT '';
