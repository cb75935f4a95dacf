-- +goose Up
-- SQLite has no row-level security: the store itself refuses statements on tenants' rows that do not say whose. This keeps the numbers of both
-- databases' schemas together.
SELECT 1;

-- +goose Down
SELECT 1;
