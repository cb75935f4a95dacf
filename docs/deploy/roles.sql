-- The application's role: it reads and writes rows, and owns nothing. Runs as the owner of the database when that is first made.
-- Give it the password of your .env:  ALTER ROLE symphainy PASSWORD '…';
CREATE ROLE symphainy LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT CONNECT ON DATABASE symphainy TO symphainy;
GRANT USAGE ON SCHEMA public TO symphainy;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO symphainy;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO symphainy;
