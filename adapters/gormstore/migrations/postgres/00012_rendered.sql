-- +goose Up
-- What the sweep of cached renderings asks for: artifacts of some types that still have renderings, oldest first.
CREATE INDEX artifacts_rendered ON artifacts (type, created_at, id) WHERE renderings IS NOT NULL;

-- +goose Down
DROP INDEX artifacts_rendered;
