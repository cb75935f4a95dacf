package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
)

// appRole is a role as the service uses one: it owns nothing, is no superuser and is held by row-level security.
const appRole = "pgtest_app"

// GrantApp lets the role of AppDSN use all that is in a database now. It is for the end of the function that prepares a template.
func GrantApp(dsn string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return errors.New("the DSN cannot be read")
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	// Roles belong to the server, which several test processes share: one makes it, and all give it the same password.
	_, err = conn.Exec(ctx, `DO $$ BEGIN
			PERFORM pg_advisory_xact_lock(hashtext('`+appRole+`'));
			IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = '`+appRole+`') THEN
				CREATE ROLE `+appRole+` LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
			END IF;
		END $$;
		GRANT USAGE ON SCHEMA public TO `+appRole+`;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO `+appRole+`;
		GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO `+appRole)
	if err != nil {
		return fmt.Errorf("make the application's role: %w", err)
	}
	// The password is that of the DSN, which is as secret as the whole server.
	var statement string
	if err := conn.QueryRow(ctx, "SELECT format('ALTER ROLE "+appRole+" PASSWORD %L', $1::text)", cfg.Password).Scan(&statement); err != nil {
		return fmt.Errorf("quote a password: %w", err)
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		return errors.New("set the password of the application's role")
	}
	return nil
}

// AppDSN gives the URL of the same database for the application's role.
func AppDSN(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("the DSN cannot be read")
	}
	password, _ := u.User.Password()
	u.User = url.UserPassword(appRole, password)
	return u.String(), nil
}
